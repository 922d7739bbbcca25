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

from .serve import Answer, Answering, AnswerRequest, Caller, endpoint_names
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


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, and what of a knowledge base they may search."""

    caller: Caller = Caller()  # noqa: RUF009  # immutable
    within: Within = Within()  # noqa: RUF009  # immutable


_NOBODY = Who()


def reach_of(acting: Acting, groups: Sequence[str], conditions: str | None) -> Within:
    """What somebody may search at the command line, and wants to; `conditions` are a filter as JSON.

    Who may build can read every document anyway. Others find what is for everybody, and need the right `groups` to name
    groups. Raises RightMissingError and FilterError.
    """
    chosen: tuple[str, ...] | None = tuple(sorted(set(groups)))
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
    if environment is None:
        manifest = parts.releases.working_draft(app)
    else:
        manifest = parts.releases.manifest(parts.environments.live(app, environment))
    target = endpoint or _only_endpoint(manifest, parts.registry)
    answering = Answering(parts)
    try:
        await answering.start()
        return await answering.answer(
            AnswerRequest.of(
                app,
                target,
                (Message("user", _readable(question)),),
                environment=environment or "",
                release=manifest.digest,
                caller=who.caller,
                within=who.within,
            )
        )
    finally:
        await answering.close()


def _only_endpoint(manifest: Manifest, registry: Registry) -> str:
    names = tuple(name for name in endpoint_names(manifest) if not _predicts(manifest, name, registry))
    if not names:
        raise NothingToAskError(manifest.app)
    if len(names) > 1:
        raise EndpointUnclearError(names)
    return names[0]


def _predicts(manifest: Manifest, name: str, registry: Registry) -> bool:
    """Whether an endpoint asks a classical model, which answers no questions."""
    content = cast("dict[str, Any]", registry.content(manifest.artifacts[f"endpoint:{name}"]))
    return bool(content["kind"] == "predict")


def _readable(question: str) -> str:
    """A terminal may hand over bytes that are no text; they become the sign for an unknown character."""
    return question.encode(errors="surrogateescape").decode(errors="replace")
