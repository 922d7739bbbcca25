"""One question from a person at the command line, through the function that serves."""

from plimsoll.kernel.errors import InvalidError
from plimsoll.models import Message

from .serve import Answer, Answering, AnswerRequest, endpoint_names
from .serve.parts import ServeParts


class EndpointUnclearError(InvalidError):
    """Several endpoints could answer."""

    code = "endpoint_unclear"

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            f"the application has {len(names)} endpoints: {', '.join(names)}", hint="say which one with --endpoint"
        )


async def ask(app: str, question: str, *, endpoint: str | None, environment: str | None, parts: ServeParts) -> Answer:
    """Answer from an environment's live release, or from the working build when no environment is named.

    Raises EndpointUnclearError, NothingBuiltError, NothingLiveError, and what serving raises.
    """
    if environment is None:
        manifest = parts.releases.working_draft(app)
    else:
        manifest = parts.releases.manifest(parts.environments.live(app, environment))
    names = endpoint_names(manifest)
    if endpoint is None and len(names) != 1:
        raise EndpointUnclearError(names)
    answering = Answering(parts)
    try:
        return await answering.answer(
            AnswerRequest.of(
                app,
                endpoint or names[0],
                (Message("user", _readable(question)),),
                environment=environment or "",
                release=manifest.digest,
            )
        )
    finally:
        await answering.close()


def _readable(question: str) -> str:
    """A terminal may hand over bytes that are no text; they become the sign for an unknown character."""
    return question.encode(errors="surrogateescape").decode(errors="replace")
