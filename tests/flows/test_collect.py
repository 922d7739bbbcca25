"""Collecting on real stores: what is needed stays, the rest goes, and nobody who publishes meanwhile loses anything."""

import multiprocessing
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.flows.home import APP, KEEPER, LONG_AGO, ORIGIN, Home

from plimsoll.flows.collect import Collected, CollectionOvertakenError, collect
from plimsoll.governance.retention import Collection, Inventory, Retention, plan_collection, take_inventory
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest, canonical_json
from plimsoll.kernel.errors import ConflictError, IntegrityError
from plimsoll.kernel.signing import SigningKey
from plimsoll.registry import Publication
from plimsoll.releases import ReleaseMissingError

EVERYTHING = Retention(versions_days=0, keep_releases=1, traces_days=0, grace_s=3600)
"""Keeps nothing for its age alone but blobs of the last hour."""
ROUNDS = 30


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    home.close()


def run(home: Home, retention: Retention = EVERYTHING) -> Collected:
    return collect(home.stores, retention, by=KEEPER)


def versions(home: Home, kind: Any = None) -> list[Digest]:
    return [version.digest for version in home.registry.versions(APP, kind=kind)]


def test_an_old_release_goes_with_all_that_only_it_needed(home: Home) -> None:
    index, segment = home.index("the lease")
    old = home.release(home.prompt("one"), index, run="old")
    later, other = home.index("the lease, again")
    kept = home.release(home.prompt("two"), later, run="new")
    home.age()
    done = run(home)
    assert done.releases == [old.manifest.digest]
    assert {ref.digest for _, ref in done.versions} >= {index.digest, old.manifest.artifacts["prompt:answer"]}
    gone = {old.manifest.digest, old.manifest.evidence[0].run, segment, index.digest}
    assert gone <= set(done.blobs)
    assert not any(home.blobs.has(digest) for digest in gone)
    assert home.blobs.has(other)
    assert home.releases.release(APP, kept.manifest.digest) == kept
    assert home.missing() == []
    with pytest.raises(ReleaseMissingError):
        home.releases.release(APP, old.manifest.digest)


def test_every_removal_is_in_the_ledger(home: Home) -> None:
    for text in ("one", "two", "three"):
        home.release(home.prompt(text))
    home.age()
    done = run(home)
    (releases,) = home.ledger.entries(act="release.collect")
    (removed,) = home.ledger.entries(act="version.collect")
    assert releases.facts["releases"] == done.releases
    facts = removed.facts["versions"]
    assert isinstance(facts, list)
    assert sorted(fact[3] for fact in facts) == sorted(ref.digest for _, ref in done.versions)
    assert len(done.releases) == len(done.versions) == 2


def test_a_second_collection_does_nothing(home: Home) -> None:
    home.release(home.prompt("one"))
    home.release(home.prompt("two"))
    home.age()
    assert run(home).blobs
    size = home.ledger.size()
    done = run(home)
    assert (done.releases, done.versions, done.blobs) == ([], [], [])
    assert home.ledger.size() == size


def test_a_dry_run_changes_nothing_and_says_why_things_stay(home: Home) -> None:
    old = home.release(home.prompt("one"))
    live = home.release(home.prompt("two"))
    home.ship(live)
    home.trace(old.manifest.digest, started_at=utc_now() - LONG_AGO)
    home.age()
    before = home.everything()
    done = collect(home.stores, EVERYTHING, by=KEEPER, dry_run=True)
    assert [release.digest for release in done.plan.releases] == [old.manifest.digest]
    assert done.plan.kept[live.manifest.artifacts["prompt:answer"]] == "the live release in staging of harbour"
    assert (done.releases, done.blobs) == ([], [])
    assert {name for name, data in home.everything().items() if data != before.get(name)} <= {
        name for name in before if name.endswith(("-shm", "-wal"))
    }
    assert len(home.traces.latest(APP, 9)) == 1
    assert run(home).releases == [old.manifest.digest]


def test_whatever_points_at_something_keeps_it(home: Home) -> None:
    """Live, candidate, rollback target, label, working draft, trace: each keeps its own, and its lineage."""
    kept = [home.release(home.prompt(name), home.index(name)[0]) for name in "abcd"]
    gone = home.release(home.prompt("gone"), home.index("gone")[0])
    newest = home.release(home.prompt("newest"))
    target, live, candidate, traced = kept
    home.ship(target)
    home.ship(live)
    home.environments.share(candidate, "staging", 0.5, by=KEEPER, reason="")
    home.trace(traced.manifest.digest)
    labelled = home.prompt("labelled")
    working = home.prompt("worked on")
    home.prompt("last")
    home.labels.move(APP, ("prompt:answer", "best"), labelled.digest, by=KEEPER, reason="", guard=lambda _: None)
    draft = home.draft(working)
    home.age()
    # The moves are young; the retention of moves is what `versions_days` says, and here it is nothing.
    done = run(home, replace(EVERYTHING, traces_days=1))
    assert done.releases == [gone.manifest.digest]
    stay = set(versions(home))
    assert {labelled.digest, working.digest} < stay
    for release in (*kept, newest):
        assert set(release.manifest.artifacts.values()) <= stay
        assert home.releases.release(APP, release.manifest.digest) == release
    assert home.releases.working_draft(APP) == draft
    assert home.missing() == []
    assert home.environments.roll_back(APP, "staging", by=KEEPER, reason="").to_release == target.manifest.digest


def test_a_traced_draft_can_still_be_asked(home: Home) -> None:
    index, segment = home.index("the lease")
    draft = home.draft(home.prompt("one"), index)
    home.trace(draft.digest)
    home.draft(home.prompt("two"))
    home.index("later")
    home.age()
    run(home, replace(EVERYTHING, traces_days=1))
    assert home.releases.manifest(draft.digest) == draft
    assert {index.digest, draft.artifacts["prompt:answer"]} <= set(versions(home))
    assert home.blobs.has(segment)
    run(home)
    assert not home.blobs.has(segment)


def test_a_damaged_content_stops_the_collection(home: Home) -> None:
    live = home.release(home.prompt("one"))
    home.release(home.prompt("two"))
    home.ship(live)
    home.age()
    assert home.blobs.remove(live.manifest.artifacts["prompt:answer"])
    before = set(versions(home))
    with pytest.raises(IntegrityError):
        run(home)
    assert set(versions(home)) == before


def test_something_put_again_is_not_collected(home: Home) -> None:
    home.prompt("one")
    home.prompt("two")
    home.age()
    again = home.prompt("one")
    assert run(home).versions == []
    home.age()
    assert [ref for _, ref in run(home).versions] == [again.ref]


PLAN, INVENTORY = "plimsoll.flows.collect.plan_collection", "plimsoll.flows.collect.take_inventory"


def test_a_label_that_moves_after_the_plan_keeps_its_version(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    old = home.prompt("one")
    home.prompt("two")
    home.age()
    plans: list[Collection] = []

    def plan_and_move(*arguments: Any) -> Collection:
        plans.append(plan_collection(*arguments))
        if len(plans) == 1:
            place = ("prompt:answer", "best")
            home.labels.move(APP, place, old.digest, by=KEEPER, reason="", guard=lambda _: None)
        return plans[-1]

    monkeypatch.setattr(PLAN, plan_and_move)
    assert run(home).versions == []
    assert [len(plan.versions) for plan in plans] == [1, 0]
    assert old.digest in versions(home)
    assert home.missing() == []


def test_what_is_published_again_after_every_plan_is_never_removed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    old = home.prompt("one")
    home.prompt("two")

    def take_old(*arguments: Any, **more: Any) -> Inventory:
        home.age()
        return take_inventory(*arguments, **more)

    def plan_and_publish(*arguments: Any) -> Collection:
        plan = plan_collection(*arguments)
        home.prompt("one")
        return plan

    monkeypatch.setattr(INVENTORY, take_old)
    monkeypatch.setattr(PLAN, plan_and_publish)
    with pytest.raises(CollectionOvertakenError):
        run(home)
    assert old.digest in versions(home)
    assert home.missing() == []


def test_an_old_content_that_is_published_after_the_plan_keeps_its_blob(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody named it when the plan was made."""
    content = {"system": "written long ago"}
    stray = home.blobs.put(canonical_json(content))
    home.age()

    def plan_and_publish(*arguments: Any) -> Collection:
        plan = plan_collection(*arguments)
        assert plan.blobs == (stray,)
        assert home.publish(Publication("prompt", "answer", content))[0].digest == stray
        return plan

    monkeypatch.setattr(PLAN, plan_and_publish)
    assert run(home).blobs == []
    assert home.missing() == []


def publish_many(folder: Path, keys: tuple[bytes, bytes], go: Any, collected: Any) -> None:
    """What a build does, in another process: segment, versions, draft, each time of old content that may just go."""
    home = Home(folder, (keys[0], SigningKey.from_pem(ORIGIN, keys[1])))
    for number in range(ROUNDS):
        home.age()
        go.release()
        index, _ = home.index(f"document {number % 3}")
        home.draft(home.prompt(f"prompt {number % 3}"), index)
        collected.acquire()
    home.close()


def test_a_publisher_at_the_same_time_never_misses_a_blob(home: Home) -> None:
    """In each round everything is old, and one process collects while another one publishes."""
    secret, key = home.keys
    context = multiprocessing.get_context("spawn")
    go, collected = context.Semaphore(0), context.Semaphore(0)
    arguments = (home.folder, (secret, key.to_pem()), go, collected)
    process = context.Process(target=publish_many, args=arguments, daemon=True)
    process.start()
    removed = 0
    for _ in range(ROUNDS):
        assert go.acquire(timeout=60)
        with suppress(ConflictError):  # overtaken three times: nothing is lost by that
            removed += len(run(home).blobs)
        collected.release()
    process.join()
    assert process.exitcode == 0
    assert removed
    assert home.missing() == []
    for digest in versions(home, "index"):
        content = home.registry.content(digest)
        assert isinstance(content, dict)
        assert home.blobs.has(content["segments"][0]["digest"])


def test_children_go_before_their_parents(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plimsoll.flows.collect._BATCH", 1)
    for text in ("one", "two", "three"):
        home.index(text)
    home.age()
    assert len(run(home).versions) == 4  # two sources and two indexes
    assert home.missing() == []


def test_traces_end_with_their_retention(home: Home) -> None:
    draft = home.draft(home.prompt("one"))
    home.trace(draft.digest, started_at=utc_now() - timedelta(days=40))
    home.trace(draft.digest)
    assert run(home, Retention(traces_days=30)).traces == 1
    assert len(home.traces.latest(APP, 9)) == 1


def test_an_unnamed_blob_goes_after_its_grace(home: Home) -> None:
    stray = home.blobs.put(canonical_json({"nobody": "names this"}))
    draft = home.draft(home.prompt("one"))
    assert run(home).blobs == []
    home.age()
    assert run(home).blobs == [stray]
    assert home.releases.manifest(draft.digest) == draft
