"""The whole build: documents to indexes, files to versions, versions to a draft; published in one transaction."""

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import IntegrityError
from plimsoll.pipelines import StageCount
from plimsoll.project import Project
from plimsoll.registry import Kind
from plimsoll.releases import Manifest, NothingBuiltError

from ._guardrails import ended_exceptions, try_guardrails
from ._knowledge import build_knowledge
from ._models import build_models
from ._types import BuildParts, BuildReport, of_knowledge
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


def build(project: Project, parts: BuildParts) -> BuildReport:
    """Bring versions, indexes and the working draft up to date with the project folder.

    Only what changed is done. A document that cannot be read is listed, and the others go on. After `kill -9` at any
    moment the next build goes on from the stages that were finished. Raises GuardrailTestsFailedError and
    ProjectInvalidError before anything is done, NothingIndexedError, EmbedderChangedError before any vector is
    remembered, UnavailableError when something cannot be written, and DeniedError without the right `publish`.
    """
    parts.acting.require("publish")
    parts.claim(project.app.name)
    try_guardrails(project, outside=parts.outside(project))
    stages: dict[str, StageCount] = {}
    models = build_models(project, parts, stages)
    built = tuple(
        build_knowledge(name, project, of_knowledge(parts, project.app.name, name), stages)
        for name in sorted(project.knowledge)
    )
    publications = [
        *(publication for knowledge in built for publication in knowledge_versions(project, knowledge)),
        *settings_versions(project, {knowledge.name: knowledge for knowledge in built}, models),
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
    notes = tuple(ended_exceptions(project, utc_now().date()))
    return BuildReport(draft, versions, built, stages, same_draft=before == draft, notes=notes)


def _working_draft(app: str, parts: BuildParts) -> Manifest | None:
    try:
        return parts.releases.working_draft(app)
    except (NothingBuiltError, IntegrityError):
        return None


def _ready_indexes(parts: BuildParts) -> set[Digest]:
    return {
        digest for manifest in parts.ready() for key, digest in manifest.artifacts.items() if key.startswith("index:")
    }
