"""The law of collection, on random inventories: what something kept refers to stays, and everything else goes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.governance.retention import (
    Collection,
    HeldVersion,
    Inventory,
    Pointer,
    Retention,
    addresses_in,
    erased_blobs,
    plan_collection,
)
from plimsoll.governance.retention._plan import HeldRelease, HeldRun, Moved
from plimsoll.kernel.digest import Digest, canonical_json, digest_bytes, digest_json
from plimsoll.ledger import Entry
from plimsoll.registry import VersionRef

NOW = datetime(2026, 5, 1, tzinfo=UTC)
RETENTION = Retention(versions_days=30, keep_releases=2, traces_days=30, grace_s=3600)
OLD = NOW - timedelta(days=400)
POOL = tuple(digest_json(number) for number in range(24))

digests = st.sampled_from(POOL)
moments = st.sampled_from([OLD, NOW - timedelta(days=31), NOW - timedelta(days=29), NOW - timedelta(minutes=5), NOW])
some = st.lists(digests, max_size=3)
refs = st.builds(VersionRef, kind=st.just("prompt"), name=st.sampled_from(["x", "y"]), digest=digests)


def naming(content: Mapping[Digest, Iterable[Digest]], inventory: Inventory) -> Inventory:
    return replace(inventory, references=lambda digest: content.get(digest, ()))


@st.composite
def inventories(draw: st.DrawFn) -> tuple[Inventory, dict[Digest, list[Digest]]]:
    content = draw(st.dictionaries(digests, some, max_size=16))
    held = st.builds(
        HeldVersion,
        app=st.sampled_from(["a", "b"]),
        ref=refs,
        number=st.integers(1, 9),
        created_at=moments,
        parents=st.lists(refs, max_size=2).map(tuple),
    )
    releases = st.builds(HeldRelease, app=st.sampled_from(["a", "b"]), digest=digests, created_at=moments)
    inventory = Inventory(
        references=lambda _: (),
        versions=tuple(draw(st.lists(held, max_size=8, unique_by=lambda held: (held.app, held.ref.key, held.number)))),
        releases=tuple(draw(st.lists(releases, max_size=6, unique_by=lambda release: release.digest))),
        runs=tuple(draw(st.lists(st.builds(HeldRun, draft=digests, run=digests, judged_at=moments), max_size=3))),
        pointers=tuple(draw(st.lists(st.builds(Pointer, digest=digests, why=st.just("in use")), max_size=2))),
        moves=tuple(
            draw(st.lists(st.builds(Moved, moved_at=moments, releases=some.map(tuple)), max_size=3)),
        ),
        traced=frozenset(draw(st.lists(digests, max_size=1))),
        blobs=draw(st.dictionaries(digests, moments, max_size=20)),
    )
    return naming(content, inventory), content


def protected(inventory: Inventory, content: Mapping[Digest, Iterable[Digest]]) -> set[Digest]:
    """What the law protects, found the slow way: rules first, then pass after pass over every edge there is."""
    oldest = NOW - timedelta(days=RETENTION.versions_days)
    keep = {pointer.digest for pointer in inventory.pointers} | inventory.traced
    keep |= {digest for move in inventory.moves if move.moved_at >= oldest for digest in move.releases}
    keep |= {version.ref.digest for version in inventory.versions if version.created_at >= oldest}
    keep |= {release.digest for release in inventory.releases if release.created_at >= oldest}
    keep |= {run.run for run in inventory.runs if run.judged_at >= oldest}
    keep |= {digest for digest, at in inventory.blobs.items() if at >= NOW - timedelta(seconds=RETENTION.grace_s)}
    for app in ("a", "b"):
        those = [release for release in inventory.releases if release.app == app]
        newest = sorted(those, key=lambda release: (release.created_at, release.digest))[-RETENTION.keep_releases :]
        keep |= {release.digest for release in newest}
        for name in ("x", "y"):
            history = [version for version in inventory.versions if (version.app, version.ref.name) == (app, name)]
            keep |= {version.ref.digest for version in sorted(history, key=lambda version: version.number)[-1:]}
    edges = {(start, end) for start, ends in content.items() for end in ends}
    edges |= {(version.ref.digest, parent.digest) for version in inventory.versions for parent in version.parents}
    edges |= {(run.draft, run.run) for run in inventory.runs}
    while grown := {end for start, end in edges if start in keep} - keep:
        keep |= grown
    return keep


def after(inventory: Inventory, done: Collection) -> Inventory:
    return replace(
        inventory,
        releases=tuple(release for release in inventory.releases if release not in done.releases),
        versions=tuple(version for version in inventory.versions if version not in done.versions),
        blobs={digest: at for digest, at in inventory.blobs.items() if digest not in done.blobs},
    )


@given(inventories())
def test_what_anything_kept_refers_to_is_never_collected(drawn: tuple[Inventory, dict[Digest, list[Digest]]]) -> None:
    inventory, content = drawn
    plan = plan_collection(inventory, RETENTION, NOW)
    keep = protected(inventory, content)
    assert not {version.ref.digest for version in plan.versions} & keep
    assert not {release.digest for release in plan.releases} & keep
    assert not set(plan.blobs) & keep


@given(inventories())
def test_nothing_else_is_left_behind(drawn: tuple[Inventory, dict[Digest, list[Digest]]]) -> None:
    inventory, content = drawn
    plan = plan_collection(inventory, RETENTION, NOW)
    keep = protected(inventory, content)
    assert {release.digest for release in inventory.releases} - keep == {item.digest for item in plan.releases}
    assert {version for version in inventory.versions if version.ref.digest not in keep} == set(plan.versions)
    assert inventory.blobs.keys() - keep == set(plan.blobs)
    assert plan.kept.keys() == keep
    assert all(plan.kept.values())


@given(inventories())
def test_a_second_collection_finds_nothing(drawn: tuple[Inventory, dict[Digest, list[Digest]]]) -> None:
    inventory, _ = drawn
    left = after(inventory, plan_collection(inventory, RETENTION, NOW))
    assert not plan_collection(left, RETENTION, NOW)


def test_a_chain_is_kept_from_the_live_release_down_to_the_segments() -> None:
    manifest, index, segment, source, orphan, later = POOL[:6]
    ref = VersionRef("index", "texts", index)
    parent = VersionRef("source", "texts", source)
    inventory = naming(
        {manifest: [index], index: [segment]},
        Inventory(
            references=lambda _: (),
            versions=(
                HeldVersion("a", ref, 1, OLD, (parent,)),
                HeldVersion("a", parent, 1, OLD),
                HeldVersion("a", VersionRef("index", "texts", later), 2, OLD),
                HeldVersion("a", VersionRef("source", "texts", later), 2, OLD),
            ),
            releases=(HeldRelease("a", manifest, OLD),),
            pointers=(Pointer(manifest, "live in production of a"),),
            blobs=dict.fromkeys((manifest, index, segment, source, orphan), OLD),
        ),
    )
    plan = plan_collection(inventory, replace(RETENTION, keep_releases=0), NOW)
    assert (plan.releases, plan.versions, plan.blobs) == ((), (), (orphan,))
    assert plan.kept[segment] == "live in production of a"
    gone = plan_collection(replace(inventory, pointers=()), replace(RETENTION, keep_releases=0), NOW)
    assert (len(gone.releases), len(gone.versions), len(gone.blobs)) == (1, 2, 5)


def test_a_young_blob_keeps_what_it_names() -> None:
    young, old = POOL[:2]
    inventory = naming({young: [old]}, Inventory(lambda _: (), blobs={young: NOW - timedelta(minutes=59), old: OLD}))
    assert not plan_collection(inventory, RETENTION, NOW)
    assert plan_collection(inventory, RETENTION, NOW + timedelta(minutes=2)).blobs == tuple(sorted([young, old]))


def test_addresses_are_found_wherever_they_stand_in_a_content() -> None:
    first, second, third = POOL[:3]
    content = canonical_json({"a": [{"b": first}], "text": f"see {second}, and…", third: None, "no": "sha256:12"})
    assert addresses_in(content) == {first, second, third}
    assert addresses_in(canonical_json([first + "0"])) == frozenset()
    assert addresses_in(b"\x81" + first.encode()) == frozenset()


def test_only_erasures_excuse_a_missing_blob() -> None:
    one, two = digest_bytes(b"1"), digest_bytes(b"2")
    facts = {"blobs": [one]}
    entry = Entry(7, NOW, "subject.erase", "", "s-0123456789abcdef", "local", facts, None)
    other = replace(entry, act="version.collect", facts={"blobs": [two]})
    odd = replace(entry, facts={"blobs": "everything"})
    assert erased_blobs([entry, other, odd]) == {one}
