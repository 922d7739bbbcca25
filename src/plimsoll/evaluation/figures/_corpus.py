"""BLEU and chrF of all answers together: their runs of words, or of characters, are added up first.

The same as `sacrebleu` 2 of the same texts (13a and exp; chrF2), divided by 100. It is no mean over rows: long answers
count for more. Of answerable rows with an accepted answer.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from ..scorers import wording
from ._resampled import Summed, summed_figure, sums_of
from ._types import Asked, FigureEntry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WHY: Final = "no row has an accepted answer"
_Sums = Callable[[str, Sequence[str]], Sequence[int]]


def _added(sums: _Sums, one: Asked) -> Sequence[float] | None:
    if not one.row.answerable or not one.row.answers:
        return None
    return sums(one.seen.span or one.seen.answer, one.row.answers)


def _each(of: Callable[[Sequence[float]], float], sums: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    return np.array([of(line) for line in sums.tolist()])


def _bleu(rows: Sequence[Asked]) -> Summed:
    sums = sums_of(rows, partial(_added, wording.bleu_sums))
    length, wanted, *_ = _mean(sums)
    runs = [max(0.0, wanted - size) for size in range(4)]
    return Summed(
        sums,
        partial(_each, wording.bleu_of),
        lowest=(length, wanted, *[0.0] * 4, *[max(0.0, length - size) for size in range(4)]),
        highest=(wanted, wanted, *runs, *runs),
        why=_WHY,
    )


def _chrf(rows: Sequence[Asked]) -> Summed:
    sums = sums_of(rows, partial(_added, wording.chrf_sums))
    mean = _mean(sums)
    lowest = [0.0 if at % 3 == 2 else one for at, one in enumerate(mean)]  # noqa: PLR2004  # the shared runs
    highest = [mean[at - at % 3 + 1] for at in range(len(mean))]
    return Summed(sums, partial(_each, wording.chrf_of), lowest, highest, _WHY)


def _mean(sums: dict[str, list[Sequence[float]]]) -> list[float]:
    lines = [line for several in sums.values() for line in several]
    return [sum(column) / len(lines) for column in zip(*lines, strict=True)] if lines else [0.0, 0.0]


CORPUS: Final = (
    FigureEntry(
        "bleu_corpus",
        "BLEU of all answers together, from 0 to 1; as sacrebleu, divided by 100.",
        lambda name, _: summed_figure(name, _bleu, unit="share", better="more"),
    ),
    FigureEntry(
        "chrf_corpus",
        "chrF2 of all answers together, from 0 to 1; as sacrebleu, divided by 100.",
        lambda name, _: summed_figure(name, _chrf, unit="share", better="more"),
    ),
)
