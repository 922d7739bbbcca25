"""One question from a person at the command line, through the function that serves."""

from typing import Any, cast

from plimsoll.kernel.errors import InvalidError
from plimsoll.models import Message
from plimsoll.registry import Registry
from plimsoll.releases import Manifest

from .serve import Answer, Answering, AnswerRequest, Caller, endpoint_names
from .serve.parts import ServeParts


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


_NOBODY = Caller()


async def ask(
    app: str,
    question: str,
    *,
    endpoint: str | None,
    environment: str | None,
    parts: ServeParts,
    caller: Caller = _NOBODY,
) -> Answer:
    """Answer from an environment's live release, or from the working build when no environment is named.

    `caller` pays, where `parts` have a meter. Raises EndpointUnclearError, NothingToAskError, NothingBuiltError,
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
                caller=caller,
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
