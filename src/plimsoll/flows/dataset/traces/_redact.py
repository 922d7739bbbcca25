"""Personal data and secrets out of rows: the same address has the same placeholder in all of them."""

from collections import Counter
from dataclasses import replace
from typing import Final

from plimsoll.datasets import Row
from plimsoll.guardrails import Policy, stops
from plimsoll.guardrails.requests import Placeholders

CHECKS: Final = ("pii", "secrets", "names")


class Redactor:
    """Puts placeholders in the place of what the checks find. Belongs to one dataset."""

    def __init__(self) -> None:
        rules = [{"check": check, "on": ["input"], "action": "redact", "numbered": True} for check in CHECKS]
        self._policy = Policy.from_json("dataset", {"checks": rules})
        self._numbers = Placeholders()
        self.found: Counter[str] = Counter()
        """How much was found, by check and kind."""

    def row(self, row: Row) -> Row | None:
        """The row with placeholders; None where a check gave no answer, so that nobody knows what is in it."""
        texts = [self._clean(text) for text in (row.question, *row.answers)]
        if any(text is None for text in texts):
            return None
        question, *answers = (text or "" for text in texts)
        return replace(row, question=question, answers=tuple(answers))

    def _clean(self, text: str) -> str | None:
        self._numbers.avoid(text)
        review = self._policy.review(text, "input", placeholders=self._numbers)
        if stops(review.action):
            return None
        self.found.update(
            f"{finding.check}.{finding.kind}" for finding in review.findings if finding.action == "redact"
        )
        return review.text
