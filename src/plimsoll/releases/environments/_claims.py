"""What the rows of environments say, to be held against the log: by a verification, and before a release moves."""

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import DecodeError, json

from plimsoll.kernel.digest import Digest, Json, short_name
from plimsoll.ledger import Claim
from plimsoll.ledger.witness import Witness

from .._types import Release


class Row(Protocol):
    """A row as a database gives it."""

    def __getitem__(self, name: str, /) -> Any:
        """The value of a column."""


_ADOPTIONS = ("policy.adopt",)
_MOVES = ("environment.ship", "environment.rollback", "environment.split", "environment.unsplit")


def move_claim(row: Row) -> Claim:
    """What the row of a move says."""
    return Claim(
        sequence=row["sequence"],
        act=f"environment.{row['move']}",
        app=row["app"],
        actor=row["actor"],
        at=Claim.moment(row["moved_at"]),
        facts={
            "environment": row["environment"],
            "move": row["move"],
            "from": row["from_release"],
            "to": row["to_release"],
            "share": row["share"],
        },
        place=f"{row['move']} of {row['app']} in {row['environment']}",
    )


def policy_claim(row: Row) -> Claim:
    """What the row of a policy says."""
    return Claim(
        sequence=row["sequence"],
        act="policy.adopt",
        app=row["app"],
        actor=row["actor"],
        at=Claim.moment(row["adopted_at"]),
        facts={"environment": row["environment"], "policy": _policy_content(row["policy"])},
        place=f"policy of {row['app']} in {row['environment']}",
    )


def trust_pointer(witness: Witness, pointer: Row, last: Row | None) -> None:
    """Raises IntegrityError unless an environment's pointer is where the log says that its last move put it."""
    place = f"the pointer of {pointer['app']} in {pointer['name']}"
    split = pointer["candidate"] is not None
    facts: dict[str, Json] = {"environment": pointer["name"], "to": pointer["candidate" if split else "live"]}
    if split:
        facts |= {"from": pointer["live"], "share": pointer["candidate_share"]}
    moved = "unknown" if last is None or last["sequence"] != pointer["sequence"] else last["move"]
    if split != (moved == "split"):
        moved = "unknown"
    witness.must_say([Claim(pointer["sequence"], f"environment.{moved}", pointer["app"], None, None, facts, place)])


def trust_release(witness: Witness, release: Release) -> None:
    """Raises IntegrityError unless the log says who made a release: nobody may approve their own.

    A draft has no entry of its making; no rule lets it move.
    """
    if not release.manifest.evidence:
        return
    act = "release.import" if release.origin else "release.freeze"
    digest = release.manifest.digest
    place = f"release {short_name('r', digest)}"
    facts: dict[str, Json] = {"release": digest}
    witness.must_say([Claim(release.sequence, act, release.manifest.app, release.author, None, facts, place)])


def trust_policies(witness: Witness, app: str, rows: Sequence[Row]) -> None:
    """Raises IntegrityError unless the policies of an application are exactly the ones that were adopted last."""
    witness.must_say(map(policy_claim, rows))
    sequences = [row["sequence"] for row in rows]
    adopted = witness.entries(_ADOPTIONS, app)
    newest = {str(entry.facts["environment"]): entry.sequence for entry in adopted}
    for environment, sequence in newest.items():
        facts: dict[str, Json] = {"environment": environment}
        witness.must_miss_none(sequences, _ADOPTIONS, app, facts, after=sequence - 1)


def trust_ship(witness: Witness, release: Digest, rows: Sequence[Row]) -> None:
    """Raises IntegrityError unless the log says that a release, to which a rollback leads, was once shipped there."""
    witness.must_say(move_claim(row) for row in rows if (row["move"], row["to_release"]) == ("ship", release))


def trust_moves(witness: Witness, release: Release, environment: str, rows: Sequence[Row]) -> None:
    """Raises IntegrityError unless the moves of an environment that a release is judged by are those of the log."""
    digest = release.manifest.digest
    witness.must_say(move_claim(row) for row in rows if digest in {row["from_release"], row["to_release"]})
    # A move that was taken away could hide that a release was live before, and needs new approvals.
    sequences = [row["sequence"] for row in rows]
    facts: dict[str, Json] = {"environment": environment}
    witness.must_miss_none(sequences, _MOVES, release.manifest.app, facts, after=release.sequence)


def _policy_content(text: str) -> Json:
    """What a policy's row says; a damaged one as it stands there."""
    try:
        content: Json = json.decode(text)
    except DecodeError:
        return text
    return content
