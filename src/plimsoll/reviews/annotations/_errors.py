"""What can be wrong with a queue, or with a label for it."""

from collections.abc import Sequence

from plimsoll.kernel.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError
from plimsoll.kernel.words import nearest


class QueueMissingError(NotFoundError):
    """There is no queue of this name."""

    code = "queue_missing"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        near = nearest(name, known)
        listed = f"queues: {', '.join(known)}" if known else "open one with `plimsoll review queue`"
        super().__init__(
            f"there is no review queue {name!r}", hint=f"did you mean `{near}`? {listed}" if near else listed
        )


class QueueExistsError(ConflictError):
    """There is a queue of this name already."""

    code = "queue_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a review queue {name!r} already", hint="a queue never changes: choose another name")


class QueueInvalidError(InvalidError):
    """A queue cannot be opened like this."""

    code = "queue_invalid"

    def __init__(self, name: str, why: str, hint: str) -> None:
        super().__init__(f"the review queue {name!r} cannot be opened: {why}", hint=hint)


class ItemMissingError(NotFoundError):
    """The queue has no such answer."""

    code = "queue_item_missing"

    def __init__(self, queue: str, item: str) -> None:
        super().__init__(
            f"the review queue {queue} has no answer {item!r}", hint=f"see what is next: `plimsoll review next {queue}`"
        )


class LabelUnknownError(InvalidError):
    """It is none of the labels of the queue."""

    code = "queue_label_unknown"

    def __init__(self, label: str, labels: Sequence[str]) -> None:
        super().__init__(f"{label!r} is no label of this queue", hint=f"its labels are: {', '.join(labels)}")


class ItemClosedError(ConflictError):
    """Nothing can be said of an answer any more but by adjudication."""

    code = "queue_item_closed"

    def __init__(self, item: str, why: str) -> None:
        super().__init__(
            f"{item} is closed: {why}",
            hint="where annotators differ, somebody else settles it: `plimsoll review adjudicate`",
        )


class NothingToSettleError(ConflictError):
    """An answer that does not need adjudication."""

    code = "nothing_to_settle"

    def __init__(self, item: str, why: str) -> None:
        super().__init__(f"there is nothing to settle about {item}: {why}", hint="see `plimsoll review agreement`")


class OwnLabelError(DeniedError):
    """Nobody settles a disagreement in which they take part."""

    code = "own_label"

    def __init__(self, item: str) -> None:
        super().__init__(f"you labelled {item} yourself, and cannot settle it", hint="ask somebody else to")


class ItemForgedError(IntegrityError):
    """An answer of a queue is not the one that was queued."""

    code = "queue_item_forged"

    def __init__(self, item: str) -> None:
        super().__init__(
            f"what the review queue says of {item} is not what was queued", hint="run `plimsoll audit verify`"
        )
