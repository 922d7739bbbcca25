"""One knowledge base by itself: what its sources hold now, and a new index of it, published without a new draft."""

from collections.abc import Mapping
from dataclasses import dataclass

from plimsoll.documents import decode_document
from plimsoll.kernel.digest import Digest, Json, digest_json
from plimsoll.pipelines import StageCount
from plimsoll.project import Project
from plimsoll.registry import Version

from ._guard import EmbedderGuard
from ._knowledge import build_knowledge, find_documents, load_settings
from ._types import BuildParts, KnowledgeBuilt, of_knowledge
from ._versions import effective_knowledge, knowledge_versions, suite_versions


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the sources of a knowledge base hold, without having loaded any of it."""

    digest: Digest
    """Another one when any document, its readers, what its source says of it, or the settings changed."""
    documents: Mapping[str, Digest]
    """The digest of each file by its path; of one that cannot be read it is empty."""


@dataclass(frozen=True, slots=True)
class OneBuilt:
    """A knowledge base that was built by itself."""

    knowledge: KnowledgeBuilt
    artifacts: Mapping[str, Digest]
    """What stands for it in a manifest: its source, its settings and its index."""


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A knowledge base that was built to be tried."""

    knowledge: KnowledgeBuilt
    index: Json
    """What the content of its index version would be."""
    settings: Json
    """What the content of its knowledge version would be."""


def look(name: str, project: Project, parts: BuildParts) -> Sighting:
    """What the sources hold now: every file is digested, none is loaded.

    Raises SourceMissingError, SourceUnreachableError and what reading a source raises.
    """
    knowledge = project.knowledge[name]
    settings = load_settings(knowledge)
    files, left_out = find_documents(project.root, knowledge, settings, parts)
    facts: Json = [[file.path, file.digest, list(file.access), dict(file.metadata)] for file in files]
    outcomes: Json = [[outcome.path, outcome.fate, outcome.digest] for outcome in left_out]
    by = knowledge.chunk.context_by
    writer: Json = None if by is None else project.routes[by].content()
    digests = {**{file.path: file.digest for file in files}, **{out.path: out.digest for out in left_out}}
    return Sighting(digest_json([facts, outcomes, effective_knowledge(knowledge), writer]), digests)


def check_embedder(name: str, project: Project, parts: BuildParts) -> None:
    """Raises EmbedderChangedError and VectorsWrongError where its embedder is not what it was, and what it raises."""
    embedder = parts.make_embedder(project.knowledge[name].embed.settings())
    EmbedderGuard(embedder, parts.canaries.of(project.app.name, name)).require_unchanged()


def build_one(name: str, project: Project, parts: BuildParts) -> OneBuilt:
    """Build and publish one knowledge base; the working draft stays as it is.

    Only what changed is done, and after `kill -9` the next call goes on from what was finished. Raises what `build`
    raises.
    """
    parts.acting.require("publish")
    parts.claim(project.app.name)
    stages: dict[str, StageCount] = {}
    built = build_knowledge(name, project, of_knowledge(parts, project.app.name, name), stages)
    versions = parts.registry.publish(
        project.app.name, knowledge_versions(project, built), by=parts.acting.by, source_commit=parts.source_commit
    )
    parts.prepare_index(built.snapshot.to_json(), effective_knowledge(project.knowledge[name]))
    return OneBuilt(built, {version.ref.key: version.digest for version in versions})


def build_unpublished(name: str, project: Project, parts: BuildParts) -> Unpublished:
    """Build one knowledge base through the very same stages, and publish nothing of it.

    What it made is remembered: a later build with the same settings takes it from there. Raises what `build` raises.
    """
    parts.acting.require("publish")
    stages: dict[str, StageCount] = {}
    built = build_knowledge(name, project, of_knowledge(parts, project.app.name, name), stages)
    return Unpublished(built, built.snapshot.to_json(), effective_knowledge(project.knowledge[name]))


def forget_unpublished(parts: BuildParts) -> None:
    """Forget what was made ready of indexes that no kept manifest names, as a build does at its end."""
    named = (item for manifest in parts.ready() for item in manifest.artifacts.items())
    parts.prune_indexes({digest for key, digest in named if key.startswith("index:")})


def texts_of(name: str, project: Project, parts: BuildParts) -> dict[str, str]:
    """The text of each document by its path, as the load stage remembers it from the build before."""
    knowledge = project.knowledge[name]
    settings = load_settings(knowledge)
    files, _ = find_documents(project.root, knowledge, settings, parts)
    known = parts.cache.get("load", [file.key for file in files])
    return {file.path: decode_document(known[file.key]).text for file in files if file.key in known}


def publish_suites(project: Project, parts: BuildParts) -> tuple[Version, ...]:
    """Write the thresholds of every suite down before anything is held against them, with the rows that it asks."""
    parts.acting.require("publish")
    return parts.registry.publish(
        project.app.name, suite_versions(project), by=parts.acting.by, source_commit=parts.source_commit
    )
