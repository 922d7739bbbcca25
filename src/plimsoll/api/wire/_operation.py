"""One call of this server's API, as its description tells it."""

from dataclasses import dataclass
from typing import Any, Literal

Envelope = Literal["openai", "anthropic", "none"]
"""In whose form errors come: both companies' have one; `none` for calls that tell errors in another way."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that stands in the address, behind it, or in a header."""

    name: str
    place: Literal["path", "header", "query"]
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Method, address and shapes."""

    method: Literal["get", "post"]
    path: str
    summary: str
    asked: Any = None
    """Type of the request body; None where there is none."""
    answered: Any = None
    """Type of the answer; None where it is not JSON."""
    streams: bool = False
    """Whether the answer may also come as server-sent events."""
    envelope: Envelope = "openai"
    parameters: tuple[Parameter, ...] = ()
    media_types: tuple[str, ...] = ()
    """Of an answer that is not JSON."""
    extra_statuses: tuple[int, ...] = ()
    """Beside those that every call may answer with."""
    open: bool = False
    """Whether it needs no key."""


ENVIRONMENT = Parameter("x-plimsoll-environment", "header", "Which environment's live release answers.")
USER = Parameter("x-plimsoll-user", "header", "The person for whom the caller asks: a pseudonym.")
GROUPS = Parameter(
    "x-plimsoll-groups", "header", "Groups whose documents may be found, with commas; needs the right `groups`."
)
FILTER = Parameter("x-plimsoll-filter", "header", "What documents must be to be found: a JSON object of conditions.")
CALL = (ENVIRONMENT, USER, GROUPS, FILTER)
"""Parameters of every call that is answered by a release."""
