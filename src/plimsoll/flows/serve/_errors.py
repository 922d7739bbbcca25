"""What can be wrong with a request that has reached a release."""

from collections.abc import Sequence

from plimsoll.kernel.errors import BlockedError, InvalidError, NotFoundError
from plimsoll.releases import Manifest


class QuestionMissingError(InvalidError):
    """The conversation does not end with a question."""

    code = "question_missing"

    def __init__(self) -> None:
        super().__init__("the last message has no text from the user", hint="end `messages` with the user's question")


class EndpointMissingError(NotFoundError):
    """The release has no endpoint, and serves no route, of that name."""

    code = "endpoint_missing"

    def __init__(self, manifest: Manifest, name: str, known: Sequence[str]) -> None:
        shown = ", ".join(sorted(known))
        super().__init__(f"{manifest.name} of {manifest.app} has no endpoint `{name}`", hint=f"it has: {shown}")
        self.target = name
        self.known = tuple(sorted(known))


class DemandUnsupportedError(InvalidError):
    """The call asks for something that the model behind the endpoint cannot do."""

    code = "unsupported_parameter"

    def __init__(self, param: str, target: str, model: str) -> None:
        super().__init__(
            f"`{param}` cannot be used with {target}, which is answered by {model}", hint=f"leave `{param}` out"
        )
        self.param = param


class ProviderFilesError(InvalidError):
    """A call names something in the provider's account, where its route does not allow that."""

    code = "provider_files"

    def __init__(self, param: str) -> None:
        super().__init__(
            f"`{param}` names something in the provider's account, which all callers share",
            hint="send the content itself; or let the route allow it with `provider_files: allow`",
        )
        self.param = param


class NotForThisError(InvalidError):
    """A route for vectors was asked to chat, or the other way round."""

    code = "wrong_surface"

    def __init__(self, target: str, *, makes_vectors: bool) -> None:
        made = "makes vectors" if makes_vectors else "answers chats"
        where = "/v1/embeddings" if makes_vectors else "/v1/chat/completions"
        super().__init__(f"{target} {made}", hint=f"call it at {where}")
        self.param = "model"


class TokensUnreadableError(InvalidError):
    """Token ids were sent where a guardrail must read the text."""

    code = "unsupported_parameter"

    def __init__(self, guardrail: str) -> None:
        super().__init__(
            f"`input` has token ids, which the guardrail `{guardrail}` cannot read", hint="send `input` as texts"
        )
        self.param = "input"


class GuardrailBlockedError(BlockedError):
    """A guardrail stopped what came in, was found, or was about to go out."""

    code = "content_filter"

    def __init__(self, guardrail: str, stage: str, reason: str) -> None:
        what = {
            "input": "the request",
            "retrieved": "what was retrieved",
            "tool_call": "a tool call",
            "tool_result": "what a tool said",
        }
        super().__init__(
            f"the guardrail `{guardrail}` blocked {what.get(stage, 'the answer')}: {reason}",
            hint="change what is asked" if stage == "input" else "ask in another way",
        )


class VariantsRouteError(InvalidError):
    """A knowledge base of a release names a route that cannot put questions in other words."""

    code = "variants_route"

    def __init__(self, manifest: Manifest, knowledge: str, route: str, problem: str) -> None:
        super().__init__(
            f"{manifest.name} of {manifest.app} cannot be served: knowledge {knowledge} has its questions put in other"
            f" words by the route {route}, which {problem}",
            hint="make a release of the whole project with `plimsoll release`: it holds the routes that are named",
        )


class CheckRouteError(NotFoundError):
    """A guardrail of a release asks a route that the release does not have."""

    code = "check_route"

    def __init__(self, manifest: Manifest, route: str) -> None:
        super().__init__(
            f"a check asks the route {route}, which is not part of {manifest.name} of {manifest.app}",
            hint="make a release of the whole project with `plimsoll release`: it holds the routes that are named",
        )
