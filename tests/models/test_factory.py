import asyncio

import pytest

from plimsoll.kernel.errors import InvalidError
from plimsoll.models.catalogue import (
    RouteSettings,
    check_model_name,
    default_key_reference,
    make_chat_model,
    make_embedder,
    make_embedding_model,
)


@pytest.mark.parametrize(
    "model",
    [
        "builtin/reader",
        "openai/gpt-4.1-mini",
        "ollama/llama3:8b",
        "vllm/org/model",
        "llamacpp/x",
        "openai_compatible/m",
        "azure/deployment",
        "anthropic/claude-sonnet-4-5",
        "google/gemini-2.5-flash",
        "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "groq/m",
        "mistral/m",
        "together/org/m",
        "deepseek/m",
        "openrouter/org/m",
        "fireworks/m",
        "xai/m",
    ],
)
def test_names_that_are_fine(model: str) -> None:
    assert check_model_name(model) is None
    settings = RouteSettings(model=model, base_url="https://models.example/v1", api_key="k-1")
    chat = make_chat_model(settings, embedder=make_embedder("builtin/static"))
    assert chat.name == model
    asyncio.run(chat.close())


@pytest.mark.parametrize(
    ("model", "right"),
    [
        ("gpt-4", "builtin/reader"),
        ("builtin/writer", "builtin/reader"),
        ("openai/", "openai/my-model"),
        ("ollama/two words", "ollama/my-model"),
        ("", "builtin/reader"),
    ],
)
def test_names_that_are_not(model: str, right: str) -> None:
    sentence = check_model_name(model)
    assert sentence is not None
    assert right in sentence
    with pytest.raises(InvalidError):
        make_chat_model(RouteSettings(model=model), embedder=make_embedder("builtin/static"))


@pytest.mark.parametrize(
    "url",
    [
        None,
        "ftp://x/v1",
        "x",
        "http://",
        "http://user:pw@host/v1",
        "http://h/v1?key=1",
        "http://h:99999/",
        "http://[::",
    ],
)
def test_addresses_that_cannot_be_used(url: str | None) -> None:
    settings = RouteSettings(model="openai_compatible/m", base_url=url)
    with pytest.raises(InvalidError) as caught:
        make_chat_model(settings, embedder=make_embedder("builtin/static"))
    assert "pw" not in caught.value.message


def test_a_key_is_never_shown_and_must_be_sendable() -> None:
    settings = RouteSettings(model="openai/gpt-4.1", api_key="sk-abc\r\nX-Evil: 1")
    assert "sk-abc" not in repr(settings)
    with pytest.raises(InvalidError) as caught:
        make_chat_model(settings, embedder=make_embedder("builtin/static"))
    assert "sk-abc" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("price", [(1.0, None), (None, 1.0), (-1.0, 1.0), (1.0, float("nan"))])
def test_half_a_price_is_none(price: tuple[float | None, float | None]) -> None:
    settings = RouteSettings(model="vllm/m", input_usd_per_million=price[0], output_usd_per_million=price[1])
    with pytest.raises(InvalidError, match="price"):
        make_chat_model(settings, embedder=make_embedder("builtin/static"))


def test_key_references() -> None:
    assert default_key_reference("openai/gpt-4.1") == "OPENAI_API_KEY"
    assert default_key_reference("ollama/x") is None
    assert default_key_reference("builtin/reader") is None


def test_models_for_vectors() -> None:
    embedder = make_embedder("builtin/static")
    assert make_embedding_model(RouteSettings("builtin/static"), embedder=embedder).name == "builtin/static"
    model = make_embedding_model(RouteSettings("openai/text-embedding-3-small", api_key="k"), embedder=embedder)
    assert model.name == "openai/text-embedding-3-small"
    for name in ("builtin/reader", "anthropic/claude-sonnet-4-5"):
        with pytest.raises(InvalidError, match="makes no vectors"):
            make_embedding_model(RouteSettings(name), embedder=embedder)
    with pytest.raises(InvalidError, match="no answers"):
        make_chat_model(RouteSettings("builtin/static"), embedder=embedder)


def test_bedrock_is_where_its_region_is() -> None:
    embedder = make_embedder("builtin/static")
    for options, host in (({}, "us-east-1"), ({"region": "eu-central-1"}, "eu-central-1")):
        settings = RouteSettings("bedrock/amazon.nova-pro-v1:0", options=options)
        model = make_chat_model(settings, embedder=embedder)
        assert f"bedrock-runtime.{host}." in model._endpoint.base_url  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", ["", "a b", "a\r\nX: y", "a/b", "a@b", "é"])
def test_options_that_cannot_be_sent(value: str) -> None:
    settings = RouteSettings("azure/m", base_url="https://x.example", options={"api_version": value})
    with pytest.raises(InvalidError, match="api_version"):
        make_chat_model(settings, embedder=make_embedder("builtin/static"))
