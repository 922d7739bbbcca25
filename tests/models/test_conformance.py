"""The shipped suite, on every provider that Plimsoll has."""

from collections.abc import Callable

import pytest
from tests.models.closing import ClosingModel

from plimsoll.models import ChatModel, ChatRequest, Message, Passage
from plimsoll.models.catalogue import RouteSettings, make_chat_model, make_embedder
from plimsoll.testing.models import KEY, ChatModelContract, Provider, ProviderConformance
from plimsoll.testing.models.wires import AnthropicWire, BedrockWire, GoogleWire, OpenAIWire


def at(model: str, path: str = "") -> Callable[[str], ChatModel]:
    def make(url: str) -> ChatModel:
        return ClosingModel(RouteSettings(model, base_url=f"{url}{path}", api_key=KEY, timeout_s=20.0))

    return make


class TestOpenAI(ProviderConformance):
    @pytest.fixture(params=["openai/gpt-4.1-mini", "openai_compatible/m"])
    def provider(self, request: pytest.FixtureRequest) -> Provider:
        return Provider(OpenAIWire(), at(request.param, "/v1"))


class TestAnthropic(ProviderConformance):
    @pytest.fixture(params=["claude-sonnet-4-5", "claude-3-7-sonnet-20250219"])
    def provider(self, request: pytest.FixtureRequest) -> Provider:
        return Provider(AnthropicWire(), at(f"anthropic/{request.param}", "/v1"), frozenset({"choices"}))


class TestGoogle(ProviderConformance):
    @pytest.fixture
    def provider(self) -> Provider:
        return Provider(GoogleWire(), at("google/gemini-2.5-flash", "/v1beta"), frozenset({"cache_writes"}))


class TestBedrock(ProviderConformance):
    @pytest.fixture(params=["eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-pro-v1:0"])
    def provider(self, request: pytest.FixtureRequest) -> Provider:
        cannot = frozenset({"choices", "image_url", "reasoning_count"})
        return Provider(BedrockWire(), at(f"bedrock/{request.param}"), cannot)


class TestReader(ChatModelContract):
    @pytest.fixture
    def model(self) -> ChatModel:
        return make_chat_model(RouteSettings("builtin/reader"), embedder=make_embedder("builtin/static"))

    @pytest.fixture
    def question(self, passage: Callable[..., Passage]) -> ChatRequest:
        read = passage("The liability cap is 5,000 euros. It was agreed in 2021.")
        return ChatRequest.of([Message("user", "What is the liability cap?")], passages=(read,))
