"""What can go wrong with an answer."""

from datetime import datetime

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.errors import InvalidError


class AnswerExpiryError(InvalidError):
    """An answer whose time is over before it begins, or that has no time at all."""

    code = "answer_expiry"

    def __init__(self, answer: str, expires_at: datetime) -> None:
        what = "that time is over already" if answer == "approve" else "only an approval has an end"
        super().__init__(
            f"a review answer `{answer}` cannot expire at {to_text(expires_at)}: {what}",
            hint="give a moment in the future" if answer == "approve" else "leave the end out",
        )
