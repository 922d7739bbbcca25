"""Calibrations in the database. A row and its ledger entry are one transaction."""

from collections.abc import Iterator

from msgspec import DecodeError, json
from sqlalchemy import Column, Integer, MetaData, RowMapping, Table, Text, select

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import Digest, Json, canonical_json, digest_json
from plimsoll.ledger import Act, By, Claim, Ledger
from plimsoll.storage import Database

from ._record import calibration_of
from ._types import Calibration

_kept = Table(
    "judge_calibration",
    MetaData(),
    Column("sequence", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("judge", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("kept_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
)
_ACT = "judge.calibrate"
_PER_PAGE = 100


class Calibrations:
    """Every calibration of every judge. They are only ever added; of one version the last counts."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def keep(self, app: str, calibration: Calibration, *, by: By) -> Digest:
        """Keep a calibration as evidence, and return its digest."""
        content = canonical_json(calibration.to_json())
        digest = calibration.digest
        facts: dict[str, Json] = {
            "judge": calibration.judge,
            "version": calibration.version,
            "calibration": digest,
            "label_set": calibration.label_set,
        }
        with self._database.write() as connection:
            recorded = self._ledger.append(connection, Act(_ACT, app, by, facts))
            row = {
                "sequence": recorded.sequence,
                "app": app,
                "judge": calibration.judge,
                "version": calibration.version,
                "digest": digest,
                "content": content.decode(),
                "kept_at": to_text(recorded.at),
                "actor": by.actor,
            }
            connection.execute(_kept.insert().values(row))
        return digest

    def by_version(self, app: str) -> dict[str, Calibration]:
        """The last calibration of each version of each judge, for whoever depends on it: it is what the log says.

        Raises IntegrityError when one was changed, made up or taken away, and CalibrationInvalidError.
        """
        with self._database.read() as connection:
            query = select(_kept).where(_kept.c.app == app).order_by(_kept.c.sequence)
            rows = connection.execute(query).mappings().all()
            witness = self._ledger.witness(connection)
            witness.must_say(map(_claim, rows))
            witness.must_miss_none((row["sequence"] for row in rows), (_ACT,), app, {})
        return {row["version"]: calibration_of(json.decode(row["content"])) for row in rows}

    def claims(self) -> Iterator[Claim]:
        """What every row says, in the order of the ledger; read page by page."""
        last = -1
        while True:
            page = select(_kept).where(_kept.c.sequence > last).order_by(_kept.c.sequence).limit(_PER_PAGE)
            with self._database.read() as connection:
                rows = connection.execute(page).mappings().all()
            yield from map(_claim, rows)
            if len(rows) < _PER_PAGE:
                return
            last = rows[-1]["sequence"]


def _claim(row: RowMapping) -> Claim:
    """With the digest and the facts of the content that is there now: a changed content is another claim."""
    content: dict[str, Json] = {}
    try:
        read = json.decode(row["content"])
        digest = digest_json(read)
        content = read if isinstance(read, dict) else {}
    except (DecodeError, ValueError):
        digest = "damaged"
    return Claim(
        sequence=row["sequence"],
        act=_ACT,
        app=row["app"],
        actor=row["actor"],
        at=Claim.moment(row["kept_at"]),
        facts={
            "judge": row["judge"],
            "version": row["version"],
            "calibration": digest if digest == row["digest"] else "damaged",
            "label_set": content.get("label_set"),
        },
        place=f"calibration of {row['judge']} {row['version']}",
    )
