"""Answers of reviewers in the database. A row and its ledger entry are one transaction."""

from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct, json
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    RowMapping,
    Select,
    Table,
    Text,
    column,
    select,
    table,
)

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Digest, Json
from plimsoll.ledger import Act, By, Claim, Ledger
from plimsoll.storage import Database

from ._errors import AnswerExpiryError
from ._types import Answer, Question, ReviewAnswer

_answer = Table(
    "review_answer",
    MetaData(),
    Column("sequence", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_at", Text, nullable=False),
    Column("expires_at", Text),
)
# How an actor was recognised is written down in the entry alone. It is read with the row, on the same connection,
# because whoever holds the write lock must not wait for a second one.
_entry = table("ledger_entry", column("sequence", Integer), column("body", Text))

_PER_PAGE = 1000
_ACTS = ("review.approve", "review.refuse", "review.withdraw")

Guard = Callable[[Connection], None]
"""A check of another room, made inside the transaction that it guards; it raises to refuse."""


class Reviews:
    """Every answer that a person gave to the question whether something may come to a place."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def answer(
        self,
        question: Question,
        answer: Answer,
        *,
        by: By,
        reason: str = "",
        expires_at: datetime | None = None,
        guard: Guard | None = None,
    ) -> ReviewAnswer:
        """Write an answer down. The reason is sealed in the ledger for its author, and stands nowhere else.

        `expires_at` is until when an approval counts. `guard` is called first, inside the same transaction.
        Raises AnswerExpiryError, and whatever `guard` raises; then nothing was written.
        """
        ends = None if expires_at is None else to_text(expires_at)
        facts: dict[str, Json] = {"subject": question.subject, "place": question.place, "expires_at": ends}
        with self._database.write() as connection:
            if guard is not None:
                guard(connection)
            act = Act(_act(answer), question.app, by, facts, {"reason": reason} if reason else {})
            recorded = self._ledger.append(connection, act)
            if expires_at is not None and (answer != "approve" or expires_at <= recorded.at):
                raise AnswerExpiryError(answer, expires_at)
            given = ReviewAnswer(
                sequence=recorded.sequence,
                app=question.app,
                subject=question.subject,
                place=question.place,
                actor=by.actor,
                answer=answer,
                answered_at=recorded.at,
                expires_at=expires_at,
                via=by.via,
            )
            connection.execute(_answer.insert().values(_values(given)))
        return given

    def answers(self, app: str, subject: Digest, place: str) -> tuple[ReviewAnswer, ...]:
        """The answers to one question, oldest first."""
        with self._database.read() as connection:
            return self.answers_in(connection, app, subject, place)

    def answers_in(self, connection: Connection, app: str, subject: Digest, place: str) -> tuple[ReviewAnswer, ...]:
        """The answers to one question, oldest first, inside the transaction of another store."""
        return _read(connection, _query().where(_about(Question(app, subject, place))))

    def trusted_in(self, connection: Connection, question: Question, *, since: int = -1) -> tuple[ReviewAnswer, ...]:
        """The answers to one question, oldest first, for whoever depends on them: each is what the log says.

        `since` is the entry before which nobody can have answered. Raises IntegrityError when an answer was changed,
        made up or taken away.
        """
        rows = connection.execute(_query().where(_about(question))).mappings().all()
        witness = self._ledger.witness(connection)
        witness.must_say(map(_claim, rows))
        facts = {"subject": question.subject, "place": question.place}
        witness.must_miss_none((row["sequence"] for row in rows), _ACTS, question.app, facts, after=since)
        return tuple(map(_to_answer, rows))

    def answers_for_app(self, app: str) -> tuple[ReviewAnswer, ...]:
        """Every answer about an application, oldest first."""
        with self._database.read() as connection:
            return _read(connection, _query().where(_answer.c.app == app))

    def claims(self) -> Iterator[Claim]:
        """What every row says, in the order of the ledger; read page by page."""
        last = -1
        while True:
            page = select(_answer).where(_answer.c.sequence > last).order_by(_answer.c.sequence).limit(_PER_PAGE)
            with self._database.read() as connection:
                rows = connection.execute(page).mappings().all()
            yield from map(_claim, rows)
            if len(rows) < _PER_PAGE:
                return
            last = rows[-1]["sequence"]


class _Recognised(Struct):
    """The one part of a ledger entry that is read here."""

    via: str


def _act(answer: str) -> str:
    return f"review.{answer}"


def _about(question: Question) -> ColumnElement[bool]:
    columns = _answer.c
    asked = (columns.subject == question.subject) & (columns.place == question.place)
    return (columns.app == question.app) & asked


def _query() -> Select[tuple[object, ...]]:
    entry = _answer.outerjoin(_entry, _entry.c.sequence == _answer.c.sequence)
    return select(*_answer.c, _entry.c.body).select_from(entry).order_by(_answer.c.sequence)


def _read(connection: Connection, query: Select[tuple[object, ...]]) -> tuple[ReviewAnswer, ...]:
    return tuple(_to_answer(row) for row in connection.execute(query).mappings())


def _to_answer(row: RowMapping) -> ReviewAnswer:
    expires_at = row["expires_at"]
    return ReviewAnswer(
        sequence=row["sequence"],
        app=row["app"],
        subject=row["subject"],
        place=row["place"],
        actor=row["actor"],
        answer=row["answer"],
        answered_at=from_text(row["answered_at"]),
        expires_at=None if expires_at is None else from_text(expires_at),
        # A row without its entry proves nobody's identity; verification names it.
        via="" if row["body"] is None else json.decode(row["body"], type=_Recognised).via,
    )


def _values(answer: ReviewAnswer) -> dict[str, str | int | None]:
    return {
        "sequence": answer.sequence,
        "app": answer.app,
        "subject": answer.subject,
        "place": answer.place,
        "actor": answer.actor,
        "answer": answer.answer,
        "answered_at": to_text(answer.answered_at),
        "expires_at": None if answer.expires_at is None else to_text(answer.expires_at),
    }


def _claim(row: RowMapping) -> Claim:
    return Claim(
        sequence=row["sequence"],
        act=_act(row["answer"]),
        app=row["app"],
        actor=row["actor"],
        at=Claim.moment(row["answered_at"]),
        facts={"subject": row["subject"], "place": row["place"], "expires_at": row["expires_at"]},
        place=f"review answer of {row['subject'][:19]} for {row['place']}",
    )
