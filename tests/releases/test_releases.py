"""Releases and verdicts in the database: named by their content, kept once, and held against the ledger."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select, table, text

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest, digest_bytes, digest_json
from plimsoll.kernel.errors import DeniedError, IntegrityError, InvalidError
from plimsoll.ledger import By, Ledger
from plimsoll.registry import ReferencedError, VersionRef
from plimsoll.releases import (
    Evidence,
    Manifest,
    NothingBuiltError,
    Origin,
    Release,
    ReleaseMissingError,
    Releases,
    rollback_target,
)
from plimsoll.releases._types import EnvironmentMove, Move
from plimsoll.storage import BlobFolder, Database, _rows

ADA = By("s-00000000000000ad", "key:pk_ada")
BEN = By("s-00000000000000be")
TABLES = ("release", "release_artifact", "draft_verdict", "ledger_entry", "ledger_head")


@pytest.fixture
def releases(records: Database, blobs: BlobFolder, ledger: Ledger) -> Releases:
    return Releases(records, blobs, ledger)


@pytest.fixture
def stored(records: Database) -> Callable[[], dict[str, list[str]]]:
    def read() -> dict[str, list[str]]:
        with records.read() as connection:
            return {
                name: sorted(map(str, connection.execute(select(text("*")).select_from(table(name)))))
                for name in TABLES
            }

    return read


def evidence(name: str, verdict: str = "pass") -> Evidence:
    return Evidence("ask", digest_bytes(b"suite"), digest_bytes(name.encode()), verdict)


def manifest(name: str, app: str = "app") -> Manifest:
    artifacts = {"prompt:answer": digest_bytes(name.encode()), "route:default": digest_bytes(b"route")}
    return Manifest(app, artifacts, (evidence(name),))


def keep(releases: Releases, name: str, *, app: str = "app", by: By = ADA) -> Release:
    return releases.keep_release(manifest(name, app), by=by, source_commit="abc")


def test_a_release_is_found_by_every_form_of_its_name(releases: Releases) -> None:
    release = keep(releases, "one")
    keep(releases, "two")
    for name in (release.manifest.digest, release.manifest.name, release.manifest.digest[7:20]):
        assert releases.release("app", name) == release
    assert releases.manifest(release.manifest.digest) == release.manifest
    assert (release.author, release.source_commit, release.origin) == (ADA.actor, "abc", "")


def test_the_same_manifest_is_the_same_release(releases: Releases, ledger: Ledger) -> None:
    first = keep(releases, "one")
    size = ledger.size()
    assert keep(releases, "one", by=BEN) == first
    assert releases.releases("app") == (first,)
    assert ledger.size() == size


@pytest.mark.parametrize("name", ["r-000000", "", "r-", "%", "_", "staging", "sha256:", "g", "R-", "'"])
def test_an_unknown_release_is_said(releases: Releases, name: str) -> None:
    keep(releases, "one")
    with pytest.raises(ReleaseMissingError):
        releases.release("app", name)


def test_a_name_that_two_releases_share_is_said(releases: Releases) -> None:
    kept = [keep(releases, str(number)) for number in range(17)]
    digits = [release.manifest.digest[7] for release in kept]
    shared = next(digit for digit in digits if digits.count(digit) > 1)
    with pytest.raises(InvalidError, match=f"{shared}"):
        releases.release("app", shared)


def test_applications_have_their_own_releases(releases: Releases) -> None:
    one, other = keep(releases, "one"), keep(releases, "one", app="other")
    assert one.manifest.digest != other.manifest.digest
    assert releases.releases("other") == (other,)
    with pytest.raises(ReleaseMissingError):
        releases.release("app", other.manifest.digest)


def test_evidence_makes_a_draft_a_release() -> None:
    draft = Manifest("app", manifest("one").artifacts)
    assert draft.name.startswith("d-")
    assert manifest("one").name.startswith("r-")
    assert draft.digest != manifest("one").digest


@given(st.permutations(["prompt:a", "route:b", "index:c", "suite:d"]))
def test_the_order_of_artifacts_does_not_count(keys: list[str]) -> None:
    there = {key: digest_json(key) for key in sorted(keys)}
    assert Manifest("app", {key: there[key] for key in keys}).digest == Manifest("app", there).digest


def test_the_working_draft_is_the_last_one(releases: Releases) -> None:
    with pytest.raises(NothingBuiltError):
        releases.working_draft("app")
    for name in ("one", "two"):
        releases.keep_draft(Manifest("app", manifest(name).artifacts))
    assert releases.working_draft("app").artifacts == manifest("two").artifacts
    assert [draft.app for draft in releases.working_drafts()] == ["app"]


def test_a_project_folder_claims_its_application_once(releases: Releases) -> None:
    assert releases.claim("app", "/one") is None
    assert releases.claim("app", "/one") is None
    assert releases.claim("app", "/two") == "/one"
    assert releases.claim("app", "/two", take_over=True) == "/one"
    assert releases.claim("app", "/two") is None


def test_verdicts_are_kept_whatever_they_say(releases: Releases, ledger: Ledger) -> None:
    draft = Manifest("app", manifest("one").artifacts)
    given = [evidence("a", "fail"), evidence("b", "not measured"), evidence("c")]
    releases.judge(draft, given[:2], by=ADA)
    releases.judge(draft, given[2:], by=BEN)
    releases.judge(Manifest("app", {}), [evidence("d")], by=BEN)
    verdicts = releases.verdicts("app", draft.digest)
    assert [(each.run, each.verdict, each.actor) for each in verdicts] == [
        (given[0].run, "fail", ADA.actor),
        (given[1].run, "not measured", ADA.actor),
        (given[2].run, "pass", BEN.actor),
    ]
    assert len(releases.verdicts("app")) == 4
    assert releases.manifest(draft.digest) == draft
    size = ledger.size()
    releases.judge(draft, [], by=ADA)
    assert ledger.size() == size


def test_an_imported_release_says_where_it_comes_from(releases: Releases, ledger: Ledger) -> None:
    origin = Origin("plimsoll/0badcafe", "plimsoll/0badcafe+00000000+key")
    release = releases.keep_release(manifest("one"), by=ADA, source_commit="", origin=origin)
    assert release.origin == "plimsoll/0badcafe"
    (entry,) = ledger.entries(release.sequence)
    assert entry.act == "release.import"
    assert entry.facts == {
        "release": release.manifest.digest,
        "source_commit": "",
        "origin": origin.origin,
        "signer": origin.signer,
    }


def test_a_frozen_release_is_written_down_with_its_evidence(releases: Releases, ledger: Ledger) -> None:
    release = keep(releases, "one")
    (entry,) = ledger.entries(release.sequence)
    assert (entry.act, entry.actor, entry.at) == ("release.freeze", ADA.actor, release.created_at)
    assert entry.facts == {
        "release": release.manifest.digest,
        "draft": Manifest("app", release.manifest.artifacts).digest,
        "source_commit": "abc",
        "evidence": [evidence("one").to_json()],
    }


def test_a_manifest_that_names_nonsense_leaves_nothing(
    releases: Releases, stored: Callable[[], dict[str, list[str]]]
) -> None:
    before = stored()
    for key in ("nonsense", "prompts:answer", "prompt:"):
        with pytest.raises(InvalidError):
            releases.keep_release(Manifest("app", {key: digest_bytes(b"x")}), by=ADA, source_commit="")
    assert stored() == before


def test_releases_are_found_by_what_they_contain(releases: Releases) -> None:
    one, two = keep(releases, "one"), keep(releases, "two")
    assert releases.releases("app") == (two, one)
    assert releases.releases("app", limit=1) == (two,)
    assert releases.digests("app") == (one.manifest.digest, two.manifest.digest)
    assert releases.with_artifacts("app", dict(one.manifest.artifacts)) == (one,)
    assert releases.with_artifacts("app", {}) == ()
    route = VersionRef("route", "default", digest_bytes(b"route"))
    prompt = VersionRef("prompt", "answer", digest_bytes(b"two"))
    nobody = VersionRef("prompt", "answer", digest_bytes(b"three"))
    assert releases.containing("app", [route, prompt, nobody]) == {
        route: (one.manifest.digest, two.manifest.digest),
        prompt: (two.manifest.digest,),
        nobody: (),
    }
    assert releases.containing("other", [route]) == {route: ()}


def test_what_a_release_contains_is_not_collected(releases: Releases, records: Database) -> None:
    keep(releases, "one")
    kept = VersionRef("prompt", "answer", digest_bytes(b"one"))
    free = VersionRef("prompt", "other", kept.digest)
    with records.read() as connection:
        releases.refuse_contained(connection, "app", [free])
        with pytest.raises(ReferencedError):
            releases.refuse_contained(connection, "app", [free, kept])


def test_a_release_can_be_collected_and_made_again(releases: Releases, ledger: Ledger) -> None:
    one, two = keep(releases, "one"), keep(releases, "two")
    releases.collect("app", [one.manifest.digest], by=BEN, guard=lambda _: None)
    assert releases.releases("app") == (two,)
    (entry,) = ledger.latest(1)
    assert (entry.act, entry.actor) == ("release.collect", BEN.actor)
    assert entry.facts == {"releases": [one.manifest.digest]}
    assert releases.containing("app", [VersionRef("prompt", "answer", digest_bytes(b"one"))]).popitem()[1] == ()
    assert keep(releases, "one", by=BEN).author == BEN.actor


def test_what_a_guard_refuses_to_collect_stays(releases: Releases, stored: Callable[[], dict[str, list[str]]]) -> None:
    one = keep(releases, "one")
    before = stored()

    def guard(_: Connection) -> None:
        raise DeniedError("it is live")

    with pytest.raises(DeniedError):
        releases.collect("app", [one.manifest.digest], by=BEN, guard=guard)
    releases.collect("app", [], by=BEN, guard=guard)
    assert stored() == before


def test_every_row_says_the_same_as_its_entry(
    releases: Releases, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rows, "_PER_PAGE", 2)
    for name in ("one", "two", "three"):
        releases.judge(Manifest("app", manifest(name).artifacts), [evidence(name), evidence("x", "fail")], by=ADA)
        keep(releases, name)
    releases.keep_release(manifest("far"), by=BEN, source_commit="", origin=Origin("plimsoll/0badcafe", "key"))
    claims = [*releases.release_claims(), *releases.verdict_claims()]
    assert [claim.sequence for claim in claims] == [3, 6, 9, 10, 1, 2, 4, 5, 7, 8]
    for claim in claims:
        (entry,) = ledger.entries(claim.sequence, claim.sequence + 1)
        assert (claim.act, claim.app, claim.actor, claim.at) == (entry.act, entry.app, entry.actor, entry.at)
        assert {name: entry.facts[name] for name in claim.facts} == claim.facts


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE release_artifact SET digest = 'sha256:00' WHERE kind = 'prompt'",
        "UPDATE release_artifact SET name = 'other' WHERE kind = 'prompt'",
        "UPDATE release_artifact SET kind = 'model' WHERE kind = 'prompt'",
        "DELETE FROM release_artifact WHERE kind = 'prompt'",
        "UPDATE release SET artifacts_digest = 'sha256:00'",
    ],
)
def test_a_list_of_artifacts_that_is_not_the_manifests_is_named(
    releases: Releases, records: Database, statement: str
) -> None:
    one = keep(releases, "one")
    assert list(releases.strays()) == []
    with records.write() as connection:
        connection.exec_driver_sql(statement)
    (sentence,) = releases.strays()
    assert one.manifest.name in sentence


def test_a_changed_manifest_is_never_returned(releases: Releases, blobs: BlobFolder) -> None:
    one = keep(releases, "one")
    path = blobs._path(one.manifest.digest)
    path.write_bytes(path.read_bytes().replace(b"answer", b"ansver"))
    with pytest.raises(IntegrityError):
        releases.release("app", one.manifest.name)
    assert releases.manifests([one.manifest.digest]) == ()


@given(st.lists(st.sampled_from("abc-/"), max_size=20))
def test_rolling_back_undoes_ships_in_order(steps: list[str]) -> None:
    """A model of what a person expects: a stack, whose lowest release cannot be taken off."""
    stack: list[str] = []
    moves: list[EnvironmentMove] = []
    for step in steps:
        if step == "/":
            moves.append(made("split", "candidate"))
        elif step != "-":
            moves.append(made("ship", step))
            stack.append(step)
        elif len(stack) > 1:
            target = rollback_target(moves)
            assert target == stack[-2]
            moves.append(made("rollback", target))
            stack.pop()
        else:
            assert rollback_target(moves) is None


def made(move: Move, release: Digest) -> EnvironmentMove:
    return EnvironmentMove(1, "app", "staging", move, None, release, utc_now(), "s-ada", "")
