"""Embedders behind a server: limits, patience, and vectors that are made fit for an index."""

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.errors import DeniedError, PlimsollError, UnavailableError
from plimsoll.models import Body, Embeddings, Usage
from plimsoll.models._errors import ProviderBusyError, ProviderDeniedError, ProviderUnavailableError
from plimsoll.models.catalogue import make_embedder
from plimsoll.models.embedders import EmbedderSettings, GuardedEmbedder, RemoteSettings, VectorsWrongError, embed_query
from plimsoll.models.embedders._rate import RateLimit
from plimsoll.models.embedders._remote import RemoteEmbedder, Waiting


class Scripted:
    """A model that answers what a test scripts, then with the lengths of the texts."""

    name = "vllm/e"

    def __init__(self, *script: PlimsollError | list[list[float]]) -> None:
        self._script = list(script)
        self.asked: list[list[str]] = []
        self.parameters: list[Body] = []
        self.closed = False

    async def embed_texts(self, inputs: Sequence[str] | Sequence[Sequence[int]], parameters: Body) -> Embeddings:
        texts = [text for text in inputs if isinstance(text, str)]
        self.asked.append(texts)
        self.parameters.append(parameters)
        step = self._script.pop(0) if self._script else [[float(len(text)), 1.0] for text in texts]
        if isinstance(step, PlimsollError):
            raise step
        return Embeddings(tuple(step), Usage(10 * len(texts), 0, cost_usd=0.5))

    async def close(self) -> None:
        self.closed = True


class Time:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def waiting(self) -> Waiting:
        return Waiting(clock=lambda: self.now, sleep=self.sleep, random=lambda: 1.0)


def remote(model: Scripted, time: Time, **limits: Any) -> RemoteEmbedder:
    shape = {name: limits.pop(name) for name in ("query_prompt", "passage_prompt", "dimensions") if name in limits}
    settings = EmbedderSettings("vllm/e", remote=RemoteSettings(**limits), **shape)
    return RemoteEmbedder(model, settings, count_tokens=lambda text: len(text.split()), waiting=time.waiting())


@pytest.fixture
def with_model() -> Any:
    made: list[RemoteEmbedder] = []

    def make(*script: Any, **limits: Any) -> tuple[RemoteEmbedder, Scripted, Time]:
        model, time = Scripted(*script), Time()
        made.append(remote(model, time, **{"dimensions": 2, **limits}))
        return made[-1], model, time

    yield make
    for embedder in made:
        embedder.close()


def test_vectors_are_scaled_and_blank_texts_are_not_sent(with_model: Any) -> None:
    embedder, model, _ = with_model()
    vectors = embedder.embed(["abc", " ", "a"])
    assert vectors == pytest.approx(np.array([[3, 1], [0, 0], [1, 1]]) / np.array([[10**0.5], [1], [2**0.5]]))
    assert vectors.dtype == np.float32
    assert model.asked == [["abc", "a"]]
    assert model.parameters == [{"dimensions": 2}]
    assert embedder.embed([]).shape == (0, 2)


def test_the_dimension_is_asked_once(with_model: Any) -> None:
    embedder, model, _ = with_model(dimensions=None)
    assert (embedder.dimension, embedder.dimension) == (2, 2)
    assert model.asked == [["dimension"]]
    assert model.parameters == [{}]


def test_questions_and_passages_have_their_own_prompts(with_model: Any) -> None:
    embedder, model, _ = with_model(query_prompt="query: ", passage_prompt="passage: ")
    embedder.embed(["lease"])
    embed_query(embedder, "rent?")
    assert model.asked == [["passage: lease"], ["query: rent?"]]


def test_many_texts_go_in_several_calls(with_model: Any) -> None:
    embedder, model, _ = with_model()
    texts = ["a"] * 300 + ["b" * 150_000] * 2
    assert embedder.embed(texts).shape == (302, 2)
    assert [len(batch) for batch in model.asked] == [128, 128, 45, 1]
    assert [text for batch in model.asked for text in batch] == texts


def test_a_busy_server_is_waited_for_as_it_says(with_model: Any) -> None:
    busy = ProviderBusyError("vllm/e", "slow down", retry_after_s=7.0)
    embedder, model, time = with_model(*[busy] * 6, requests_per_minute=60)
    embedder.embed(["lease"])
    assert len(model.asked) == 7
    assert time.now >= 100 + 6 * 7


def test_patience_ends(with_model: Any) -> None:
    embedder, model, time = with_model(*[ProviderBusyError("vllm/e", "", retry_after_s=30.0)] * 99, patience_s=100)
    with pytest.raises(UnavailableError):
        embedder.embed(["lease"])
    assert (len(model.asked), time.slept) == (4, [30.0] * 3)


def test_a_failing_server_is_asked_a_few_times_and_longer_apart(with_model: Any) -> None:
    embedder, model, time = with_model(*[ProviderUnavailableError("vllm/e", "gone")] * 9)
    with pytest.raises(UnavailableError):
        embedder.embed(["lease"])
    assert (len(model.asked), time.slept) == (5, [0.5, 1.0, 2.0, 4.0])


def test_what_answers_cost_is_summed(with_model: Any) -> None:
    embedder, _, _ = with_model(ProviderUnavailableError("vllm/e", "gone"))
    embedder.embed(["a"] * 130)
    assert (embedder.usage.input_tokens, embedder.usage.cost_usd) == (1300, 1.0)


def test_a_refused_key_is_not_tried_again(with_model: Any) -> None:
    embedder, model, time = with_model(ProviderDeniedError("vllm/e", 401, "no"))
    with pytest.raises(DeniedError):
        embedder.embed(["lease"])
    assert (len(model.asked), time.slept) == (1, [])


def test_requests_and_tokens_a_minute_are_kept(with_model: Any) -> None:
    embedder, _, time = with_model(requests_per_minute=30)
    for _ in range(4):
        embedder.embed(["lease"])
    assert time.slept == pytest.approx([2.0] * 3)
    embedder, _, time = with_model(tokens_per_minute=60)
    for _ in range(3):
        embedder.embed(["a b c d e"])
    assert time.slept == pytest.approx([5.0] * 2)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 40)), max_size=30), st.floats(1, 1000))
def test_no_minute_has_more_than_its_amount_beside_the_last(steps: list[tuple[float, float]], limit: float) -> None:
    rate, now, sent = RateLimit(limit), 0.0, list[tuple[float, float]]()
    for pause_s, amount in steps:
        now += pause_s
        sent.append((now + rate.book(amount, now), amount))
    for last, (start, _) in enumerate(sent):
        within = sum(each for moment, each in sent[:last] if moment > start - 60)
        assert within <= limit * (1 + 1e-9) + max((each for _, each in sent[:last]), default=0)


def test_no_limit_waits_for_nothing() -> None:
    assert RateLimit(None).book(1e9, 5.0) == RateLimit(None).book(1e9, 5.0) == 0


@pytest.mark.parametrize("answer", [[[1.0, 2.0, 3.0]], [[0.0, 0.0]]])
def test_wrong_vectors_never_come_out(with_model: Any, answer: Any) -> None:
    embedder, _, _ = with_model(answer)
    with pytest.raises(VectorsWrongError):
        GuardedEmbedder(embedder).embed(["lease"])


def test_several_threads_may_ask(with_model: Any) -> None:
    embedder, model, _ = with_model()
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(embedder.embed(["abc"]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(model.asked) == 8


def test_an_event_loop_may_ask_from_a_thread(with_model: Any) -> None:
    embedder, _, _ = with_model()

    async def story() -> Any:
        return await asyncio.to_thread(embedder.embed, ["abc"])

    assert asyncio.run(story()).shape == (1, 2)


def test_closing_ends_the_thread_and_the_model() -> None:
    model = Scripted()
    embedder = remote(model, Time(), dimensions=2)
    embedder.embed(["a"])
    assert [thread for thread in threading.enumerate() if thread.name == "embedder"]
    embedder.close()
    assert model.closed
    assert not [thread for thread in threading.enumerate() if thread.name == "embedder"]


@pytest.mark.parametrize("change", [{"revision": "2"}, {"dimensions": 3}, {"query_prompt": "q"}, {"model": "vllm/f"}])
def test_a_fingerprint_names_what_shapes_a_vector(change: Any) -> None:
    def fingerprint(**given: Any) -> str:
        settings = EmbedderSettings(**{"model": "vllm/e", **given})
        return RemoteEmbedder(Scripted(), settings, count_tokens=len).fingerprint

    assert fingerprint(**change) != fingerprint() == fingerprint(remote=RemoteSettings(requests_per_minute=5))


def test_over_the_wire(serving: Any, status: Callable[..., bytes]) -> None:
    answer = {"data": [{"index": 0, "embedding": [3, 4]}, {"index": 1, "embedding": [0, 2]}]}
    key = "k-secret"

    async def story() -> Any:
        busy = status(429, b'{"error": "slow"}', "Retry-After: 0")
        async with serving([busy], [status(200, json.dumps(answer).encode())]) as server:
            settings = EmbedderSettings(
                "openai/e", dimensions=2, remote=RemoteSettings(base_url=server.url, api_key=key)
            )
            embedder = make_embedder(settings)
            try:
                return await asyncio.to_thread(embedder.embed, ["a", "b"]), server
            finally:
                assert isinstance(embedder, GuardedEmbedder)
                await asyncio.to_thread(embedder.close)

    vectors, server = asyncio.run(story())
    assert vectors == pytest.approx(np.array([[0.6, 0.8], [0, 1]]))
    assert [body["input"] for body in server.bodies] == [["a", "b"]] * 2
    assert key not in repr(EmbedderSettings("openai/e", remote=RemoteSettings(api_key=key)))
