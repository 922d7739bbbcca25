"""One trial: settings are built, opened and asked, through the functions that build and search."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from statistics import median
from types import TracebackType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Digest, Json
from plimsoll.models import Embedder
from plimsoll.project import KnowledgeDefinition, Project
from plimsoll.retrieval import Snapshot
from plimsoll.retrieval.search import Scope

from ..build import BuildParts
from ..build.one import build_unpublished
from ..serve.parts import OpenIndex
from ._errors import SearchedWithoutError
from ._figures import DEPTH, Question, Scores, figures, score
from ._types import Measured, Settings

_MS = 1000
_PROBES = 32
"""Texts that are embedded to know how long it takes."""


@dataclass(frozen=True, slots=True)
class TrialParts:
    """What trying settings needs from outside."""

    build: BuildParts
    open_index: OpenIndex
    segment_bytes: Callable[[Digest], int]
    """How large a stored segment is."""
    seconds: Callable[[], float] = time.perf_counter


class EmbeddingClock:
    """Measures what embedding takes."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._spent_s = 0.0
        self._texts = 0

    @property
    def per_text_s(self) -> float:
        """Seconds for one text; 0 where there was none."""
        return self._spent_s / self._texts if self._texts else 0.0

    def around(self, embedder: Embedder) -> Embedder:
        """The embedder, with a look at the clock before and after."""
        return _Timed(embedder, self)

    def embed(self, embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed, and note how long it took."""
        started = self._seconds()
        vectors = embedder.embed(texts)
        self._spent_s += self._seconds() - started
        self._texts += len(texts)
        return vectors


@dataclass(frozen=True, slots=True)
class Bench:
    """What the trials of one run share."""

    parts: TrialParts
    clocks: dict[str, EmbeddingClock] = field(default_factory=dict)
    """One for each embedder, so that many trials say how fast it is."""

    def clock(self, embedder: Embedder) -> EmbeddingClock:
        """The clock of an embedder."""
        return self.clocks.setdefault(embedder.fingerprint, EmbeddingClock(self.parts.seconds))


class Trial(AbstractContextManager["Trial"]):
    """Settings that were built and can be asked."""

    def __init__(self, name: str, project: Project, definition: KnowledgeDefinition, bench: Bench) -> None:
        parts = bench.parts
        self._parts = parts
        self._bench = bench
        self._clock = EmbeddingClock(parts.seconds)
        self._embedder: Embedder | None = None
        self._found: list[str] = []
        tried = replace(project, knowledge={**project.knowledge, name: definition})
        built = build_unpublished(name, tried, replace(parts.build, make_embedder=self._timed))
        self._snapshot = Snapshot.from_json(built.index)
        self._searcher = parts.open_index(built.index, _to_measure(built.settings), *_variants_by(definition, project))
        self._runner = asyncio.Runner()
        self._scores: dict[str, Scores] = {}
        self._latencies_ms: list[float] = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._runner:
            self._runner.run(self._searcher.close())

    def ask(self, questions: Sequence[Question], scope: Scope) -> list[Scores]:
        """The figures of some questions; each is asked once.

        Raises SearchedWithoutError, and what searching raises.
        """
        # In one loop, because connections belong to it.
        self._runner.run(self._ask([one for one in questions if one.id not in self._scores], scope))
        return [self._scores[one.id] for one in questions]

    def measured(self, settings: Settings, questions: Sequence[Question], number: int) -> Measured:
        """What the questions that were asked say."""
        scores = [self._scores[one.id] for one in questions]
        chunks = sum(segment.chunks for segment in self._snapshot.segments)
        return Measured(
            settings=dict(settings),
            figures=figures(scores),
            scores=tuple(one.ndcg for one in scores),
            p50_ms=median(self._latencies_ms),
            index_bytes=sum(self._parts.segment_bytes(segment.digest) for segment in self._snapshot.segments),
            chunks=chunks,
            embedding_s=chunks * self._per_text_s(),
            number=number,
        )

    def _per_text_s(self) -> float:
        """Seconds to embed one text; where every vector was known, as measured on some of the texts that were found."""
        if not self._clock.per_text_s and self._embedder is not None and self._found:
            self._clock.embed(self._embedder, self._found)
        return self._clock.per_text_s

    async def _ask(self, questions: Sequence[Question], scope: Scope) -> None:
        # One after the other: what is measured is how long a single search takes.
        for question in questions:
            started = self._parts.seconds()
            found = await self._searcher.retrieve(question.text, scope)
            if found.notes:
                raise SearchedWithoutError(found.notes[0])
            self._latencies_ms.append((self._parts.seconds() - started) * _MS)
            self._scores[question.id] = score(question, [hit.passage for hit in found.hits])
            self._found += [hit.passage.text for hit in found.hits][: _PROBES - len(self._found)]

    def _timed(self, content: Any) -> Embedder:
        self._embedder = self._parts.build.make_embedder(content)
        self._clock = self._bench.clock(self._embedder)
        return self._clock.around(self._embedder)


class _Timed:
    """An embedder that is looked at."""

    def __init__(self, embedder: Embedder, clock: EmbeddingClock) -> None:
        self._embedder = embedder
        self._clock = clock
        self.name = embedder.name
        self.fingerprint = embedder.fingerprint
        self.dimension = embedder.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._clock.embed(self._embedder, texts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)


def _variants_by(definition: KnowledgeDefinition, project: Project) -> tuple[Json, ...]:
    """The content of the route that puts questions in other words, as the project has it now."""
    by = definition.search.variants_by
    return (project.routes[by].content(),) if by is not None and definition.search.variants else ()


def _to_measure(settings: Json) -> Json:
    """As deep as the figures look, and with nothing left out for want of relevance."""
    content = cast("dict[str, Any]", settings)
    search: Mapping[str, Any] = content["search"]
    return {**content, "search": {**search, "top_k": DEPTH, "least_relevance": 0.0, "focus": 0.0}}
