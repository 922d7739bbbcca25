"""Feedback in the database of traces: it goes when its trace goes."""

import base64
from dataclasses import replace

from msgspec import json
from sqlalchemy import Column, Float, MetaData, RowMapping, Table, Text, select

from plimsoll.kernel.clock import from_text, to_text, utc_now
from plimsoll.kernel.errors import PlimsollError
from plimsoll.kernel.ids import new_trace_id
from plimsoll.kernel.mention import Mention
from plimsoll.storage import Database

from .._capture import Capture
from ._types import Feedback, Judgement

_SEALED, _PLAIN = "sealed:", "plain:"
"""How a comment begins that holds label and comment encrypted, in base64; and one that begins like either by itself."""

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
    """Every judgement of an answer that is still there. Of words is kept what is kept of those in the trace."""

    def __init__(self, database: Database, capture: Capture | None = None) -> None:
        self._database = database
        self._capture = capture or Capture()

    def keep(self, said: Feedback, environment: str = "") -> Judgement:
        """Keep a judgement of an answer in an environment; of one answer there may be many.

        Returns it as it is kept. Whether the trace is there is the caller's question.
        """
        level = self._capture.level(said.trace, environment)
        label, comment = self._capture.of_name(level, said.label), self._capture.of_text(level, said.comment)
        judgement = Judgement(new_trace_id(), utc_now(), replace(said, label=label, comment=comment))
        row = _row(judgement)
        if level == "sealed":
            row |= {"label": "", "comment": self._sealed(judgement.said)}
        with self._database.write() as connection:
            connection.execute(_feedback.insert().values(row))
        return judgement

    def about(self, identifier: str) -> tuple[Judgement, ...]:
        """What a person said, and what mentions them, oldest first."""
        mention = Mention(identifier)
        query = select(_feedback).order_by(_feedback.c.at, _feedback.c.id)
        with self._database.read() as connection:
            kept = map(self._judgement, connection.execute(query).mappings())
            return tuple(judgement for judgement in kept if _is_about(mention, judgement.said))

    def of_trace(self, trace: str) -> tuple[Judgement, ...]:
        """What was said of an answer, oldest first."""
        query = select(_feedback).where(_feedback.c.trace_id == trace).order_by(_feedback.c.at, _feedback.c.id)
        with self._database.read() as connection:
            return tuple(map(self._judgement, connection.execute(query).mappings()))

    def count_subject(self, identifier: str) -> int:
        """How many judgements `purge_subject` would forget."""
        return len(self.about(identifier))

    def purge_subject(self, identifier: str) -> int:
        """Forget what a person said, and what was said of them; says how many judgements that were."""
        ids = [judgement.id for judgement in self.about(identifier)]
        with self._database.write() as connection:
            connection.execute(_feedback.delete().where(_feedback.c.id.in_(ids)))
        if ids:
            self._database.scrub()
        return len(ids)

    def _sealed(self, said: Feedback) -> str:
        words = json.encode([said.label, said.comment])
        seal = self._capture.seal
        return _SEALED + base64.b64encode(words if seal is None else seal(said.user or said.by, words)).decode()

    def _judgement(self, row: RowMapping) -> Judgement:
        label, comment = row["label"], row["comment"]
        if comment.startswith(_SEALED):
            label, comment = self._opened(row)
        said = Feedback(
            row["trace_id"], row["score"], label, comment.removeprefix(_PLAIN), row["by_actor"], row["user_id"]
        )
        return Judgement(row["id"], from_text(row["at"]), said)

    def _opened(self, row: RowMapping) -> tuple[str, str]:
        """Label and comment of a sealed judgement; empty when nobody can open it any more."""
        if self._capture.unseal is None:
            return "", ""
        sealed = base64.b64decode(row["comment"].removeprefix(_SEALED))
        try:
            label, comment = json.decode(self._capture.unseal(row["user_id"] or row["by_actor"], sealed))
        except PlimsollError:
            return "", ""
        # It is told apart by how it begins, and has said enough by now.
        return label, _PLAIN + comment


def _is_about(mention: Mention, said: Feedback) -> bool:
    if mention.is_exactly(said.user):
        return True
    # Joined by a character that folding leaves alone, so that nothing is found across two columns.
    return mention.is_searchable and mention.in_text(f"{said.user}\0{said.label}\0{said.comment}")


def _row(judgement: Judgement) -> dict[str, object]:
    said = judgement.said
    return {
        "id": judgement.id,
        "trace_id": said.trace,
        "at": to_text(judgement.at),
        "score": said.score,
        "label": said.label,
        "comment": _PLAIN + said.comment if said.comment.startswith((_SEALED, _PLAIN)) else said.comment,
        "by_actor": said.by,
        "user_id": said.user,
    }
