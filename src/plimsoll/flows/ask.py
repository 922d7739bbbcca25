"""One question from a person at the command line, through the function that serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from msgspec import DecodeError, json

from plimsoll.access import Acting
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import InvalidError
from plimsoll.models import Message
from plimsoll.registry import Registry
from plimsoll.releases import Manifest
from plimsoll.retrieval import Filter, FilterError

from .serve import Answer, Answering, AnswerRequest, Caller, Predictions, endpoint_names
from .serve.parts import ServeParts, Within


class EndpointUnclearError(InvalidError):
    """Several endpoints could answer."""

    code = "endpoint_unclear"

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            f"the application has {len(names)} endpoints that answer questions: {', '.join(names)}",
            hint="say which one with --endpoint",
        )


class NothingToAskError(InvalidError):
    """No endpoint answers questions."""

    code = "nothing_to_ask"

    def __init__(self, app: str) -> None:
        super().__init__(
            f"{app} has no endpoint that answers questions",
            hint="write one into endpoints/, or name with --endpoint what a route serves",
        )


class GroupUnfitError(InvalidError):
    """A group has a name that no document can be for."""

    code = "group_unfit"

    def __init__(self, group: str) -> None:
        super().__init__(f"{group[:100]!a} cannot be the name of a group", hint="name a group such as hr, board")


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, and what of a knowledge base they may search."""

    caller: Caller = Caller()  # noqa: RUF009  # immutable
    within: Within = Within()  # noqa: RUF009  # immutable


_NOBODY = Who()


def reach_of(acting: Acting, groups: Sequence[str], conditions: str | None) -> Within:
    """What somebody may search at the command line, and wants to; `conditions` are a filter as JSON.

    Who may build can read every document anyway. Others find what is for everybody, and need the right `groups` to name
    groups. Raises RightMissingError, GroupUnfitError and FilterError.
    """
    for group in groups:
        if not group.isprintable() or group.strip() in {"", "*"}:
            raise GroupUnfitError(group)
    chosen: tuple[str, ...] | None = tuple(sorted({group.strip() for group in groups}))
    if not groups and "publish" in acting.rights:
        chosen = None
    elif groups and "publish" not in acting.rights:
        acting.require("groups")
    return Within(chosen, _conditions(conditions))


def _conditions(text: str | None) -> Mapping[str, Json]:
    if text is None:
        return {}
    try:
        wanted: Json = json.decode(text)
    except (DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise FilterError(f"it is not JSON: {error}") from None
    Filter.from_json(wanted)
    return cast("dict[str, Json]", wanted)


async def ask(
    app: str,
    question: str,
    *,
    endpoint: str | None,
    environment: str | None,
    parts: ServeParts,
    who: Who = _NOBODY,
) -> Answer:
    """Answer from an environment's live release, or from the working build when no environment is named.

    `who.caller` pays, where `parts` have a meter. Raises EndpointUnclearError, NothingToAskError, NothingBuiltError,
    NothingLiveError, and what serving raises.
    """
    manifest = _manifest(app, environment, parts)
    target = endpoint or _only_endpoint(manifest, parts.registry)
    answering = Answering(parts)
    try:
        await answering.start()
        return await answering.answer(
            AnswerRequest.of(
                app,
                target,
                (Message("user", readable(question)),),
                environment=environment or "",
                release=manifest.digest,
                caller=who.caller,
                within=who.within,
            )
        )
    finally:
        await answering.close()


def feature_of(app: str, endpoint: str, environment: str | None, parts: ServeParts) -> str | None:
    """What the classical model behind an endpoint reads of a row; None where the endpoint answers questions.

    Raises NothingBuiltError and NothingLiveError.
    """
    manifest = _manifest(app, environment, parts)
    return _feature(manifest, endpoint.removeprefix(f"{app}/"), parts.registry)


async def predict(
    app: str, row: Mapping[str, Json], *, endpoint: str, environment: str | None, parts: ServeParts, who: Who = _NOBODY
) -> Predictions:
    """What a classical model says of one row, from the release that `ask` would answer from. Raises as `ask` does."""
    manifest = _manifest(app, environment, parts)
    answering = Answering(parts)
    try:
        await answering.start()
        return await answering.predict(
            AnswerRequest(
                app,
                endpoint,
                {"messages": (), "inputs": [dict(row)]},
                environment=environment or "",
                release=manifest.digest,
                caller=who.caller,
                surface="predict",
            )
        )
    finally:
        await answering.close()


def _manifest(app: str, environment: str | None, parts: ServeParts) -> Manifest:
    if environment is None:
        return parts.releases.working_draft(app)
    return parts.releases.manifest(parts.environments.live(app, environment))


def _only_endpoint(manifest: Manifest, registry: Registry) -> str:
    names = tuple(name for name in endpoint_names(manifest) if _feature(manifest, name, registry) is None)
    if not names:
        raise NothingToAskError(manifest.app)
    if len(names) > 1:
        raise EndpointUnclearError(names)
    return names[0]


def _feature(manifest: Manifest, name: str, registry: Registry) -> str | None:
    digest = manifest.artifacts.get(f"endpoint:{name}")
    endpoint = {} if digest is None else cast("dict[str, Any]", registry.content(digest))
    if endpoint.get("kind") != "predict":
        return None
    model = cast("dict[str, Any]", registry.content(manifest.artifacts[f"model:{endpoint['model']}"]))
    return str(model["feature"])


def readable(question: str) -> str:
    """A terminal may hand over bytes that are no text; they become the sign for an unknown character."""
    return question.encode(errors="surrogateescape").decode(errors="replace")
