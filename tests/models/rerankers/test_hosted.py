"""Rerankers behind a server: what is sent in each dialect, and every way in which it can go wrong."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.hostile import json_values

from plimsoll.http import Client
from plimsoll.kernel.errors import DeniedError, IntegrityError, InvalidError, PlimsollError, UnavailableError
from plimsoll.models.catalogue import check_reranker_name, make_reranker, reranker_key_reference
from plimsoll.models.providers.openai._reading import NonsenseError
from plimsoll.models.rerankers import RerankerSettings
from plimsoll.models.rerankers._dialects import read_scores
from plimsoll.models.rerankers._types import checked

KEY = "k-very-secret"
TEXTS = ["a", "b", "c"]


def ranked(*scores: float, name: str = "relevance_score", around: str | None = "results") -> bytes:
    """Best first, as servers answer."""
    rows = [{"index": place, name: score} for place, score in enumerate(scores)]
    rows.sort(key=lambda row: -float(row[name]))
    return json.dumps({around: rows} if around else rows).encode()


@pytest.fixture
def ask(serving: Any) -> Callable[..., tuple[list[float], Any]]:
    """The scores of some texts from a server that plays these scripts, and the server."""

    def run(*scripts: Any, model: str = "cohere/m", texts: Any = TEXTS, timeout_s: float = 10.0) -> Any:
        async def story() -> Any:
            async with serving(*scripts) as server:
                client = Client()
                url = server.url.removesuffix("/v1")
                settings = RerankerSettings(model, base_url=url, api_key=KEY, timeout_s=timeout_s)
                reranker = make_reranker(settings, client=client)
                assert reranker.name == model
                try:
                    return await reranker.scores("q?", texts), server
                finally:
                    await reranker.close()
                    await client.close()

        return asyncio.run(story())

    return run


@pytest.mark.parametrize(
    ("model", "path", "body", "answer"),
    [
        (
            "cohere/m",
            "/v2/rerank",
            {"model": "m", "query": "q?", "documents": TEXTS, "top_n": 3},
            ranked(0.1, 0.9, 0.5),
        ),
        (
            "jina/m",
            "/v1/rerank",
            {"model": "m", "query": "q?", "documents": TEXTS, "top_n": 3, "return_documents": False},
            ranked(0.1, 0.9, 0.5),
        ),
        (
            "voyage/m",
            "/v1/rerank",
            {"model": "m", "query": "q?", "documents": TEXTS, "top_k": 3},
            ranked(0.1, 0.9, 0.5, around="data"),
        ),
        (
            "tei/m",
            "/rerank",
            {"query": "q?", "texts": TEXTS, "truncate": True},
            ranked(0.1, 0.9, 0.5, name="score", around=None),
        ),
    ],
)
def test_dialects(ask: Any, status: Any, model: str, path: str, body: Any, answer: bytes) -> None:
    found, server = ask([status(200, answer)], model=model)
    assert found == [0.1, 0.9, 0.5]
    assert server.bodies == [body]
    assert server.heads[0].startswith(f"POST {path} ")
    assert f"authorization: bearer {KEY}" in server.heads[0].lower()


def test_batches_are_as_large_as_the_server_takes(ask: Any, status: Any) -> None:
    texts = [str(number) for number in range(64)]
    answer = ranked(*range(32), name="score", around=None)
    found, server = ask(*[[status(200, answer)]] * 2, model="tei/m", texts=texts)
    assert found == [*range(32), *range(32)]
    assert sorted(body["texts"] for body in server.bodies) == sorted([texts[:32], texts[32:]])
    assert ask(model="tei/m", texts=[])[0] == []


def test_a_busy_server_is_asked_again_when_it_says(ask: Any, status: Any) -> None:
    busy = status(429, b'{"message": "slow down"}', "Retry-After: 0")
    found, server = ask([busy], [status(503)], [status(200, ranked(1, 2, 3))])
    assert (found, len(server.bodies)) == ([1, 2, 3], 3)


def test_a_long_wait_is_not_waited(ask: Any, status: Any) -> None:
    with pytest.raises(UnavailableError) as caught:
        ask([status(429, b"", "Retry-After: 60")])
    assert caught.value.retry_after_s == 60


@pytest.mark.parametrize(
    ("script", "family"),
    [
        (lambda status: [status(401, f'{{"message": "bad key {KEY}"}}'.encode())], DeniedError),
        (lambda status: [status(400, b'{"message": "no such thing"}')], InvalidError),
        (lambda status: [status(302, b"", "Location: http://127.0.0.1:1/")], InvalidError),
        (lambda status: [status(200, b"{}")], UnavailableError),
        (lambda status: [status(200, b'{"results": [{"index": 0, "relevance_score": 1}]}')], UnavailableError),
        (lambda status: [status(200, ranked(1, 2, 3, name="points"))], UnavailableError),
        (lambda status: [status(200, b"\xff" * 99)], UnavailableError),
        (lambda _: ["reset"], UnavailableError),
        (lambda _: [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "reset"], UnavailableError),
    ],
)
def test_faults(ask: Any, status: Any, script: Any, family: type[PlimsollError]) -> None:
    with pytest.raises(family) as caught:
        ask(*[script(status)] * 3)
    assert KEY not in f"{caught.value} {caught.value.hint} {caught.value!r}"


def test_silence_ends_with_the_time_for_a_question(ask: Any) -> None:
    with pytest.raises(UnavailableError, match="in time"):
        ask(*[["hang"]] * 3, timeout_s=0.2)


def test_text_that_cannot_be_sent_is_told(ask: Any) -> None:
    with pytest.raises(InvalidError, match="JSON"):
        ask(texts=["\ud800"])


@given(json_values, st.integers(0, 4))
def test_any_answer_is_scores_or_nonsense(value: Any, count: int) -> None:
    for around in (value, {"results": value}, {"data": value}, [value] * count):
        try:
            found = read_scores(json.dumps(around).encode(), count)
        except NonsenseError:
            continue
        assert len(found) == count


def test_scores_that_are_none_are_stopped() -> None:
    for scores in ([1.0, 2.0], [1.0, 2.0, float("nan")]):
        with pytest.raises(IntegrityError):
            checked("r", TEXTS, scores)


@pytest.mark.parametrize("name", ["builtin/late-interaction", "onnx:x", "st:./x", "st:a/b", "tei/x", "vllm/x"])
def test_names_of_rerankers(name: str) -> None:
    assert check_reranker_name(name) is None


@pytest.mark.parametrize("name", ["", "builtin/other", "onnx:", "st:a", "tei/", "cohere/a b", "openai/x"])
def test_other_names_are_told_what_would_be_right(name: str) -> None:
    assert check_reranker_name(name)
    with pytest.raises(InvalidError):
        make_reranker(RerankerSettings(name))


def test_addresses_and_keys_are_checked() -> None:
    for wrong in ({"base_url": "ftp://x"}, {"base_url": "http://u:p@x"}, {"api_key": "a\nb"}):
        with pytest.raises(InvalidError):
            make_reranker(RerankerSettings("tei/x", **wrong))  # type: ignore[arg-type]  # one of several fields
    assert reranker_key_reference("cohere/x") == "COHERE_API_KEY"
    assert reranker_key_reference("tei/x") is None
    assert reranker_key_reference("onnx:x") is None


def test_settings_come_from_a_project_file_and_show_no_key() -> None:
    content = {"model": "cohere/x", "timeout_s": 3.0, "embedder": "builtin/static", "candidates": 50, "base_url": None}
    settings = RerankerSettings.of(content, api_key=KEY)
    assert (settings.model, settings.timeout_s, settings.embedder.model) == ("cohere/x", 3.0, "builtin/static")
    assert settings.api_key == KEY
    assert KEY not in repr(settings)


def test_fingerprints_name_the_model() -> None:
    prints = {
        make_reranker(RerankerSettings(name, revision=revision)).fingerprint
        for name, revision in (("tei/a", ""), ("tei/b", ""), ("tei/a", "2"))
    }
    assert len(prints) == 3
