"""What a check is, what it may know, and what it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Part = Literal["words", "beside", "name"]
"""What of a request or an answer a text is.

The `words` of a message, a passage or an answer; what stands `beside` them, such as thoughts, titles and single
arguments of calls; or a `name`: a key, an id, a number, and whatever else has fewer than four words where one stands.

Patterns are looked for in all of it. Other checks are not asked about names, and those that say of themselves that they
judge `words_only` (whether an answer is grounded, or JSON of some form) not about what stands beside the words either.
"""


@dataclass(frozen=True, slots=True)
class Context:
    """What a check may know of the request beside the text; empty where it is not known."""

    stage: str = ""
    """Where the text stands: `input`, `retrieved`, `tool_call`, `tool_result` or `output`."""
    question: str = ""
    """What the person asked last."""
    instructions: str = ""
    """What the model was told by whoever built the endpoint (the system prompt)."""
    passages: tuple[str, ...] = ()
    """What the answer is to rest on, in the order in which it is numbered from 1."""
    part: Part = "words"
    """What of a request or an answer the text is."""


NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a check found, from character `start` to before character `end` of the text."""

    start: int
    end: int
    kind: str
    score: float = 1.0
    """How much speaks for it, above 0 and at most 1; what a policy's threshold is compared with."""
    reason: str = ""
    """Why, in a few words that hold nothing of the text."""
    confidence: float | None = None
    """The share of such findings that were right on labelled rows; None where nobody has measured it."""


class Check(Protocol):
    """One question about a text.

    `find` is pure, needs time in proportion to the text, and may be called from several threads at once. What it finds
    may overlap. A check that cannot answer raises; whoever asked must take that for the worst answer.
    """

    @property
    def name(self) -> str:
        """What policies call it."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever it may answer differently: a number, or the first characters of a digest."""
        ...

    @property
    def kinds(self) -> tuple[str, ...]:
        """All that it can find."""
        ...

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:
        """What it finds in a whole text, in the order of the text."""
        ...
