"""What a judge is shown of a row and its answer."""

from collections.abc import Sequence

from plimsoll.datasets import Row

from .._observation import Observation
from ._fence import Part
from ._rubrics import Material


def applies(row: Row, material: Sequence[Material]) -> bool:
    """Whether a row has what a judge must be shown; passages are known only once it is answered."""
    return row.answerable and bool(row.answers) if "reference" in material else True


def parts_of(row: Row, seen: Observation, material: Sequence[Material]) -> tuple[Part, ...] | None:
    """The material, the answer last; None where a row has not what must be shown, or the endpoint refused.

    A refusal is neither coherent nor helpful nor faithful: `refusal_correct` judges it.
    """
    if seen.answered is False or not seen.answer.strip():
        return None
    known = {
        "question": row.question,
        "passages": "\n\n".join(one.text for one in seen.passages),
        "reference": "\n".join(row.answers),
    }
    if not all(known[name].strip() for name in material):
        return None
    return (*(Part(_LABELS[name], known[name]) for name in material), Part("The answer to judge", seen.answer))


_LABELS: dict[Material, str] = {
    "question": "What the person asked",
    "passages": "The passages that the assistant was given",
    "reference": "The reference answer, which is right (each line is one that would do)",
}
