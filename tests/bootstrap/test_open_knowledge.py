"""What an opened knowledge base was given to search with, it gives back."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.api.conftest import running
from tests.flows.conftest import Workshop
from tests.gateway.writers import Writer, route, writer

from plimsoll.bootstrap._knowledge import OpenKnowledge, RouteWritesNothingError
from plimsoll.flows.tune import TrialParts
from plimsoll.flows.tune._figures import Question
from plimsoll.flows.tune._trial import Bench, Trial
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import UnavailableError
from plimsoll.project import load_project
from plimsoll.retrieval import Index
from plimsoll.retrieval.search import Aids, RetrieverSettings, Scope

KNOWLEDGE = "sources: [{path: documents}]\nchunk: {size: 400, overlap: 40}\n"


@pytest.fixture
def held() -> Iterator[Writer]:
    with writer() as server:
        yield server


class ClosedIndex:
    """Counts how often it is closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def contents(workshop: Workshop) -> tuple[Json, Json]:
    platform = workshop.open()
    draft = platform.releases.working_draft("harbour")
    index, knowledge = (platform.registry.content(draft.artifacts[f"{kind}:texts"]) for kind in ("index", "knowledge"))
    return index, knowledge


def test_everything_is_closed_once_even_where_something_cannot_be() -> None:
    closed: list[str] = []

    async def client() -> None:
        closed.append("client")

    async def reranker() -> None:
        closed.append("reranker")
        raise RuntimeError("it hangs")

    index = ClosedIndex()
    opened = OpenKnowledge(
        cast("Index", index), cast("Any", None), RetrieverSettings(), aids=Aids(), closing=[client, reranker]
    )
    with pytest.raises(RuntimeError, match="it hangs"):
        asyncio.run(opened.close())
    assert (closed, index.closed) == (["reranker", "client"], 1)


async def reads(request: Request) -> JSONResponse:
    texts = (await request.json())["documents"]
    return JSONResponse({"results": [{"index": place, "relevance_score": 0.5} for place, _ in enumerate(texts)]})


def test_the_connections_of_a_reranker_are_closed_with_the_index(workshop: Workshop) -> None:
    workshop.build()
    index, knowledge = contents(workshop)
    asked = cast("dict[str, Any]", knowledge)

    async def search(url: str) -> tuple[str, ...]:
        reranker = {"model": "vllm/reader", "base_url": url, "timeout_s": 20}
        search = {**asked["search"], "reranker": reranker}
        searcher = workshop.open().serve_parts().open_index(index, {**asked, "search": search})
        assert isinstance(searcher, OpenKnowledge)
        notes = (await searcher.retrieve("How many days of paid leave?", Scope())).notes
        await searcher.close()
        await searcher.close()
        with pytest.raises(UnavailableError):
            await searcher.aids.reranker.scores("How?", ["So."])  # type: ignore[union-attr]  # it has one
        return notes

    with running(Starlette(routes=[Route("/v1/rerank", reads, methods=["POST"])])) as url:
        assert asyncio.run(search(url)) == (), "it was read again"


def test_a_trial_asks_the_route_that_the_project_names(workshop: Workshop, held: Writer) -> None:
    workshop.write("knowledge/texts.yaml", KNOWLEDGE + "search: {mode: text, variants: 2, variants_by: helper}\n")
    workshop.write("routes/helper.yaml", route(held))
    project = load_project(workshop.root)
    platform = workshop.open()
    parts = TrialParts(platform.build_parts(lambda *_: None), platform.serve_parts().open_index, platform.blobs.size)
    question = Question("1", "Urlaub?", frozenset({"policies/leave.md"}))
    with Trial("texts", project, project.knowledge["texts"], Bench(parts)) as trial:
        first = trial.ask([question], Scope())
        again = trial.ask([question], Scope())
    assert held.asked_variants == ["Urlaub?"]
    assert first == again
    assert first[0].ndcg > 0, "only another wording finds it"


def test_a_route_that_makes_vectors_is_refused(workshop: Workshop) -> None:
    workshop.build()
    index, knowledge = contents(workshop)
    asked = cast("dict[str, Any]", knowledge)
    workshop.write("routes/vectors.yaml", "model: builtin/static\nembeds: true\n")
    content = load_project(workshop.root).routes["vectors"].content()
    search = {**asked["search"], "variants": 1, "variants_by": "vectors"}
    with pytest.raises(RouteWritesNothingError, match="vectors makes vectors"):
        workshop.open().serve_parts().open_index(index, {**asked, "search": search}, content)
