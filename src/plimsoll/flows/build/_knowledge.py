"""One knowledge base: what its sources hold, loaded, cut, embedded and indexed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from plimsoll.documents import LoadSettings
from plimsoll.kernel.digest import digest_json
from plimsoll.kernel.errors import InvalidError
from plimsoll.models.catalogue import is_remote_embedder
from plimsoll.pipelines import StageCount
from plimsoll.project import KnowledgeDefinition, Project
from plimsoll.retrieval.chunkers import ModelContextualizer

from ._contexts import ContextWriter
from ._embedding import Pace
from ._index import IndexBuilder, cached_stage
from ._types import BuildParts, DocumentOutcome, KnowledgeBuilt
from .loading import (
    FoundFile,
    Loading,
    find_files,
    load_documents,
    open_sources,
    settle_near_duplicates,
)

_log = logging.getLogger("plimsoll.build")
_BATCHES_OF_A_SERVER = 4


class NothingIndexedError(InvalidError):
    """No document of a knowledge base could be indexed."""

    code = "nothing_indexed"

    def __init__(self, name: str, outcomes: tuple[DocumentOutcome, ...]) -> None:
        first = next((f": {outcome.path}: {outcome.reason}" for outcome in outcomes if outcome.reason), "")
        super().__init__(
            f"knowledge/{name}.yaml has no document that could be indexed ({len(outcomes)} files found){first}",
            hint="put documents into the folders of its `sources`, or correct their paths",
        )


def build_knowledge(name: str, project: Project, parts: BuildParts, stages: dict[str, StageCount]) -> KnowledgeBuilt:
    """The snapshot of a knowledge base, and what became of each document; nothing is published.

    Counts its work in `stages`. Raises NothingIndexedError, InvalidError for an engine that cannot be used,
    ContextUnwrittenError, and what loading and embedding raise.
    """
    knowledge = project.knowledge[name]
    parts.require_engine(knowledge.index.engine)
    settings = load_settings(knowledge)
    files, left_out = find_documents(project.root, knowledge, settings, parts)
    loading = Loading(
        settings=settings,
        stage=cached_stage("load", parts.cache, stages),
        failures=cached_stage("load failures", parts.cache, stages),
        remarks=parts.cache,
        workers=parts.workers,
        on_done=progress(parts, "load"),
    )
    loaded, failed = load_documents(files, loading)
    kept, near = settle_near_duplicates(loaded, knowledge.load.near_duplicates)
    indexed = [
        DocumentOutcome(document.path, "indexed", notes=document.notes, digest=document.digest) for document in kept
    ]
    outcomes = tuple(sorted([*indexed, *left_out, *failed, *near], key=lambda outcome: outcome.path))
    if not kept:
        raise NothingIndexedError(name, outcomes)
    with _context_writer(name, project, parts, stages) as writer:
        builder = IndexBuilder(
            parts=parts,
            embedder=parts.make_embedder(knowledge.embed.settings()),
            chunks=knowledge.chunk.settings(),
            stages=stages,
            on_done=progress(parts, "index"),
            pace=Pace(batches=_batches(knowledge)),
            writer=writer,
        )
        return KnowledgeBuilt(name, builder.build(kept), outcomes)


@contextmanager
def _context_writer(
    name: str, project: Project, parts: BuildParts, stages: dict[str, StageCount]
) -> Iterator[ContextWriter | None]:
    """What asks the route that `chunk.context_by` names; None where no model writes contexts."""
    by = project.knowledge[name].chunk.context_by
    if by is None:
        yield None
        return
    content = project.routes[by].content()
    with ContextWriter(
        route=by,
        writer=ModelContextualizer(digest_json(content)),
        open_model=partial(parts.open_route, by, content),
        stage=cached_stage("context", parts.cache, stages),
        on_done=progress(parts, "context"),
    ) as writer:
        try:
            yield writer
        finally:
            used = writer.usage
            if used.input_tokens:
                cost = "an unknown price" if used.cost_usd is None else f"{used.cost_usd:.4f} US dollars"
                said = f"{used.input_tokens:,} tokens in and {used.output_tokens:,} out, {cost}"
                _log.info("contexts of knowledge %s by the route %s: %s", name, by, said)


def find_documents(
    root: Path, knowledge: KnowledgeDefinition, settings: LoadSettings, parts: BuildParts
) -> tuple[list[FoundFile], list[DocumentOutcome]]:
    """Every file of its sources with its digest, and those that are left out. Raises what reading a source raises."""
    sources = open_sources(root, knowledge, cache=parts.cache, resolve=parts.resolve)
    return find_files(sources, settings, progress(parts, "scan"))


def load_settings(knowledge: KnowledgeDefinition) -> LoadSettings:
    """How its documents are loaded."""
    return LoadSettings(
        ocr=knowledge.load.ocr,
        ocr_languages=tuple(knowledge.load.ocr_languages),
        max_file_mb=knowledge.load.max_file_mb,
        max_pages=knowledge.load.max_pages,
    )


def progress(parts: BuildParts, stage: str) -> Callable[[int, int], None]:
    """Tells how much of a stage is done."""
    return partial(parts.on_progress, stage)


def _batches(knowledge: KnowledgeDefinition) -> int:
    """How many batches are embedded at the same time."""
    if not is_remote_embedder(knowledge.embed.model):
        return 1
    return knowledge.embed.concurrency or _BATCHES_OF_A_SERVER
