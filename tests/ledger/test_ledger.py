"""The ledger in the database: what an entry says, what is sealed, what is proven, and what is never added to."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import digest as hmac_digest
from pathlib import Path

import pytest
from sqlalchemy import column, delete, insert, select, table, text, update

from plimsoll.kernel.digest import Json, canonical_json
from plimsoll.kernel.errors import ConflictError, IntegrityError, UnavailableError
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import Act, By, Ledger, Subjects, open_checkpoint
from plimsoll.ledger._errors import ClockBackwardsError, HeadInvalidError
from plimsoll.ledger._merkle import Frontier, leaf_hash, verify_consistency, verify_inclusion
from plimsoll.storage import Database
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS

KEEPER = By("s-00000000000000aa")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HEAD = table("ledger_head", *map(column, ("id", "size", "frontier", "last_at", "checkpoint")))
TABLES = ("ledger_entry", "ledger_tile", "ledger_head", "ledger_payload")


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(records: Database, keys_database: Database, clock: Clock) -> Ledger:
    key = SigningKey.generate("plimsoll/00c0ffee")
    return Ledger(records, Subjects(keys_database, bytes(range(32))), key, clock=clock)


def act(number: int = 1, by: By = KEEPER, **private: str) -> Act:
    facts: dict[str, Json] = {"number": number, "digest": "sha256:é"}
    return Act("test.act", "harbour", by, facts, private)


def fill(ledger: Ledger, count: int) -> None:
    """As many entries as that, the first one included."""
    ledger.record([act(number) for number in range(1, count)])


def stored(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the ledger's tables."""
    with database.read() as connection:
        return {
            name: sorted(tuple(row) for row in connection.execute(select(text("*")).select_from(table(name))))
            for name in TABLES
        }


def change(database: Database, statement: str) -> None:
    with database.write() as connection:
        assert connection.exec_driver_sql(statement).rowcount >= 1, "nothing was tampered with"


def reopened(ledger: Ledger) -> Ledger:
    """The ledger as another process sees it: nothing is remembered."""
    return Ledger(ledger._database, ledger._subjects, ledger.key)


def test_an_entry_is_one_line_of_canonical_json(timed: Ledger) -> None:
    by = By(timed.subject("anna"), "key:pk_1")
    (recorded,) = timed.record([act(7, by, reason="The spring tariff.")])
    line = list(timed.lines())[recorded.sequence]
    content = json.loads(line)
    sealed = content.pop("sealed")
    assert content == {
        "v": 1,
        "sequence": 1,
        "at": "2026-03-04T12:00:00.000000Z",
        "act": "test.act",
        "app": "harbour",
        "actor": by.actor,
        "via": "key:pk_1",
        "facts": {"number": 7, "digest": "sha256:é"},
    }
    assert canonical_json({**content, "sealed": sealed}).decode() == line
    (opening,) = timed.openings([1])
    nonce = bytes.fromhex(opening.nonce)
    assert len(nonce) == 32
    assert sealed == f"hmac-sha256:{hmac_digest(nonce, canonical_json({'reason': 'The spring tariff.'}), sha256).hex()}"
    (entry,) = timed.entries(1)
    assert opening.fits(entry)


def test_the_first_entry_says_who_signs(ledger: Ledger) -> None:
    assert (ledger.size(), ledger.checkpoint(), list(ledger.lines())) == (0, "", [])
    recorded = ledger.record([act(), act()])
    assert [each.sequence for each in recorded] == [1, 2]
    start = next(ledger.entries())
    assert (start.sequence, start.act, start.app, start.actor, start.sealed) == (0, "ledger.start", "", "system", None)
    assert start.facts == {"format": 1, "origin": ledger.key.name, "vkey": ledger.key.verifier.text()}


def test_the_checkpoint_covers_every_line(ledger: Ledger) -> None:
    for count in range(1, 6):
        ledger.record([act(count)])
        head = open_checkpoint(ledger.checkpoint(), [ledger.key.verifier])
        tree = Frontier.empty().extend(line.encode() for line in ledger.lines())
        assert (head.origin, head.size, head.root) == (ledger.key.name, ledger.size(), tree.root())
    with pytest.raises(IntegrityError):
        open_checkpoint(ledger.checkpoint(), [SigningKey.generate(ledger.key.name).verifier])


def test_nothing_is_written_for_no_act(ledger: Ledger) -> None:
    assert ledger.record([]) == ()
    assert ledger.size() == 0


def test_an_act_is_undone_with_its_transaction(ledger: Ledger, records: Database) -> None:
    by = By(ledger.subject("anna"))
    ledger.record([act()])
    before = stored(records)

    def fails() -> None:
        with records.write() as connection:
            ledger.append(connection, act(by=by, reason="never"))
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    assert stored(records) == before
    assert ledger.record([act()])[0].sequence == 2


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 255, 256, 257, 300, 700])
def test_every_entry_is_proven_at_every_size(ledger: Ledger, size: int) -> None:
    if size == 1:
        # A ledger begins with its start and the first act.
        ledger.record([act()])
    else:
        fill(ledger, size)
    lines = [line.encode() for line in ledger.lines()][:size]
    root = Frontier.empty().extend(lines).root()
    step = max(1, size // 40)
    for index in [*range(0, size, step), size - 1]:
        proof = ledger.inclusion(index, size)
        assert verify_inclusion(leaf_hash(lines[index]), index, size, proof, root)
        assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, root)
    for index in (size, -1):
        with pytest.raises(ValueError, match="no leaf"):
            ledger.inclusion(index, size)


def test_every_older_tree_is_the_beginning_of_every_newer_one(ledger: Ledger) -> None:
    fill(ledger, 40)
    lines = [line.encode() for line in ledger.lines()]
    roots = [Frontier.empty().extend(lines[:size]).root() for size in range(len(lines) + 1)]
    for new in range(len(lines) + 1):
        for old in range(new + 1):
            proof = ledger.consistency(old, new)
            assert verify_consistency(old, roots[old], new, roots[new], proof)
            if 0 < old < new:
                assert not verify_consistency(old, roots[old - 1], new, roots[new], proof)


def test_no_proof_is_made_for_a_size_that_is_not_there(ledger: Ledger) -> None:
    fill(ledger, 4)
    with pytest.raises(ValueError, match="has 4 entries, not 5"):
        ledger.inclusion(0, 5)
    with pytest.raises(ValueError, match="has 4 entries, not 5"):
        ledger.consistency(2, 5)


def test_tiles_are_kept_and_used_beyond_65536_entries(tmp_path: Path) -> None:
    records, keys = Database(tmp_path / "r.db", RECORDS, durability="normal"), Database(tmp_path / "k.db", KEYS)
    ledger = Ledger(records, Subjects(keys, bytes(32)), SigningKey.generate("plimsoll/00c0ffee"))
    short = Act("t", "", KEEPER, {})
    ledger.record([short] * 65_000)
    ledger.record([short] * 700)
    size = ledger.size()
    assert size == 65_701
    with records.read() as connection:
        rows = connection.exec_driver_sql("SELECT level, count(*) FROM ledger_tile GROUP BY level")
        tiles = {row[0]: row[1] for row in rows}
    assert tiles == {8: 256, 16: 1}
    leaves = [line.encode() for line in ledger.lines()]
    old, new = Frontier.empty().extend(leaves[:65_536]), Frontier.empty().extend(leaves)
    for index in (0, 255, 256, 65_535, 65_536, size - 1):
        assert verify_inclusion(leaf_hash(leaves[index]), index, size, ledger.inclusion(index), new.root())
    assert verify_consistency(65_536, old.root(), size, new.root(), ledger.consistency(65_536))
    assert list(ledger.strays()) == []
    records.close()
    keys.close()


TAMPERING = {
    "size": "UPDATE ledger_head SET size = size + 1",
    "frontier of another tree": "UPDATE ledger_head SET frontier = substr(frontier, 1, length(frontier) - 1)"
    " || CASE substr(frontier, length(frontier), 1) WHEN '0' THEN '1' ELSE '0' END",
    "frontier that is none": "UPDATE ledger_head SET frontier = 'x'",
    "signature": "UPDATE ledger_head SET checkpoint = replace(checkpoint, 'plimsoll/00c0ffee ', 'plimsoll/00c0ffee A')",
    "head deleted": "DELETE FROM ledger_head",
    "head under another number": "UPDATE ledger_head SET id = 2",
    "last entry deleted": "DELETE FROM ledger_entry WHERE sequence = 4",
    "all entries deleted": "DELETE FROM ledger_entry",
    "entry added at the end": "INSERT INTO ledger_entry SELECT 5, act, app, body FROM ledger_entry WHERE sequence = 4",
}


@pytest.mark.parametrize("tampering", TAMPERING.values(), ids=TAMPERING)
@pytest.mark.parametrize("again", [False, True], ids=["same process", "another process"])
def test_nothing_is_added_to_a_changed_head(ledger: Ledger, records: Database, tampering: str, *, again: bool) -> None:
    fill(ledger, 5)
    change(records, tampering)
    before = stored(records)
    writer = reopened(ledger) if again else ledger
    with pytest.raises(IntegrityError):
        writer.record([act(reason="")])
    assert stored(records) == before
    assert list(ledger.strays())


def test_an_older_checkpoint_in_place_of_the_newest_is_refused(ledger: Ledger, records: Database) -> None:
    fill(ledger, 3)
    older = ledger.checkpoint()
    ledger.record([act()])
    with records.write() as connection:
        connection.execute(update(HEAD).values(checkpoint=older))
    before = stored(records)
    with pytest.raises(HeadInvalidError, match="not the one that was signed"):
        ledger.record([act()])
    assert stored(records) == before
    assert list(ledger.strays()) == ["the newest checkpoint is of other entries: it counts 3"]


def test_an_older_head_does_not_hide_the_entries_after_it(ledger: Ledger, records: Database) -> None:
    fill(ledger, 3)
    (old,) = stored(records)["ledger_head"]
    ledger.record([act(), act()])
    with records.write() as connection:
        connection.execute(delete(HEAD))
        connection.execute(insert(HEAD).values(dict(zip(HEAD.c.keys(), old, strict=True))))
    with pytest.raises(HeadInvalidError, match="counts 3 entries, and the last one is 4"):
        reopened(ledger).record([act()])
    assert "there is an entry with the number 4, and the head counts 3 entries" in list(ledger.strays())


STRAYS = {
    "UPDATE ledger_entry SET act = 'version.collect' WHERE sequence = 3": "entry 3 is filed under another",
    "UPDATE ledger_entry SET app = 'other' WHERE sequence = 3": "entry 3 is filed under another",
    "UPDATE ledger_head SET last_at = '2020-01-01T00:00:00.000000Z'": "the stored head is not that of the entries",
    "UPDATE ledger_tile SET hash = substr(hash, 2) || substr(hash, 1, 1) WHERE position = 0": "node 0 of level 8",
    "UPDATE ledger_tile SET position = 9 WHERE position = 1": "node 1 of level 8",
    "UPDATE ledger_tile SET level = 16 WHERE position = 1": "node 1 of level 8",
    "DELETE FROM ledger_tile WHERE position = 0": "node 0 of level 8",
    "INSERT INTO ledger_tile VALUES (8, 2, 'ab')": "3 nodes of the tree are stored, and 2 belong",
    "DELETE FROM ledger_entry WHERE sequence = 3": "the stored head is not that of the entries",
    "UPDATE ledger_entry SET body = '{' WHERE sequence = 3": "the stored head is not that of the entries",
    "UPDATE ledger_payload SET sequence = 9999": "sealed content with the number 9999",
}


@pytest.mark.parametrize(("tampering", "said"), STRAYS.items())
def test_what_is_stored_around_the_entries_is_checked(
    ledger: Ledger, records: Database, tampering: str, said: str
) -> None:
    ledger.record([act(by=By(ledger.subject("anna")), reason="because")])
    fill(ledger, 520)
    assert list(ledger.strays()) == []
    change(records, tampering)
    assert any(said in sentence for sentence in ledger.strays())


def test_a_clock_that_goes_far_back_stops_everything(timed: Ledger, clock: Clock, records: Database) -> None:
    timed.record([act()])
    before = stored(records)
    clock.now = NOON - timedelta(seconds=10, microseconds=1)
    with pytest.raises(ClockBackwardsError, match=r"the clock says 2026-03-04T11:59:49\.999999Z") as caught:
        timed.record([act(reason="")])
    assert isinstance(caught.value, UnavailableError)
    assert stored(records) == before
    clock.now = NOON + timedelta(seconds=1)
    assert timed.record([act()])[0].at == clock.now


def test_times_never_decrease_where_the_clock_goes_back_a_little(timed: Ledger, clock: Clock) -> None:
    for seconds in (0, -10, -3, 4, 2):
        clock.now = NOON + timedelta(seconds=seconds)
        timed.record([act()])
    times = [entry.at for entry in timed.entries()]
    assert times == sorted(times)
    assert times[1:4] == [NOON] * 3
    assert times[4:] == [NOON + timedelta(seconds=4)] * 2


def test_private_content_opens_until_it_is_erased(ledger: Ledger) -> None:
    anna, ben = By(ledger.subject("anna")), By(ledger.subject("ben"))
    told = ledger.record(
        [act(1, anna, reason="hers"), act(2, ben, reason="his"), act(3, anna), act(4, anna, reason="")]
    )
    sequences = [each.sequence for each in told]
    assert ledger.private(sequences) == {1: {"reason": "hers"}, 2: {"reason": "his"}, 3: {}, 4: {}}
    assert [entry.sealed is not None for entry in ledger.entries(1)] == [True, True, False, False]
    before, note = list(ledger.lines()), ledger.checkpoint()
    erased = ledger.erase(anna.actor, {"basis": "art. 17"}, by=ben)
    assert ledger.private(sequences) == {2: {"reason": "his"}, 3: {}, 4: {}}
    assert [opening.sequence for opening in ledger.openings(sequences)] == [2]
    assert ledger.name(anna.actor) is None
    assert ledger.name(ben.actor) == "ben"
    assert ledger.find_subject("anna") is None
    (entry,) = ledger.entries(erased.sequence)
    assert (entry.act, entry.actor) == ("subject.erase", ben.actor)
    assert entry.facts == {"basis": "art. 17", "subject": anna.actor, "key_destroyed": True}
    # Nothing that was hashed is touched, so every proof still holds.
    assert list(ledger.lines())[: len(before)] == before
    old, new = (open_checkpoint(text, [ledger.key.verifier]) for text in (note, ledger.checkpoint()))
    assert verify_consistency(old.size, old.root, new.size, new.root, ledger.consistency(old.size, new.size))
    assert list(ledger.strays()) == []


def test_nothing_is_sealed_for_an_erased_person(ledger: Ledger, records: Database) -> None:
    anna = By(ledger.subject("anna"))
    ledger.record([act(1, anna, reason="hers")])
    ledger.erase(anna.actor, {}, by=anna)
    before = stored(records)
    with pytest.raises(ConflictError, match="was erased"):
        ledger.record([act(2), act(3, anna, reason="more")])
    assert stored(records) == before
    again = ledger.erase(anna.actor, {}, by=KEEPER)
    assert next(ledger.entries(again.sequence)).facts["key_destroyed"] is False


def test_no_word_about_a_person_is_in_any_byte(tmp_path: Path) -> None:
    records, keys = Database(tmp_path / "records.db", RECORDS), Database(tmp_path / "keys.db", KEYS)
    ledger = Ledger(records, Subjects(keys, bytes(32)), SigningKey.generate("plimsoll/00c0ffee"))
    anna = By(ledger.subject("anna.brightwater"))
    for number in range(50):
        ledger.record([act(number, anna, reason=f"Anna Brightwater is ill {number}")])
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert anna.actor.encode() in everything
    assert b"rightwater" not in everything
    sealed = [bytes(row[2]) for row in stored(records)["ledger_payload"] if isinstance(row[2], bytes)]
    assert len(sealed) == 50
    ledger.erase(anna.actor, {}, by=KEEPER)
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(content in everything for content in sealed)
    records.close()
    keys.close()


def test_entries_are_found_by_act_and_application(ledger: Ledger) -> None:
    ledger.record([Act(f"a.{number % 2}", f"app{number % 3}", KEEPER, {"n": number}) for number in range(12)])
    assert [entry.facts["n"] for entry in ledger.entries(act="a.1", app="app0")] == [3, 9]
    assert [entry.sequence for entry in ledger.entries(3, 6)] == [3, 4, 5]
    assert [entry.facts["n"] for entry in ledger.latest(2, act="a.0")] == [10, 8]
    assert len(list(ledger.lines(0, 5))) == 5


def test_many_entries_are_read_page_by_page(ledger: Ledger) -> None:
    fill(ledger, 2_501)
    assert [entry.sequence for entry in ledger.entries()] == list(range(2_501))
    reading: Iterator[str] = ledger.lines()
    next(reading)
    ledger.record([act()])  # a reader in the middle of a page holds nobody up
    assert sum(1 for _ in reading) == 2_501
