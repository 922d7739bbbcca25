"""How well labels are told apart: macro-F1, balanced accuracy, and precision, recall and F1 of one label.

With TP the rows of a label that are given it, n those of which it is right and s those that are given it: precision
`TP / s`, recall `TP / n`, F1 `2 TP / (n + s)` (van Rijsbergen 1979). Macro-F1 is the mean of F1 over labels, balanced
accuracy the mean of recall (Brodersen et al. 2010). Labels are `labels`, or else those that are right somewhere; an
answer that gives none of them is wrong. A label that is right nowhere has no recall, and does not count; of macro-F1 it
counts where it is given (as in scikit-learn).
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..scorers.forms import label_of, plain_label, wanted_label
from ..scorers.options import Option, Options, text, texts
from ._resampled import Summed, summed_figure, sums_of
from ._types import Asked, Figure, FigureEntry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_LABELS: Final[Option] = texts("labels", "[billing, delivery, other]")
_MOST: Final = 1_000


def _told(labels: Sequence[str], known: Sequence[str], one: Asked) -> Sequence[float] | None:
    """TP, n and s of each label, for one row."""
    wanted = wanted_label(one.row)
    if wanted is None:
        return None
    given = label_of(one.seen, labels)
    line = [0.0] * (3 * len(known))
    for at, label in enumerate(known):
        line[at] = float(label == wanted == given)
        line[len(known) + at] = float(label == wanted)
        line[2 * len(known) + at] = float(label == given)
    return line


def _built(labels: Sequence[str], label: str, of: "Callable[[Numbers], Numbers]", rows: Sequence[Asked]) -> Summed:
    right = {wanted for one in rows if (wanted := wanted_label(one.row)) is not None}
    known = [label] if label else sorted(set(labels) or right)
    if len(known) > _MOST:
        return Summed({}, of, (), (), f"there are more than {_MOST} labels")
    sums = sums_of(rows, partial(_told, labels, known))
    if not sums:
        return Summed({}, of, (), (), "no row has a label")
    counts = [sum(line[len(known) + at] for lines in sums.values() for line in lines) for at in range(len(known))]
    # What is not known of the rarest label does the most to the whole.
    rarest = min((at for at in range(len(known)) if counts[at]), key=lambda at: (counts[at], at), default=0)
    lowest, highest = _line(len(known), rarest, is_right=False), _line(len(known), rarest, is_right=True)
    why = f"no row has, or is given, the label {label!r}" if label else "no label can be told"
    return Summed(sums, of, lowest, highest, why)


def _line(count: int, at: int, *, is_right: bool) -> list[float]:
    line = [0.0] * (3 * count)
    line[at], line[count + at] = float(is_right), 1.0
    line[2 * count + (at if is_right else (at + 1) % count)] = 1.0
    return line


def _parts(sums: "Numbers") -> "tuple[Numbers, Numbers, Numbers]":
    count = sums.shape[1] // 3
    return sums[:, :count], sums[:, count : 2 * count], sums[:, 2 * count :]


def _ratio(above: "Numbers", below: "Numbers") -> "Numbers":
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(above / below)


def _mean_of_defined(each: "Numbers") -> "Numbers":
    import numpy as np

    defined = np.isfinite(each)
    return _ratio(np.where(defined, each, 0.0).sum(axis=1), defined.sum(axis=1))


def _f1(sums: "Numbers") -> "Numbers":
    hits, true, given = _parts(sums)
    return _mean_of_defined(_ratio(2 * hits, true + given))


def _recall(sums: "Numbers") -> "Numbers":
    hits, true, _ = _parts(sums)
    return _mean_of_defined(_ratio(hits, true))


def _precision(sums: "Numbers") -> "Numbers":
    hits, _, given = _parts(sums)
    return _mean_of_defined(_ratio(hits, given))


def _entry(name: str, says: str, of: Any, *, is_of_one: bool) -> FigureEntry:
    def make(called: str, options: Options) -> Figure:
        labels = tuple(plain_label(one) for one in options["labels"])
        label = plain_label(options["label"]) if is_of_one else ""
        return summed_figure(called, partial(_built, labels, label, of), unit="share", better="more")

    label_option = (text("label", "billing", required=True),) if is_of_one else ()
    return FigureEntry(name, says, make, (*label_option, _LABELS))


CLASSES: Final = (
    _entry("macro_f1", "The mean of F1 over labels.", _f1, is_of_one=False),
    _entry("balanced_accuracy", "The mean of recall over labels that are right somewhere.", _recall, is_of_one=False),
    _entry("class_f1", "F1 of one label.", _f1, is_of_one=True),
    _entry("class_precision", "How many of those that are given a label have it.", _precision, is_of_one=True),
    _entry("class_recall", "How many of those that have a label are given it.", _recall, is_of_one=True),
)
