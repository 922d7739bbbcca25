from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError as ConstraintError

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import digest_bytes
from plimsoll.kernel.errors import NotFoundError
from plimsoll.releases import (
    AlreadyLiveError,
    EnvironmentMove,
    Evidence,
    Manifest,
    Move,
    NoEarlierReleaseError,
    NothingBuiltError,
    NothingLiveError,
    Release,
    ReleaseMissingError,
    Releases,
    rollback_target,
)
from plimsoll.storage import BlobFolder, Database
from plimsoll.storage.migrations.records import RECORDS


@pytest.fixture
def releases(records: Database, blobs: BlobFolder) -> Releases:
    return Releases(records, blobs)


def manifest(name: str) -> Manifest:
    run = digest_bytes(name.encode())
    return Manifest("app", {"prompt:answer": run}, (Evidence("ask", run, run, "pass"),))


def keep(releases: Releases, name: str) -> Release:
    return releases.keep_release(manifest(name), author="ada", source_commit="")


def ship(releases: Releases, release: Release) -> EnvironmentMove:
    return releases.ship(release, "staging", actor="ada", reason="test")


def test_a_release_is_found_by_every_form_of_its_name(releases: Releases) -> None:
    release = keep(releases, "one")
    for name in (release.manifest.digest, release.manifest.name, release.manifest.digest[7:20]):
        assert releases.release("app", name) == release
    assert releases.manifest(release.manifest.digest) == release.manifest


def test_the_same_manifest_is_the_same_release(releases: Releases) -> None:
    assert keep(releases, "one") == keep(releases, "one")
    assert len(releases.releases("app")) == 1


@pytest.mark.parametrize("name", ["r-000000", "", "r-", "%", "staging"])
def test_an_unknown_release_is_said(releases: Releases, name: str) -> None:
    keep(releases, "one")
    with pytest.raises(ReleaseMissingError):
        releases.release("app", name)


def test_evidence_makes_a_draft_a_release() -> None:
    draft = Manifest("app", manifest("one").artifacts)
    assert draft.name.startswith("d-")
    assert manifest("one").name.startswith("r-")
    assert draft.digest != manifest("one").digest


def test_the_working_draft_is_the_last_one(releases: Releases) -> None:
    with pytest.raises(NothingBuiltError):
        releases.working_draft("app")
    for name in ("one", "two"):
        releases.keep_draft(Manifest("app", manifest(name).artifacts))
    assert releases.working_draft("app").artifacts == manifest("two").artifacts


def test_ship_and_roll_back(releases: Releases) -> None:
    one, two = keep(releases, "one"), keep(releases, "two")
    with pytest.raises(NothingLiveError):
        releases.live("app", "staging")
    ship(releases, one)
    ship(releases, two)
    assert releases.live("app", "staging") == two.manifest.digest
    move = releases.roll_back("app", "staging", actor="bob", reason="bad")
    assert (move.from_release, move.to_release) == (two.manifest.digest, one.manifest.digest)
    assert releases.live("app", "staging") == one.manifest.digest
    (place,) = releases.environments("app")
    assert (place.live_name, place.actor) == (one.manifest.name, "bob")
    assert [move.move for move in releases.moves("app")] == ["ship", "ship", "rollback"]


def test_what_cannot_be_moved_is_said(releases: Releases) -> None:
    with pytest.raises(NothingLiveError):
        releases.roll_back("app", "staging", actor="ada", reason="")
    ship(releases, keep(releases, "one"))
    with pytest.raises(NoEarlierReleaseError):
        releases.roll_back("app", "staging", actor="ada", reason="")
    with pytest.raises(AlreadyLiveError):
        ship(releases, keep(releases, "one"))
    assert len(releases.moves("app")) == 1


def test_environments_do_not_share_a_pointer(releases: Releases) -> None:
    one, two = keep(releases, "one"), keep(releases, "two")
    ship(releases, one)
    releases.ship(two, "production", actor="ada", reason="")
    assert releases.live("app", "staging") == one.manifest.digest
    with pytest.raises(NoEarlierReleaseError):
        releases.roll_back("app", "production", actor="ada", reason="")


def test_only_a_kept_release_can_be_live(releases: Releases, tmp_path: Path) -> None:
    stranger = Releases(Database(tmp_path / "other.db", RECORDS), BlobFolder(tmp_path / "other"))
    release = keep(stranger, "one")
    with pytest.raises(ConstraintError, match="FOREIGN KEY"):
        ship(releases, release)
    with pytest.raises(NotFoundError):
        releases.live("app", "staging")
    stranger._database.close()


@given(st.lists(st.sampled_from("abc-"), max_size=20))
def test_rolling_back_undoes_ships_in_order(steps: list[str]) -> None:
    """A model of what a person expects: a stack, whose lowest release cannot be taken off."""
    stack: list[str] = []
    moves: list[EnvironmentMove] = []
    for step in steps:
        if step != "-":
            moves.append(made("ship", step))
            stack.append(step)
        elif len(stack) > 1:
            target = rollback_target(moves)
            assert target == stack[-2]
            moves.append(made("rollback", target))
            stack.pop()
        else:
            assert rollback_target(moves) is None


def made(move: Move, release: str) -> EnvironmentMove:
    return EnvironmentMove(1, "app", "staging", move, None, release, utc_now(), "ada", "")
