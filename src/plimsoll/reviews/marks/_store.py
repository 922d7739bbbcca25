"""Marks in the ledger."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct, convert

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Json
from plimsoll.ledger import Act, By, Entry, Ledger

from ._types import Mark, Marked, Said

_ACT = "trigger.mark"


class _Facts(Struct):
    """What an entry says, as it is read again."""

    trace: str
    happened_at: str
    endpoint: str
    stage: str
    check: str
    kind: str
    action: str
    version: str
    score: float
    said: Said


class Marks:
    """Every mark. Marks are only ever added; `settled` says what they mean together."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def add(self, about: Sequence[Marked], said: Said, *, by: By, note: str = "") -> tuple[Mark, ...]:
        """Write down what a person says of some triggers, all or none of them.

        The note is sealed for who wrote it, and stands nowhere else.
        """
        private = {"note": note} if note else {}
        acts = [Act(_ACT, one.app, by, _facts(one, said), private) for one in about]
        recorded = self._ledger.record(acts)
        return tuple(
            Mark(entry.sequence, one, said, by.actor, by.via, entry.at, note)
            for entry, one in zip(recorded, about, strict=True)
        )

    def all(self, app: str, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[Mark]:
        """The marks of triggers in an application's requests, oldest first, without their notes.

        `since` and `until` (not included) are about when the requests began, not when they were marked.
        """
        for entry in self._ledger.entries(act=_ACT, app=app):
            mark = _mark(entry)
            happened_at = mark.about.happened_at
            if (since is None or happened_at >= since) and (until is None or happened_at < until):
                yield mark

    def of_trace(self, app: str, trace: str) -> tuple[Mark, ...]:
        """The marks of one request, oldest first, with their notes."""
        found = [mark for mark in self.all(app) if mark.about.trace == trace]
        notes = self._ledger.private(mark.sequence for mark in found)
        return tuple(
            Mark(one.sequence, one.about, one.said, one.actor, one.via, one.at, _note(notes.get(one.sequence)))
            for one in found
        )


def _note(private: dict[str, str] | None) -> str | None:
    return None if private is None else private.get("note", "")


def _facts(about: Marked, said: Said) -> dict[str, Json]:
    return {
        "trace": about.trace,
        "happened_at": to_text(about.happened_at),
        "endpoint": about.endpoint,
        "stage": about.stage,
        "check": about.check,
        "kind": about.kind,
        "action": about.action,
        "version": about.version,
        "score": about.score,
        "said": said,
    }


def _mark(entry: Entry) -> Mark:
    facts = convert(entry.facts, _Facts)
    about = Marked(
        entry.app,
        facts.trace,
        from_text(facts.happened_at),
        facts.endpoint,
        facts.stage,
        facts.check,
        facts.kind,
        facts.action,
        facts.version,
        facts.score,
    )
    return Mark(entry.sequence, about, facts.said, entry.actor, entry.via, entry.at)
