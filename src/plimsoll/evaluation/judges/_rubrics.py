"""The rubrics that come with Plimsoll: what is asked, and what each number from 1 to 5 means."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Material = Literal["question", "passages", "reference"]


@dataclass(frozen=True, slots=True)
class Rubric:
    """One thing that is judged from 1 to 5. People who label the same rows read the same words."""

    name: str
    question: str
    anchors: tuple[str, ...]
    """What 1 means, what 2 means, and so on."""
    material: tuple[Material, ...] = ("question",)
    """What the judge is shown beside the answer."""

    def text(self) -> str:
        """As a judge reads it."""
        lines = "\n".join(f"{number}: {anchor}" for number, anchor in enumerate(self.anchors, start=1))
        return f"{self.question}\n\nThe scale:\n{lines}"


_COHERENCE: Final = Rubric(
    "coherence",
    "How well does the answer hang together? Judge only how it is put: not whether it is true, long or useful.",
    (
        "No line of thought: sentences that have nothing to do with each other, or contradict each other.",
        "Hard to follow: large jumps, or parts that contradict each other.",
        "Can be followed, with jumps, repetition or a part in the wrong place.",
        "Clear, with one small jump or repetition.",
        "Every sentence follows from those before it, and nothing is said twice or contradicted.",
    ),
)
_HELPFULNESS: Final = Rubric(
    "helpfulness",
    "How far does the answer give the person what they asked for? Longer is not better; what was not asked for does "
    "not count.",
    (
        "Nothing of what was asked for, or something else.",
        "A small part of it, or much that was not asked for and hides the rest.",
        "About half of it, or all of it too vaguely to be used.",
        "Nearly all of it; something small is missing or unclear.",
        "All of it, directly and so that it can be used.",
    ),
)
_FAITHFULNESS: Final = Rubric(
    "faithfulness",
    "How far do the passages bear out what the answer says? Judge only by the passages: what is true and does not "
    "stand in them is not borne out.",
    (
        "The passages contradict the answer, or nothing of it stands in them.",
        "Most of what it says does not stand in the passages.",
        "About half of what it says does not stand in the passages.",
        "All stands in the passages but a detail that changes nothing.",
        "Everything that it says stands in the passages, or follows from them directly.",
    ),
    ("question", "passages"),
)
_FACTUALITY: Final = Rubric(
    "factuality",
    "How far does the answer say what the reference answer says? The reference is right. Wording, order and length do "
    "not count; numbers count as rounded.",
    (
        "It contradicts the reference, or does not answer.",
        "It says a small part of the reference, or contradicts an important part of it.",
        "It says about half of what the reference says, and contradicts nothing important.",
        "It says all that is important in the reference, with a small error or omission.",
        "It says everything that the reference says, and contradicts nothing.",
    ),
    ("question", "reference"),
)

RUBRICS: Final[Mapping[str, Rubric]] = MappingProxyType(
    {rubric.name: rubric for rubric in (_COHERENCE, _HELPFULNESS, _FAITHFULNESS, _FACTUALITY)}
)
