"""What a request belongs to: its endpoint, what guardrails said, whether it was answered, what people thought of it."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plimsoll.tracing import Trace

from ._expected import Expected

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

_STOPS: Final = frozenset({"block", "ask"})
_A_TOPIC: Final = 25
"""About how many requests a topic should have."""
_MOST_TOPICS: Final = 12
_ROUNDS: Final = 12
_READ: Final = 2_000
"""Characters of a question by which its topic is told."""


class Stratum(NamedTuple):
    """Requests of which some are taken."""

    endpoint: str
    guardrails: str
    """`clean`, `flagged` or `stopped`."""
    outcome: str
    """`answered`, `refused`, `failed`, or `unknown` where the model does not tell."""
    feedback: str
    """`none`, `good`, `bad`, `corrected` or `disputed`."""

    def tags(self) -> tuple[str, ...]:
        """The slices of a row that is taken from here."""
        said = () if self.feedback == "none" else (f"feedback:{self.feedback}",)
        return (f"endpoint:{self.endpoint}", f"guardrails:{self.guardrails}", f"outcome:{self.outcome}", *said)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request that may be taken."""

    trace: Trace
    expected: Expected
    stratum: Stratum
    topic: int
    """Requests with the same number ask for something alike; the number itself means nothing."""


def stratum_of(trace: Trace, expected: Expected) -> Stratum:
    """Where a request belongs."""
    actions = {str(note.get("action")) for note in trace.guardrails}
    guardrails = "stopped" if actions & _STOPS else "flagged" if actions - {"allow"} else "clean"
    if trace.status != "ok":
        outcome = "stopped" if guardrails == "stopped" else "failed"
    else:
        outcome = {True: "answered", False: "refused", None: "unknown"}[trace.answered]
    return Stratum(trace.endpoint, guardrails, outcome, expected.feedback)


def topics_of(questions: Sequence[str], embed: Embed) -> list[int]:
    """A topic for each question: by the script in which it is written, and by groups of like meaning.

    Groups are those of spherical k-means (Dhillon and Modha, 2001), begun with questions that are far from each other,
    so that nothing is drawn.
    """
    if not questions:
        return []
    scripts = [_script(question) for question in questions]
    vectors = np.asarray(embed([question[:_READ] for question in questions]), np.float64)
    groups = _groups(vectors, min(_MOST_TOPICS, max(1, len(questions) // _A_TOPIC)))
    known: dict[tuple[str, int], int] = {}
    return [known.setdefault(pair, len(known)) for pair in zip(scripts, groups, strict=True)]


def _groups(vectors: NDArray[np.float64], count: int) -> list[int]:
    centres = vectors[:1]
    while len(centres) < count:
        nearest = (vectors @ centres.T).max(axis=1)
        centres = np.vstack([centres, vectors[int(nearest.argmin())]])
    chosen = (vectors @ centres.T).argmax(axis=1)
    for _ in range(_ROUNDS):
        sums = np.stack([vectors[chosen == group].sum(axis=0) for group in range(count)])
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1), centres)
        again = (vectors @ centres.T).argmax(axis=1)
        if (again == chosen).all():
            break
        chosen = again
    return [int(group) for group in chosen]


def _script(text: str) -> str:
    """The script of most letters, by the first word of their names: LATIN, CYRILLIC, CJK."""
    names = Counter(unicodedata.name(letter, "?").split()[0] for letter in text[:_READ] if letter.isalpha())
    return names.most_common(1)[0][0] if names else ""
