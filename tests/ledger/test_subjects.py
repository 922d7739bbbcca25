"""Pseudonyms: one for each person, found again, and gone for good when destroyed."""

import re
import threading
from pathlib import Path

import pytest
from sqlalchemy import column, select, table, update

from plimsoll.kernel.errors import IntegrityError, InvalidError
from plimsoll.ledger import Subjects
from plimsoll.storage import Database

KEY = bytes(range(32))


@pytest.fixture
def subjects(keys_database: Database) -> Subjects:
    return Subjects(keys_database, KEY)


def test_a_person_keeps_one_pseudonym(subjects: Subjects) -> None:
    anna = subjects.subject("anna@example.org")
    assert re.fullmatch(r"s-[0-9a-f]{16}", anna)
    for written in ("anna@example.org", " Anna@Example.org ", "ANNA@EXAMPLE.ORG"):
        assert subjects.subject(written) == anna
        assert subjects.find(written) == anna
    assert subjects.subject("ben@example.org") != anna
    assert subjects.find("carla@example.org") is None


def test_names_come_back_as_they_were_first_written(subjects: Subjects) -> None:
    anna, ben = subjects.subject("Anna Ø"), subjects.subject("ben")
    assert subjects.names([anna, ben, anna, "s-0000000000000000"]) == {anna: "Anna Ø", ben: "ben"}
    many = [subjects.subject(f"person {number}") for number in range(30)]
    assert len(subjects.names(many)) == 30


@pytest.mark.parametrize("identifier", ["", "  ", "\ud800"])
def test_nobody_is_called_nothing(subjects: Subjects, identifier: str) -> None:
    with pytest.raises(InvalidError):
        subjects.subject(identifier)


def test_a_destroyed_person_is_somebody_new_the_next_time(subjects: Subjects) -> None:
    anna = subjects.subject("anna")
    assert len(subjects.key(anna) or b"") == 32
    assert subjects.destroy(anna)
    assert not subjects.destroy(anna)
    assert (subjects.key(anna), subjects.find("anna"), subjects.names([anna])) == (None, None, {})
    assert subjects.subject("anna") != anna


def test_no_name_and_no_key_stands_in_the_file(subjects: Subjects, tmp_path: Path) -> None:
    anna = subjects.subject("anna brightwater")
    key = subjects.key(anna)
    assert key is not None
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("keys.db*"))
    assert anna.encode() in everything
    assert b"rightwater" not in everything
    assert key not in everything
    assert KEY not in everything
    subjects.destroy(anna)
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("keys.db*"))
    assert anna.encode() not in everything


def test_a_key_of_one_person_does_not_open_for_another(subjects: Subjects, keys_database: Database) -> None:
    anna, ben = subjects.subject("anna"), subjects.subject("ben")
    keys = table("subject_key", column("subject"), column("wrapped"))
    with keys_database.write() as connection:
        taken = connection.scalar(select(keys.c.wrapped).where(keys.c.subject == ben))
        connection.execute(update(keys).where(keys.c.subject == anna).values(wrapped=taken))
    with pytest.raises(IntegrityError, match=f"key:{anna}"):
        subjects.key(anna)


def test_another_installation_finds_and_opens_nothing(subjects: Subjects, keys_database: Database) -> None:
    anna = subjects.subject("anna")
    stranger = Subjects(keys_database, bytes(32))
    assert stranger.find("anna") is None
    with pytest.raises(IntegrityError):
        stranger.key(anna)


def test_many_threads_make_one_pseudonym(subjects: Subjects) -> None:
    found: list[str] = []
    begin = threading.Barrier(8)

    def ask() -> None:
        begin.wait()
        found.append(subjects.subject("anna"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
