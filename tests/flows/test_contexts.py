"""Contexts that a model writes while an index is built: asked once, kept at once, and what happens when it fails."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.flows.scripted import ScriptedModel

from plimsoll.documents import Document, Page, encode_document
from plimsoll.flows.build._chunking import Chunking
from plimsoll.flows.build._contexts import ContextUnwrittenError, ContextWriter, Cut
from plimsoll.flows.build.loading import LoadedDocument
from plimsoll.kernel.errors import DeniedError, UnavailableError
from plimsoll.models import ChatEnd, ChatModel, ChatRequest, Chunks, Usage, text_piece
from plimsoll.pipelines import CachedStage, StageCache
from plimsoll.retrieval.chunkers import ChunkSettings, ModelContextualizer, chunk_document
from plimsoll.storage import Database
from plimsoll.storage.migrations.cache import CACHE

Said = Callable[[str], str]


@dataclass
class Clerk:
    """Writes contexts, notes what it was asked, and how many questions it had at the same time."""

    said: Said = lambda _: "In the lease."
    finish: str = "stop"
    asked: list[str] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    now: int = 0
    most: int = 0

    async def script(self, request: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        question = request.messages[0].content
        self.asked.append(question)
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(5):
            await asyncio.sleep(0)
        self.now -= 1
        yield text_piece(self.said(question))
        yield ChatEnd(Usage(10, 2, 0.5), finish_reason=self.finish)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ChatModel]:
        self.opened += 1
        yield ScriptedModel(self.script)
        self.closed += 1


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[StageCache]:
    database = Database(tmp_path / "cache.db", CACHE)
    yield StageCache(database)
    database.close()


def writer(cache: StageCache, clerk: Clerk, version: str = "sha256:1", **more: object) -> ContextWriter:
    stage = CachedStage("context", cache)
    return ContextWriter("helper", ModelContextualizer(version), clerk.open, stage, **more)  # type: ignore[arg-type]


def document(number: int) -> Document:
    text = "\n\n".join(f"Clause {clause} of lease {number} has its own words." for clause in range(12))
    return Document(f"lease {number}", text, "text/plain", (Page(1, 0, len(text)),))


def cut(number: int) -> Cut:
    return Cut(f"leases/{number}.txt", document(number), chunk_document(document(number), ChunkSettings(100, 0)))


CUT = [cut(number) for number in range(3)]
CHUNKS = sum(len(each.chunks) for each in CUT)


def test_every_chunk_is_asked_about_once_and_answers_stand_in_order(cache: StageCache) -> None:
    clerk = Clerk(lambda question: question[question.index("<chunk>") :][:30])
    told: list[tuple[int, int]] = []
    with writer(cache, clerk, on_done=lambda done, seen: told.append((done, seen))) as asking:
        contexts = asking.written(CUT)
        again = asking.written(CUT[:1])
    assert [len(each) for each in contexts] == [len(each.chunks) for each in CUT]
    for each, said in zip(CUT, contexts, strict=True):
        for chunk, context in zip(each.chunks, said, strict=True):
            assert context == f"<chunk> {chunk.text[:22]}".strip()
    assert again == contexts[:1]
    assert len(clerk.asked) == CHUNKS
    assert told[-1] == (CHUNKS + len(CUT[0].chunks),) * 2
    assert (clerk.opened, clerk.closed) == (1, 1)
    assert (asking.usage.input_tokens, asking.usage.cost_usd) == (10 * CHUNKS, 0.5 * CHUNKS)


def test_chunks_of_several_documents_are_asked_about_at_the_same_time(cache: StageCache) -> None:
    clerk = Clerk()
    alone = [Cut(each.path, each.document, each.chunks[:1]) for each in CUT]
    with writer(cache, clerk) as asking:
        asking.written(alone)
    assert clerk.most == len(alone)


def test_what_was_written_is_never_asked_again_but_of_another_version(cache: StageCache) -> None:
    first, second, third = Clerk(), Clerk(), Clerk()
    with writer(cache, first) as asking:
        written = asking.written(CUT)
    with writer(cache, second) as asking:
        assert asking.written(CUT) == written
    assert (second.asked, second.opened) == ([], 0)
    with writer(cache, third, "sha256:2") as asking:
        asking.written(CUT)
    assert len(third.asked) == CHUNKS


def test_an_error_names_document_and_reason_and_what_was_written_is_kept(cache: StageCache) -> None:
    def refuses(question: str) -> str:
        if "Clause 6 of lease 1" in question[question.index("<chunk>") :]:
            raise DeniedError("the key was refused")
        return "Fine."

    clerk, after = Clerk(refuses), Clerk()
    with (
        pytest.raises(ContextUnwrittenError, match=r"route helper.*leases/1\.txt.*the key was refused") as caught,
        writer(cache, clerk) as asking,
    ):
        asking.written(CUT)
    assert isinstance(caught.value.__cause__, DeniedError)
    assert caught.value.path == "leases/1.txt"
    assert clerk.closed == 1
    with writer(cache, after) as asking:
        asking.written(CUT)
    refused = sum("Clause 6 of lease 1" in question[question.index("<chunk>") :] for question in clerk.asked)
    assert 0 < len(after.asked) == CHUNKS - (len(clerk.asked) - refused)


def test_a_busy_server_is_waited_for_as_long_as_it_says(cache: StageCache) -> None:
    waits: list[float] = []

    async def sleep(wait_s: float) -> None:
        waits.append(wait_s)

    def busy(_: str) -> str:
        if len(waits) < 5:
            raise UnavailableError("too many calls", retry_after_s=7.0 if len(waits) else 900.0)
        return "At last."

    with writer(cache, Clerk(busy), sleep=sleep) as asking:
        assert asking.written([Cut("a.txt", CUT[0].document, CUT[0].chunks[:1])]) == [["At last."]]
    assert waits == [60.0, 7.0, 7.0, 7.0, 7.0]


def test_a_server_that_is_gone_is_asked_three_times(cache: StageCache) -> None:
    waits: list[float] = []

    async def sleep(wait_s: float) -> None:
        waits.append(wait_s)

    def gone(_: str) -> str:
        raise UnavailableError("nobody there")

    clerk = Clerk(gone)
    with pytest.raises(ContextUnwrittenError, match="nobody there"), writer(cache, clerk, sleep=sleep) as asking:
        asking.written([Cut("a.txt", CUT[0].document, CUT[0].chunks[:1])])
    assert (len(clerk.asked), waits) == (3, [0.5, 1.0])


def test_a_model_that_ran_out_of_tokens_before_its_first_word_is_no_empty_context(cache: StageCache) -> None:
    with (
        pytest.raises(ContextUnwrittenError, match="before it said anything"),
        writer(cache, Clerk(lambda _: " ", "length")) as asking,
    ):
        asking.written(CUT)
    with writer(cache, Clerk(lambda _: " ")) as asking:
        assert set(asking.written(CUT)[0]) == {""}, "a model may have nothing to say"


def test_chunks_are_told_what_was_written(cache: StageCache) -> None:
    load = CachedStage("load", cache)
    load.remember({f"{number}": encode_document(document(number)) for number in range(3)})
    loaded = [LoadedDocument(f"{number}.txt", f"sha256:{number}", f"{number}") for number in range(3)]
    clerk = Clerk(lambda question: f"About {question[question.index('lease ') :][:7]}")
    with writer(cache, clerk) as asking:
        stage = Chunking(ChunkSettings(100, 0), load, CachedStage("chunk", cache), writer=asking)
        indexed = stage.through(loaded)
        assert stage.through(loaded) == indexed
        plain = Chunking(ChunkSettings(100, 0), load, CachedStage("chunk", cache))
        assert plain.fingerprint != stage.fingerprint
    assert {chunk.context for each in indexed for chunk in each.chunks} == {
        f"About lease {number}" for number in range(3)
    }
    assert all("About" in text for each in indexed for text in each.embedding_texts())
    assert stage.stage.count.done == 3
