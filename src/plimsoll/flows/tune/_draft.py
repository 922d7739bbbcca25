"""The proposal as a draft that can be asked."""

from dataclasses import replace

from plimsoll.project import Project
from plimsoll.releases import Manifest

from ..build import BuildParts
from ..build.one import build_one
from ._proposal import Proposal
from ._space import applied


def keep_draft(project: Project, name: str, proposal: Proposal, parts: BuildParts) -> Manifest:
    """Make the working draft of the last build one with the proposal's index; the next build follows the files again.

    No gate has judged it. Raises NothingBuiltError, and what `build_one` raises.
    """
    working = parts.releases.working_draft(project.app.name)
    definition = applied(project.knowledge[name], proposal.best.settings)
    built = build_one(name, replace(project, knowledge={**project.knowledge, name: definition}), parts)
    draft = Manifest(working.app, {**working.artifacts, **built.artifacts})
    parts.releases.keep_draft(draft)
    return draft
