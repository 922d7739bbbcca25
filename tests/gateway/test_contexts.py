"""Contexts of chunks that a route of the project writes: built, found by, kept, and never asked for unasked."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.flows.conftest import Workshop
from tests.gateway.port import Yard
from tests.gateway.writers import Writer, route, writer

from plimsoll.flows.ask import ask
from plimsoll.flows.build import build
from plimsoll.flows.build._contexts import ContextUnwrittenError
from plimsoll.flows.build.one import look
from plimsoll.flows.tune._space import applied
from plimsoll.flows.tune._types import Settings
from plimsoll.project import ProjectInvalidError, load_project

CHUNK = "{size: 200, overlap: 20, context: model, context_by: helper}"
KNOWLEDGE = f"sources: [{{path: documents}}]\nchunk: {CHUNK}\nsearch: {{mode: text}}\n"
CLAUSES = "\n\n".join(f"Clause {number}. The tenant keeps door {number} of the shed clean." for number in range(12))
FILES = {
    "prompts/answer.yaml": "system: Answer from the passages.\n",
    "knowledge/papers.yaml": KNOWLEDGE,
    "endpoints/ask.yaml": "kind: rag\nprompt: answer\nknowledge: papers\nroute: default\n",
    "documents/crane.md": "# Crane\n\nThe crane lifts forty tonnes.\n",
    "documents/lease.md": f"# Lease\n\n{CLAUSES}\n",
}


@pytest.fixture
def held() -> Iterator[Writer]:
    with writer() as server:
        server.context = lambda asked: "Of Zanzibar." if "crane" in asked else "Of the shed."
        yield server


@pytest.fixture
def yard(tmp_path: Path, held: Writer) -> Iterator[Workshop]:
    files = {**FILES, "routes/default.yaml": route(held), "routes/helper.yaml": route(held, timeout_s="20")}
    made = Yard(tmp_path / "harbour", files, {})
    yield made
    made.close()


def found(yard: Workshop, question: str) -> set[str]:
    parts = yard.open().serve_parts()
    answer = asyncio.run(ask("harbour", question, endpoint=None, environment=None, parts=parts))
    return {passage.document for passage in answer.started.passages}


def test_what_the_model_wrote_is_searched_with_the_chunk(yard: Workshop, held: Writer) -> None:
    report = yard.build()
    assert report.stages["context"].done == len(held.asked_contexts) > 3
    assert {body["max_tokens"] for body in held.heard} == {300}
    assert found(yard, "Zanzibar?") == {"crane.md"}
    assert yard.build().same_draft


def test_a_later_build_asks_only_about_what_is_new(yard: Workshop, held: Writer) -> None:
    yard.build()
    first = len(held.asked_contexts)
    yard.build()
    assert len(held.asked_contexts) == first
    yard.write("documents/crane.md", "# Crane\n\nThe crane lifts ninety tonnes.\n")
    yard.build()
    assert len(held.asked_contexts) == first + 1
    yard.write("routes/helper.yaml", route(held, timeout_s="21"))
    seen = look("papers", load_project(yard.root), yard.open().build_parts(lambda *_: None))
    yard.build()
    assert len(held.asked_contexts) == 2 * first + 1, "another version of the route is asked about everything"
    yard.write("routes/helper.yaml", route(held, timeout_s="22"))
    assert look("papers", load_project(yard.root), yard.open().build_parts(lambda *_: None)).digest != seen.digest


def test_a_build_that_broke_off_goes_on_where_it_was(yard: Workshop, held: Writer) -> None:
    held.status, held.left = 401, 3
    told: list[tuple[str, int, int]] = []
    with pytest.raises(
        ContextUnwrittenError, match=r"route helper wrote no context for chunk \d+ of \w+\.md, on page 1"
    ):
        build(load_project(yard.root), yard.open().build_parts(lambda *one: told.append(one)))
    assert ("context", 3) in {one[:2] for one in told}
    held.status, held.left = 200, None
    before = len(held.asked_contexts)
    report = yard.build()
    assert report.stages["context"].cached == 3
    assert report.stages["context"].done == len(held.asked_contexts) - before
    assert found(yard, "Zanzibar?") == {"crane.md"}


@pytest.mark.parametrize(
    ("chunk", "said"),
    [
        ("{context: model}", "no route is named that writes contexts"),
        ("{context: auto, context_by: helper}", "is for `context: model`"),
        ("{context: model, context_by: nobody}", "there is no route"),
        ("{context: model, context_by: vectors}", "makes vectors, and cannot write the contexts of chunks"),
        ("{context: model, context_by: reader}", "quotes passages"),
    ],
)
def test_what_cannot_write_contexts_is_told_before_anything_is_done(yard: Workshop, chunk: str, said: str) -> None:
    yard.write("routes/vectors.yaml", "model: openai/text-embedding-3-small\nembeds: true\n")
    yard.write("routes/reader.yaml", "model: builtin/reader\n")
    yard.write("knowledge/papers.yaml", f"sources: [{{path: documents}}]\nchunk: {chunk}\n")
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(yard.root)
    (mistake,) = caught.value.mistakes
    assert said in mistake.what
    assert mistake.line == 2


def test_trials_of_tuning_ask_no_model_about_chunks(yard: Workshop) -> None:
    definition = load_project(yard.root).knowledge["papers"]
    for kind in ("recursive", "structure"):
        settings: Settings = {"chunk.kind": kind, "chunk.size": 400, "chunk.overlap": 0, "chunk.context": "headings"}
        chunk = applied(definition, settings).chunk
        assert (chunk.context, chunk.context_by) == ("headings", None)
    assert applied(definition, {"search.mode": "vector"}).chunk == definition.chunk
