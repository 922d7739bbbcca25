"""Pseudonyms and keys in the key store, every key wrapped by the installation's own."""

import hmac
import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, Text, select

from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.storage import Database

from .._seal import lookup_code, new_key, open_sealed, seal, unwrap_key, wrap_key

_metadata = MetaData()

_subject = Table(
    "subject_key",
    _metadata,
    Column("subject", Text, primary_key=True),
    Column("lookup", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("identifier", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
)

_PER_QUERY = 500


class Subjects:
    """Who stands behind each pseudonym, for as long as nobody asked to be forgotten."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key
        self._lookup_key = hmac.digest(key, b"plimsoll: lookup of subjects", "sha256")

    def subject(self, identifier: str) -> str:
        """The pseudonym of a person (a user name, an e-mail address), made when there is none yet."""
        found = self.find(identifier)
        return self._add(identifier) if found is None else found

    def find(self, identifier: str) -> str | None:
        """The pseudonym of a person; None for one who is not known, or was erased."""
        with self._database.read() as connection:
            return self._find(connection, identifier)

    def names(self, subjects: Iterable[str]) -> dict[str, str]:
        """The identifiers behind pseudonyms; those of erased people are absent."""
        wanted = sorted(set(subjects))
        named: dict[str, str] = {}
        with self._database.read() as connection:
            for first in range(0, len(wanted), _PER_QUERY):
                query = select(_subject).where(_subject.c.subject.in_(wanted[first : first + _PER_QUERY]))
                for row in connection.execute(query).mappings():
                    key = unwrap_key(self._key, row["wrapped"], row["subject"])
                    named[row["subject"]] = open_sealed(key, row["identifier"], _name_record(row["subject"])).decode()
        return named

    def key(self, subject: str) -> bytes | None:
        """The key that seals what is private about a subject; None when it was destroyed."""
        with self._database.read() as connection:
            wrapped = connection.scalar(select(_subject.c.wrapped).where(_subject.c.subject == subject))
        return None if wrapped is None else unwrap_key(self._key, wrapped, subject)

    def destroy(self, subject: str) -> bool:
        """Destroy a subject's key and identifier for good; False when there was none."""
        with self._database.write() as connection:
            done = connection.execute(_subject.delete().where(_subject.c.subject == subject)).rowcount > 0
        self._database.scrub()
        return done

    def _find(self, connection: Connection, identifier: str) -> str | None:
        code = lookup_code(self._lookup_key, identifier)
        found: str | None = connection.scalar(select(_subject.c.subject).where(_subject.c.lookup == code))
        return found

    def _add(self, identifier: str) -> str:
        subject = f"s-{secrets.token_hex(8)}"
        key = new_key()
        values: dict[str, Any] = {
            "subject": subject,
            "lookup": lookup_code(self._lookup_key, identifier),
            "wrapped": wrap_key(self._key, key, subject),
            "identifier": seal(key, identifier.encode(), _name_record(subject)),
            "created_at": to_text(utc_now()),
        }
        with self._database.write() as connection:
            # Another process may have added the same person since we looked.
            found = self._find(connection, identifier)
            if found is None:
                connection.execute(_subject.insert().values(values))
        return subject if found is None else found


def _name_record(subject: str) -> str:
    return f"subject:{subject}"
