"""Three processes publish, label and ship in one installation at the same time: nothing is lost, nothing is doubled."""

import json
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ENGINES, ROOT
from tests.flows.dock_worker import ORIGIN, ROUNDS, home_in
from tests.flows.home import APP, Home

from plimsoll.governance.record_check import CheckParts, check_records
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import open_checkpoint
from plimsoll.ledger._merkle import Frontier
from plimsoll.storage import PostgresPlace

WORKERS = 3
WORKER = Path(__file__).with_name("dock_worker.py")


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | PostgresPlace:
    """Where nothing is yet, not even a schema."""
    if request.param == "sqlite":
        return tmp_path / "records.db"
    found: PostgresPlace = request.getfixturevalue("postgres_place")
    return found


@pytest.fixture
def said(tmp_path: Path, place: Path | PostgresPlace) -> list[list[dict[str, Any]]]:
    """What each process was told that was done."""
    (tmp_path / "subjects.key").write_bytes(secrets.token_bytes(32))
    (tmp_path / "signing.pem").write_bytes(SigningKey.generate(ORIGIN).to_pem())
    where = f"{place.url} {place.schema}" if isinstance(place, PostgresPlace) else str(place)
    processes = [
        subprocess.Popen(
            [sys.executable, str(WORKER), str(tmp_path), where, str(worker)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
        )
        for worker in range(WORKERS)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * WORKERS, [problem for _, problem in ended]
    return [[json.loads(line) for line in output.splitlines()] for output, _ in ended]


@pytest.fixture
def home(said: list[list[dict[str, Any]]], tmp_path: Path, place: Path | PostgresPlace) -> Iterator[Home]:
    assert all(said)
    home = home_in(tmp_path, place)
    yield home
    home.close()


def told(said: list[list[dict[str, Any]]], did: str) -> list[dict[str, Any]]:
    return [fact for worker in said for fact in worker if fact["did"] == did]


def test_nothing_is_lost_and_nothing_is_doubled(home: Home, said: list[list[dict[str, Any]]]) -> None:
    check_versions(home, said)
    check_moves(home, said)
    check_ledger(home)


def check_versions(home: Home, said: list[list[dict[str, Any]]]) -> None:
    """Every content that was acknowledged is one version, under the number that everybody was told."""
    assert len({fact["actor"] for fact in told(said, "start")}) == 1
    for name, count in (("texts", ROUNDS), ("answer", ROUNDS * WORKERS)):
        versions = home.registry.versions(APP, name=name)
        assert sorted(version.number for version in versions) == list(range(1, count + 1))
        assert len({version.digest for version in versions}) == count
    numbers = {(version.ref.key, version.digest): version.number for version in home.registry.versions(APP)}
    published = told(said, "publish")
    assert len(published) == 2 * ROUNDS * WORKERS
    assert {(fact["key"], fact["digest"], fact["number"]) for fact in published} == {
        (*place, number) for place, number in numbers.items()
    }
    assert len(list(home.registry.edges(APP))) == ROUNDS * WORKERS


def check_moves(home: Home, said: list[list[dict[str, Any]]]) -> None:
    """Moves are one chain: each begins where the one before it ended, and the pointer is at the end of the last."""
    moves = home.labels.moves(APP)
    assert [(move.sequence, move.to_target) for move in moves] == sorted(
        (fact["sequence"], fact["digest"]) for fact in told(said, "label")
    )
    assert [move.from_target for move in moves] == [None, *(move.to_target for move in moves[:-1])]
    assert Counter(move.reason for move in moves) == {f"by {worker}": ROUNDS for worker in range(WORKERS)}
    assert home.labels.resolve(APP, "prompt:answer@latest").digest == moves[-1].to_target
    ships = home.environments.moves(APP)
    assert [(move.sequence, move.to_release) for move in ships] == sorted(
        (fact["sequence"], fact["digest"]) for fact in told(said, "ship")
    )
    assert [move.from_release for move in ships] == [None, *(move.to_release for move in ships[:-1])]
    (live,) = home.environments.environments(APP)
    assert live.live == ships[-1].to_release
    assert set(home.releases.digests(APP)) == {move.to_release for move in ships}
    assert len(home.releases.verdicts(APP)) == ROUNDS * WORKERS


def check_ledger(home: Home) -> None:
    """One line for each act and no other, a tree that is theirs, and rows that are what was written down."""
    ledger = home.ledger
    entries = list(ledger.entries())
    assert [entry.sequence for entry in entries] == list(range(len(entries)))
    each = ROUNDS * WORKERS
    assert Counter(entry.act for entry in entries) == {
        "ledger.start": 1,
        "version.publish": ROUNDS + each,
        "label.move": each,
        "gate.judge": each,
        "release.freeze": each,
        "environment.ship": each,
    }
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    head = open_checkpoint(ledger.checkpoint(), [ledger.key.verifier])
    tree = Frontier.empty().extend(line.encode() for line in ledger.lines())
    assert (head.size, head.root) == (len(entries), tree.root())
    checked = check_records(check_parts(home))
    assert checked.sound, checked.findings
    assert checked.rows == ROUNDS + 5 * each
    assert checked.sealed == 2 * each


def check_parts(home: Home) -> CheckParts:
    registry, releases, places = home.registry, home.releases, home.environments
    return CheckParts(
        ledger=home.ledger,
        claims=[
            registry.claims,
            home.labels.claims,
            releases.release_claims,
            releases.verdict_claims,
            places.move_claims,
            places.policy_claims,
        ],
        strays=[home.ledger.strays, home.labels.strays, releases.strays, places.strays],
        blobs_named=lambda: ((version.label, version.digest) for version in registry.versions(APP)),
        check_blob=home.blobs.check,
        on_progress=lambda *_: None,
    )
