"""What may be said of an answer, by whom, and what is shown to whom; without I/O."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plimsoll.kernel.statistics.agreement import Agreement, krippendorff_alpha, nominal, squared

from ._errors import ItemClosedError, LabelUnknownError, NothingToSettleError, OwnLabelError, QueueInvalidError
from ._types import Annotation, Item, Settled, Task

_MOST_ITEMS = 100_000
_MOST_ANNOTATORS = 20
_FEWEST_LABELS = 2


def check_queue(name: str, task: Task, items: Sequence[Item]) -> None:
    """Raises QueueInvalidError."""
    if not items or len(items) > _MOST_ITEMS:
        raise QueueInvalidError(name, f"it would have {len(items):,} answers", f"give it from 1 to {_MOST_ITEMS:,}")
    ids = [item.id for item in items]
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise QueueInvalidError(name, f"the id {twice!r} stands there twice", "give every answer an id of its own")
    if len(task.labels) < _FEWEST_LABELS or len(set(task.labels)) < len(task.labels) or not all(task.labels):
        raise QueueInvalidError(
            name, "it needs at least two labels, each once", "write them from the worst to the best"
        )
    if not 1 <= task.annotators <= _MOST_ANNOTATORS:
        raise QueueInvalidError(
            name, f"{task.annotators} annotators", f"from 1 to {_MOST_ANNOTATORS} label each answer"
        )


def check_label(task: Task, item: Settled, label: str, actor: str) -> None:
    """Whether somebody may label an answer now: until all labels are in they may also correct their own.

    From then on what others said can be seen, so nothing is said any more. Raises LabelUnknownError, ItemClosedError.
    """
    if label not in task.labels:
        raise LabelUnknownError(label, task.labels)
    if item.adjudicated:
        raise ItemClosedError(item.id, "it was settled")
    if item.is_complete:
        mine = "and yours is one of them" if actor in item.labels else "and nobody else is needed"
        raise ItemClosedError(item.id, f"all {item.needed} labels are in, {mine}")


def check_adjudication(task: Task, item: Settled, label: str, actor: str) -> None:
    """Whether somebody may settle an answer. Raises LabelUnknownError, NothingToSettleError and OwnLabelError."""
    if label not in task.labels:
        raise LabelUnknownError(label, task.labels)
    if not item.is_complete:
        raise NothingToSettleError(item.id, f"it has {len(item.labels)} of {item.needed} labels")
    if len(set(item.labels.values())) == 1:
        raise NothingToSettleError(item.id, "all annotators said the same")
    if actor in item.labels:
        raise OwnLabelError(item.id)


def settle(
    task: Task, items: Iterable[tuple[str, str, Item | None]], said: Iterable[Annotation]
) -> tuple[Settled, ...]:
    """What came of each answer, given as id, digest and content; of each person the last word counts."""
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    settled: dict[str, str] = {}
    for one in sorted(said, key=lambda annotation: annotation.sequence):
        if one.given == "label":
            labels[one.item][one.actor] = one.label
        else:
            settled[one.item] = one.label
    return tuple(
        Settled(item, id_, digest, labels.get(id_, {}), settled.get(id_, ""), task.annotators)
        for id_, digest, item in items
    )


def waiting(items: Sequence[Settled], actor: str) -> tuple[Settled, ...]:
    """What is left for a person: first what others began, in an order of their own otherwise."""
    left = [
        item
        for item in items
        if item.item is not None and not item.is_complete and not item.adjudicated and actor not in item.labels
    ]
    return tuple(sorted(left, key=lambda item: (-len(item.labels), _place(actor, item.id))))


def _place(actor: str, item: str) -> bytes:
    return hashlib.sha256(f"{actor}\x00{item}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a queue is, and how far its annotators agree."""

    items: int
    complete: int
    disputed: int
    adjudicated: int
    alpha: Agreement
    """Krippendorff's alpha: with squared distances where there are more than two labels."""
    by_label: dict[str, int]
    """How many answers hold which label."""


def standing(task: Task, items: Sequence[Settled]) -> Standing:
    """Of all answers of a queue; only those with all labels count for the agreement."""
    complete = [item for item in items if item.is_complete]
    distance = nominal if len(task.labels) == _FEWEST_LABELS else squared
    alpha = krippendorff_alpha(
        [[task.share(one) for one in item.labels.values()] for item in complete], distance=distance
    )
    held = [item.label for item in items if item.label]
    return Standing(
        items=len(items),
        complete=len(complete),
        disputed=sum(item.is_disputed for item in items),
        adjudicated=sum(bool(item.adjudicated) for item in items),
        alpha=alpha,
        by_label={label: held.count(label) for label in task.labels},
    )
