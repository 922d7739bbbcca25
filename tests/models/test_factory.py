import asyncio
import socket

import pytest

from plimsoll.kernel.errors import InvalidError
from plimsoll.models import RouteSettings, check_model_name, default_key_reference, make_chat_model, make_embedder
from plimsoll.models._prices import Price, Tokens


@pytest.mark.parametrize(
    "model",
    [
        "builtin/reader",
        "openai/gpt-4.1-mini",
        "ollama/llama3:8b",
        "vllm/org/model",
        "llamacpp/x",
        "openai_compatible/m",
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


def test_the_routes_price_goes_before_the_list() -> None:
    own = Price(input_usd_per_million=2.0, output_usd_per_million=8.0, listed_as="gpt-4o-mini")
    assert own.cost_usd(Tokens(input=1_000_000, output=500_000)) == pytest.approx(6.0)
    free = Price(input_usd_per_million=0.0, output_usd_per_million=0.0)
    assert free.cost_usd(Tokens(input=5, output=5)) == 0.0


def test_list_prices_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    listed = Price(listed_as="gpt-4o-mini")
    plain = listed.cost_usd(Tokens(input=1_000_000, output=0))
    cached = listed.cost_usd(Tokens(input=1_000_000, output=0, cached=1_000_000))
    assert plain is not None
    assert cached is not None
    assert 0 < cached < plain
    assert Price(listed_as="no-such-model-anywhere").cost_usd(Tokens(input=1, output=1)) is None
    assert Price().cost_usd(Tokens(input=1, output=1)) is None
