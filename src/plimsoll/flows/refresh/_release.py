"""The last two steps: a release of what passed, and the live release's place for it where the project says so."""

from dataclasses import replace

from plimsoll.kernel.errors import ConflictError, DeniedError, GateError, InvalidError
from plimsoll.project import Project
from plimsoll.releases import Manifest, Release

from ..promote import Wish, ship
from ..ship import freeze_evidence
from ._types import RefreshParts, RefreshState


def release_step(state: RefreshState, project: Project, parts: RefreshParts) -> RefreshState:
    """The live release with the new index, its settings and its sources, and the evidence that let it through.

    Raises DeniedError without the right `release`.
    """
    live = parts.releases.manifest(state.live)
    draft = Manifest(live.app, {**live.artifacts, **state.artifacts})
    made = freeze_evidence(draft, state.evidence, parts.freeze)
    if made is None:
        return replace(state, outcome="not measured", why="no suite passed, so no release was made")
    state = replace(state, release=made.manifest.digest)
    if project.knowledge[state.knowledge].refresh.promote == "live":
        return state
    return _asked(state, made, "the gate passed")


def ship_step(state: RefreshState, project: Project, parts: RefreshParts) -> RefreshState:
    """Make the release live through the ordinary flow, with the environment's policy.

    What the policy wants (approvals, no freeze) and does not have leaves the release to a person, and so does another
    release that went live meanwhile: a refresh never takes that back.
    """
    made = parts.releases.release(project.app.name, state.release)
    live = {place.name: place.live for place in parts.environments.environments(project.app.name)}
    now = live.get(state.environment)
    if now == state.release:
        return replace(state, outcome="live", why=f"{made.manifest.name} is live in {state.environment}")
    if now != state.live:
        return _asked(state, made, "the gate passed, but another release went live meanwhile")
    wish = Wish(state.environment, reason=f"refresh of knowledge {state.knowledge}")
    try:
        ship(made, wish, parts.promote)
    except (GateError, DeniedError, ConflictError, InvalidError) as error:
        asked = _asked(state, made, f"the gate passed, but {error.message}")
        return replace(asked, hint=error.hint or asked.hint)
    return replace(state, outcome="live", why=f"{made.manifest.name} is live in {state.environment}")


def _asked(state: RefreshState, made: Release, why: str) -> RefreshState:
    hint = f"make it live: `plimsoll ship {made.manifest.name} {state.environment}`"
    return replace(state, outcome="candidate", why=f"{why}; {made.manifest.name} can be shipped", hint=hint)
