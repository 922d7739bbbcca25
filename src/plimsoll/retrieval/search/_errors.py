"""What can go wrong in a search, beside what the index says."""

from plimsoll.kernel.errors import InvalidError


class RankerFormatError(InvalidError):
    """Something is not a trained ranker."""

    code = "ranker_format"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"this is no ranker that can be read: {reason}", hint="write it with tools/train_ranker.py, or leave it out"
        )
