"""Feedback in the database of traces: it goes when its trace goes."""

from sqlalchemy import Column, Float, MetaData, RowMapping, Table, Text, select

from plimsoll.kernel.clock import from_text, to_text, utc_now
from plimsoll.kernel.ids import new_trace_id
from plimsoll.kernel.mention import Mention
from plimsoll.storage import Database

from ._types import Feedback, Judgement

_feedback = Table(
    "feedback",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("trace_id", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("score", Float),
    Column("label", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("by_actor", Text, nullable=False),
    Column("user_id", Text, nullable=False),
)


class FeedbackBook:
    """Every judgement of an answer that is still there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, said: Feedback) -> Judgement:
        """Keep a judgement; of one answer there may be many. Whether the trace is there is the caller's question."""
        judgement = Judgement(new_trace_id(), utc_now(), said)
        with self._database.write() as connection:
            connection.execute(_feedback.insert().values(_row(judgement)))
        return judgement

    def of_trace(self, trace: str) -> tuple[Judgement, ...]:
        """What was said of an answer, oldest first."""
        query = select(_feedback).where(_feedback.c.trace_id == trace).order_by(_feedback.c.at, _feedback.c.id)
        with self._database.read() as connection:
            return tuple(_judgement(row) for row in connection.execute(query).mappings())

    def count_subject(self, identifier: str) -> int:
        """How many judgements `purge_subject` would forget."""
        return len(self._of_subject(identifier))

    def purge_subject(self, identifier: str) -> int:
        """Forget what a person said, and what was said of them; says how many judgements that were."""
        ids = self._of_subject(identifier)
        with self._database.write() as connection:
            connection.execute(_feedback.delete().where(_feedback.c.id.in_(ids)))
        if ids:
            self._database.scrub()
        return len(ids)

    def _of_subject(self, identifier: str) -> list[str]:
        mention = Mention(identifier)
        with self._database.read() as connection:
            rows = connection.execute(select(_feedback)).mappings().all()
        return [row["id"] for row in rows if _is_about(mention, row)]


def _is_about(mention: Mention, row: RowMapping) -> bool:
    if mention.is_exactly(row["user_id"]):
        return True
    # Joined by a character that folding leaves alone, so that nothing is found across two columns.
    said = "\0".join((row["user_id"], row["label"], row["comment"]))
    return mention.is_searchable and mention.in_text(said)


def _row(judgement: Judgement) -> dict[str, object]:
    said = judgement.said
    return {
        "id": judgement.id,
        "trace_id": said.trace,
        "at": to_text(judgement.at),
        "score": said.score,
        "label": said.label,
        "comment": said.comment,
        "by_actor": said.by,
        "user_id": said.user,
    }


def _judgement(row: RowMapping) -> Judgement:
    said = Feedback(row["trace_id"], row["score"], row["label"], row["comment"], row["by_actor"], row["user_id"])
    return Judgement(row["id"], from_text(row["at"]), said)
