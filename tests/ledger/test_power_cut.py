"""Nothing that was acknowledged is lost when the writer is killed; and the search for losses finds one."""

import secrets
import shutil
from pathlib import Path

import pytest
from benchmarks.records import new_database
from benchmarks.records_kills import Outcome, Victim, cut_power, look

FILES = ("records.db", "records.db-wal", "records.db-shm")
SOON_S = 0.02


@pytest.fixture
def server(postgres_url: str) -> str:
    """The address of a database without any records."""
    return new_database(postgres_url, f"power_cut_{secrets.token_hex(4)}")


def assert_nothing_was_lost(outcome: Outcome, kills: int) -> None:
    assert (outcome.lost, outcome.findings) == ([], [])
    assert (outcome.kills, outcome.verifications) == (kills, kills + 1)
    assert len(outcome.acknowledged) >= kills


def test_nothing_acknowledged_is_lost_in_files(tmp_path: Path) -> None:
    assert_nothing_was_lost(cut_power(tmp_path, "", kills=15), 15)


def test_nothing_acknowledged_is_lost_on_a_server(tmp_path: Path, server: str) -> None:
    assert_nothing_was_lost(cut_power(tmp_path, server, kills=5), 5)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def outcome(home: Path) -> Outcome:
    """What a first cut showed, and what a second writer was told since."""
    outcome = cut_power(home, "", kills=1)
    assert_nothing_was_lost(outcome, 1)
    for name in FILES:
        if (home / ".plimsoll" / name).exists():
            shutil.copy(home / ".plimsoll" / name, home / name)
    victim = Victim(home, "")
    outcome.acknowledged += victim.cut(SOON_S)
    victim.close()
    return outcome


def put_back(home: Path) -> None:
    """Bring the database of the first cut back, as a disk does that lost its last writes."""
    for name in FILES:
        (home / ".plimsoll" / name).unlink(missing_ok=True)
        if (home / name).exists():
            shutil.copy(home / name, home / ".plimsoll" / name)


def test_an_acknowledged_act_that_is_gone_is_found(home: Path, outcome: Outcome) -> None:
    put_back(home)
    look(outcome, home, "", outcome.acknowledged)
    assert outcome.lost


def test_a_tail_that_is_gone_is_found_by_a_checkpoint_that_was_seen(home: Path, outcome: Outcome) -> None:
    look(outcome, home, "", outcome.acknowledged)
    assert (outcome.lost, outcome.findings) == ([], [])
    put_back(home)
    look(outcome, home, "", outcome.acknowledged[:1])
    assert any("the tail was cut off" in finding for finding in outcome.findings)
