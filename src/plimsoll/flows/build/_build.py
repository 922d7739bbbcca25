"""The whole build: documents to indexes, files to versions, versions to a draft; published in one transaction."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from plimsoll.documents import LoadSettings
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import InvalidError
from plimsoll.pipelines import StageCount
from plimsoll.project import KnowledgeDefinition, Project
from plimsoll.registry import Kind, Publication, VersionRef
from plimsoll.releases import Manifest
from plimsoll.retrieval import ChunkSettings, SearchSettings

from ._documents import Loading, Source, find_files, load_documents
from ._index import IndexBuilder, cached_stage
from ._types import BuildParts, BuildReport, DocumentOutcome, KnowledgeBuilt

_SHAPES_ANSWERS: tuple[Kind, ...] = ("prompt", "source", "knowledge", "index", "route", "endpoint")


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
    moment the next build goes on from the stages that were finished. Raises NothingIndexedError, and UnavailableError
    when something cannot be written.
    """
    parts.claim(project.app.name)
    stages: dict[str, StageCount] = {}
    built = tuple(_build_knowledge(name, project, parts, stages) for name in sorted(project.knowledge))
    publications = [
        *(publication for knowledge in built for publication in _knowledge_versions(project, knowledge)),
        *_settings_versions(project, {knowledge.name: knowledge for knowledge in built}),
    ]
    versions = parts.registry.publish(
        project.app.name, publications, author=parts.author, source_commit=parts.source_commit
    )
    draft = Manifest(
        project.app.name,
        {version.ref.key: version.digest for version in versions if version.kind in _SHAPES_ANSWERS},
    )
    for knowledge in built:
        parts.prepare_index(knowledge.snapshot.to_json(), project.knowledge[knowledge.name].embed.model)
    parts.releases.keep_draft(draft)
    parts.prune_indexes(_indexes_in_use(parts))
    return BuildReport(draft, versions, built, stages)


def _indexes_in_use(parts: BuildParts) -> set[Digest]:
    manifests = parts.releases.in_use()
    return {digest for manifest in manifests for key, digest in manifest.artifacts.items() if key.startswith("index:")}


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
        embedder=parts.make_embedder(knowledge.embed.model),
        chunking=ChunkSettings(size=knowledge.chunk.size, overlap=knowledge.chunk.overlap),
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


def _knowledge_versions(project: Project, built: KnowledgeBuilt) -> list[Publication]:
    documents: Json = [
        {"path": outcome.path, "digest": outcome.digest, "fate": outcome.fate, "reason": outcome.reason}
        for outcome in built.outcomes
    ]
    source = Publication("source", built.name, {"documents": documents})
    knowledge = Publication("knowledge", built.name, _effective(project.knowledge[built.name]))
    index = Publication("index", built.name, built.snapshot.to_json(), (source.ref, knowledge.ref))
    return [source, knowledge, index]


def _effective(knowledge: KnowledgeDefinition) -> Json:
    """The content with the search settings that are in force, so that no later default changes what a version means."""
    given = knowledge.search.model_dump(exclude_none=True)
    return {**knowledge.content(), "search": asdict(SearchSettings(**given))}


def _settings_versions(project: Project, built: dict[str, KnowledgeBuilt]) -> list[Publication]:
    prompts = {name: Publication("prompt", name, prompt.content()) for name, prompt in project.prompts.items()}
    routes = {name: Publication("route", name, route.content()) for name, route in project.routes.items()}
    datasets = {
        name: Publication("dataset", name, {"rows": [row.to_json() for row in rows]})
        for name, rows in project.datasets.items()
    }
    endpoints = {}
    for name, endpoint in project.endpoints.items():
        parents = [prompts[endpoint.prompt].ref, routes[endpoint.route].ref]
        if endpoint.knowledge is not None:
            index = built[endpoint.knowledge].snapshot
            parents.append(VersionRef("index", endpoint.knowledge, index.digest))
        endpoints[name] = Publication("endpoint", name, endpoint.content(), tuple(parents))
    suites = [
        Publication(
            "suite",
            name,
            # The rows are part of what a suite asks, so that other rows are another suite and must be passed again.
            {**suite.content(), "dataset_version": datasets[suite.dataset].ref.digest},
            (datasets[suite.dataset].ref,),
        )
        for name, suite in project.suites.items()
    ]
    groups = (prompts, routes, datasets, endpoints)
    return [*(publication for group in groups for publication in group.values()), *suites]
