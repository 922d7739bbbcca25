"""The first two steps: whether anything changed, and a new index of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from plimsoll import __version__
from plimsoll.kernel.digest import Digest, digest_json
from plimsoll.kernel.errors import IntegrityError, PlimsollError
from plimsoll.project import Project
from plimsoll.releases import EnvironmentUnknownError, Manifest

from ..build.one import build_one, check_embedder, look
from ._errors import KnowledgeUnknownError
from ._types import Change, RefreshParts, RefreshState

_SEEN = "refresh seen"
"""The stage of the cache that knows of what an index was made."""
_OPEN_ENDS = {"built", "not measured", "refused", "candidate"}
"""Outcomes that would be the same again while nothing changed."""


def look_step(state: RefreshState, project: Project, parts: RefreshParts) -> RefreshState:
    """Whether the sources or the settings changed since the live index was made; before that, whether the embedder did.

    Raises KnowledgeUnknownError, EnvironmentUnknownError, EmbedderChangedError, VectorsWrongError, and what looking at
    the sources raises.
    """
    if state.knowledge not in project.knowledge:
        raise KnowledgeUnknownError(state.knowledge, sorted(project.knowledge))
    state = replace(state, unchecked=_unchecked(state.knowledge, project, parts))
    state = replace(state, **_where(state, project, parts))
    sighting = look(state.knowledge, project, parts.build)
    seen = digest_json([__version__, sighting.digest])
    manifest = _live(state, parts)
    state = replace(state, seen=seen, files=_named(sighting.documents))
    state = replace(state, change=_change(sighting.documents, _documents(state, manifest, parts)))
    index = manifest.artifacts.get(f"index:{state.knowledge}", "") if manifest else ""
    if index and parts.cache.get(_SEEN, [index]).get(index) == seen.encode():
        return replace(state, outcome="unchanged", why="the sources hold what the live index was made of")
    last = parts.last
    same = last is not None and (last.seen, last.live) == (seen, state.live) and last.outcome in _OPEN_ENDS
    if last is not None and same and state.asked_by != "command":
        why = f"nothing changed since the last refresh, which ended as {last.outcome}"
        return replace(state, outcome="unchanged", why=why, hint=last.hint)
    return state


def build_step(state: RefreshState, project: Project, parts: RefreshParts) -> RefreshState:
    """A new index, published. Raises what `build_one` raises."""
    built = build_one(state.knowledge, project, parts.build)
    # What an index was made of is known by its digest: another look that sees the same need not build it. Files that
    # changed between the look and the build were not what was seen.
    index = built.artifacts[f"index:{state.knowledge}"]
    if _named({outcome.path: outcome.digest for outcome in built.knowledge.outcomes}) == state.files:
        parts.cache.put(_SEEN, {index: state.seen.encode()})
    fates = [outcome.fate for outcome in built.knowledge.outcomes]
    state = replace(
        state, artifacts=dict(built.artifacts), indexed=fates.count("indexed"), failed=fates.count("failed")
    )
    manifest = _live(state, parts)
    if manifest is None:
        hint = "make and ship a first one: `plimsoll release`, then `plimsoll ship`"
        where = f"in {state.environment}" if state.environment else "anywhere"
        return replace(state, outcome="built", why=f"the index is published, but nothing is live {where}", hint=hint)
    if f"index:{state.knowledge}" not in manifest.artifacts:
        why = f"the index is published, but the release that is live in {state.environment} does not use it"
        return replace(state, outcome="built", why=why, hint="run `plimsoll release` to make one that does")
    if manifest.artifacts.items() >= built.artifacts.items():
        return replace(state, outcome="unchanged", why="the new index is the one that is live")
    return state


def _unchecked(name: str, project: Project, parts: RefreshParts) -> str:
    """Why the embedder could not be asked whether it is what it was; empty where it was and is."""
    try:
        check_embedder(name, project, parts.build)
    except IntegrityError:
        raise
    except PlimsollError as error:
        # Where nothing is to be embedded it is not needed; else the build says what is wrong.
        return error.message
    return ""


def _named(documents: Mapping[str, Digest]) -> Digest:
    """One digest of all files with theirs."""
    return digest_json(dict(documents))


def _where(state: RefreshState, project: Project, parts: RefreshParts) -> dict[str, Any]:
    """The environment of which the live release gets the new index, and that release."""
    wanted = project.knowledge[state.knowledge].refresh.environment
    if wanted is not None and wanted not in parts.declared:
        raise EnvironmentUnknownError(wanted, parts.declared)
    live = {place.name: place.live for place in parts.environments.environments(project.app.name) if place.live}
    able = [name for name in parts.declared if name in live]
    chosen = wanted or (able[-1] if able else "")
    return {"environment": chosen, "live": live.get(chosen) or ""}


def _live(state: RefreshState, parts: RefreshParts) -> Manifest | None:
    return parts.releases.manifest(state.live) if state.live else None


def _documents(state: RefreshState, manifest: Manifest | None, parts: RefreshParts) -> Mapping[str, Digest]:
    source = manifest.artifacts.get(f"source:{state.knowledge}") if manifest else None
    if source is None:
        return {}
    content = cast("dict[str, Any]", parts.registry.content(source))
    return {document["path"]: document["digest"] for document in content["documents"]}


def _change(now: Mapping[str, Digest], before: Mapping[str, Digest]) -> Change:
    return Change(
        added=len(now.keys() - before.keys()),
        changed=sum(digest != before[path] for path, digest in now.items() if path in before),
        removed=len(before.keys() - now.keys()),
    )
