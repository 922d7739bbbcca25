"""The whole build: documents to indexes, files to versions, versions to a draft; published in one transaction."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from plimsoll.documents import LoadSettings
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import IntegrityError, InvalidError
from plimsoll.pipelines import StageCount
from plimsoll.project import KnowledgeDefinition, Project
from plimsoll.registry import Kind
from plimsoll.releases import Manifest, NothingBuiltError

from ._documents import Loading, Source, find_files, load_documents
from ._guardrails import try_guardrails
from ._index import IndexBuilder, cached_stage
from ._models import try_models
from ._types import BuildParts, BuildReport, DocumentOutcome, KnowledgeBuilt
from ._versions import effective_knowledge, knowledge_versions, settings_versions

_SHAPES_ANSWERS: tuple[Kind, ...] = (
    "prompt",
    "source",
    "knowledge",
    "index",
    "guardrail",
    "route",
    "model",
    "endpoint",
)


class NothingIndexedError(InvalidError):
    """No document of a knowledge base could be indexed."""

    code = "nothing_indexed"

    def __init__(self, name: str, outcomes: tuple[DocumentOutcome, ...]) -> None:
        first = next((f": {outcome.path}: {outcome.reason}" for outcome in outcomes if outcome.reason), "")
        super().__init__(
            f"knowledge/{name}.yaml has no document that could be indexed ({len(outcomes)} files found){first}",
            hint="put documents into the folders of its `sources`, or correct their paths",
        )


def build(project: Project, parts: BuildParts) -> BuildReport:
    """Bring versions, indexes and the working draft up to date with the project folder.

    Only what changed is done. A document that cannot be read is listed, and the others go on. After `kill -9` at any
    moment the next build goes on from the stages that were finished. Raises GuardrailTestsFailedError and
    ProjectInvalidError before anything is done, NothingIndexedError, UnavailableError when something cannot be written,
    and DeniedError without the right `publish`.
    """
    parts.acting.require("publish")
    parts.claim(project.app.name)
    try_guardrails(project)
    try_models(project, parts.make_embedder)
    stages: dict[str, StageCount] = {}
    built = tuple(_build_knowledge(name, project, parts, stages) for name in sorted(project.knowledge))
    publications = [
        *(publication for knowledge in built for publication in knowledge_versions(project, knowledge)),
        *settings_versions(project, {knowledge.name: knowledge for knowledge in built}),
    ]
    versions = parts.registry.publish(
        project.app.name, publications, by=parts.acting.by, source_commit=parts.source_commit
    )
    draft = Manifest(
        project.app.name,
        {version.ref.key: version.digest for version in versions if version.kind in _SHAPES_ANSWERS},
    )
    for knowledge in built:
        parts.prepare_index(knowledge.snapshot.to_json(), effective_knowledge(project.knowledge[knowledge.name]))
    before = _working_draft(project.app.name, parts)
    parts.releases.keep_draft(draft)
    parts.prune_indexes(_ready_indexes(parts))
    return BuildReport(draft, versions, built, stages, same_draft=before == draft)


def _working_draft(app: str, parts: BuildParts) -> Manifest | None:
    try:
        return parts.releases.working_draft(app)
    except (NothingBuiltError, IntegrityError):
        return None


def _ready_indexes(parts: BuildParts) -> set[Digest]:
    return {
        digest for manifest in parts.ready() for key, digest in manifest.artifacts.items() if key.startswith("index:")
    }


def _build_knowledge(name: str, project: Project, parts: BuildParts, stages: dict[str, StageCount]) -> KnowledgeBuilt:
    knowledge = project.knowledge[name]
    settings = LoadSettings(
        ocr=knowledge.load.ocr,
        ocr_languages=tuple(knowledge.load.ocr_languages),
        max_file_mb=knowledge.load.max_file_mb,
        max_pages=knowledge.load.max_pages,
    )
    loading = Loading(
        settings=settings,
        stage=cached_stage("load", parts.cache, stages),
        failures=cached_stage("load failures", parts.cache, stages),
        remarks=parts.cache,
        workers=parts.workers,
        on_done=_progress(parts, "load"),
    )
    files, left_out = find_files(_sources(project.root, knowledge), settings, _progress(parts, "scan"))
    loaded, failed = load_documents(files, loading)
    indexed = [
        DocumentOutcome(document.path, "indexed", notes=document.notes, digest=document.digest) for document in loaded
    ]
    outcomes = tuple(sorted([*indexed, *left_out, *failed], key=lambda outcome: outcome.path))
    if not loaded:
        raise NothingIndexedError(name, outcomes)
    builder = IndexBuilder(
        parts=parts,
        embedder=parts.make_embedder(knowledge.embed.settings()),
        chunks=knowledge.chunk.settings(),
        stages=stages,
        on_done=_progress(parts, "index"),
    )
    return KnowledgeBuilt(name, builder.build(loaded), outcomes)


def _progress(parts: BuildParts, stage: str) -> Callable[[int, int], None]:
    return partial(parts.on_progress, stage)


def _sources(root: Path, knowledge: KnowledgeDefinition) -> list[Source]:
    """The sources of a knowledge base; with several, each document's path begins with its source's."""
    several = len(knowledge.sources) > 1
    return [
        Source(
            location=root / source.path,
            include=tuple(source.include),
            exclude=tuple(source.exclude),
            prefix=f"{source.path.strip('/')}/" if several else "",
        )
        for source in knowledge.sources
    ]
