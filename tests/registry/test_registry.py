"""Versions: the same content is the same version, numbers have no gaps, and lineage has no circles."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, table, text

from plimsoll.kernel.digest import Json, digest_json
from plimsoll.kernel.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import By, Ledger, Subjects
from plimsoll.registry import Publication, ReferencedError, Registry, Version, VersionMissingError, VersionRef
from plimsoll.registry._errors import CircularLineageError, KindUnknownError
from plimsoll.registry.labels import Labels
from plimsoll.storage import BlobFolder, Database
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS

ADA = By("s-00000000000000ad", "key:pk_ada")
BEN = By("s-00000000000000be")
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
TABLES = ("artifact_version", "version_parent", "ledger_entry", "ledger_head", "ledger_payload", "label", "label_move")

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2.0**53) + 1, 2.0**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture
def registry(records: Database, blobs: BlobFolder, ledger: Ledger) -> Registry:
    return Registry(records, blobs, ledger)


@pytest.fixture
def labels(records: Database, ledger: Ledger, registry: Registry) -> Labels:
    return Labels(records, ledger, registry)


@pytest.fixture
def stored(records: Database) -> Callable[[], dict[str, list[str]]]:
    """Every row of the tables that a publication writes."""

    def read() -> dict[str, list[str]]:
        with records.read() as connection:
            return {
                name: sorted(map(str, connection.execute(select(text("*")).select_from(table(name)))))
                for name in TABLES
            }

    return read


def prompt(content: Json, *parents: VersionRef, name: str = "answer") -> Publication:
    return Publication("prompt", name, {"template": content}, parents)


def publish(registry: Registry, *publications: Publication, app: str = "app", by: By = ADA) -> tuple[Version, ...]:
    return registry.publish(app, publications, by=by, source_commit="abc")


def allow(_: Connection) -> None:
    """A guard of nobody."""


def test_a_version_keeps_its_content_and_origin(registry: Registry, ledger: Ledger) -> None:
    (version,) = publish(registry, prompt("hello"))
    assert (version.number, version.author, version.source_commit) == (1, ADA.actor, "abc")
    assert (version.label, version.app, version.ref.key) == ("answer v1", "app", "prompt:answer")
    assert registry.content(version.digest) == {"template": "hello"}
    assert registry.version("app", version.ref) == version
    (entry,) = ledger.entries(version.sequence)
    assert (entry.act, entry.app, entry.actor, entry.via) == ("version.publish", "app", ADA.actor, "key:pk_ada")
    assert entry.at == version.created_at
    assert entry.facts == {
        "kind": "prompt",
        "name": "answer",
        "number": 1,
        "digest": version.digest,
        "source_commit": "abc",
        "parents": [],
    }


@SHARED
@given(st.lists(values, min_size=1, max_size=6))
def test_same_content_same_version_and_no_gap_in_the_numbers(registry: Registry, contents: list[Json]) -> None:
    app = secrets.token_hex(8)
    published = [publish(registry, prompt(content), app=app)[0] for content in contents]
    assert [version.digest for version in published] == [digest_json({"template": content}) for content in contents]
    first: dict[str, Version] = {}
    for version in published:
        assert version == first.setdefault(version.digest, version)
    assert [version.number for version in first.values()] == list(range(1, len(first) + 1))
    assert registry.versions(app) == tuple(reversed(first.values()))
    assert publish(registry, *(prompt(content) for content in contents), app=app) == tuple(published)
    for version, content in zip(published, contents, strict=True):
        assert registry.content(version.digest) == {"template": content}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Registry]:
    """Another installation, which shares nothing with the first."""
    records, keys = Database(tmp_path / "there.db", RECORDS), Database(tmp_path / "there-keys.db", KEYS)
    ledger = Ledger(records, Subjects(keys, secrets.token_bytes(32)), SigningKey.generate("plimsoll/0badcafe"))
    yield Registry(records, BlobFolder(tmp_path / "there"), ledger)
    records.close()
    keys.close()


@SHARED
@given(values)
def test_same_content_has_the_same_name_in_every_installation(
    registry: Registry, elsewhere: Registry, content: Json
) -> None:
    (here,), (there,) = (publish(each, prompt(content)) for each in (registry, elsewhere))
    assert here.ref == there.ref
    assert registry.content(here.digest) == elsewhere.content(there.digest)


def test_who_published_first_stays_the_author(registry: Registry, ledger: Ledger) -> None:
    (first,) = publish(registry, prompt("hello"))
    size = ledger.size()
    assert publish(registry, prompt("hello"), by=BEN) == (first,)
    assert ledger.size() == size


def test_applications_do_not_see_each_other(registry: Registry) -> None:
    publish(registry, prompt("x"), app="one")
    (other,) = publish(registry, prompt("y"), app="other")
    assert [version.app for version in registry.versions("one")] == ["one"]
    assert registry.apps() == ("one", "other")
    with pytest.raises(VersionMissingError):
        registry.version("one", other.ref)
    with pytest.raises(VersionMissingError):
        publish(registry, prompt("z", other.ref), app="one")


def test_one_content_may_be_of_several_artifacts(registry: Registry) -> None:
    same = [prompt("x"), prompt("x", name="other"), Publication("route", "answer", {"template": "x"})]
    versions = publish(registry, *same)
    assert len({version.digest for version in versions}) == 1
    assert [version.number for version in versions] == [1, 1, 1]
    child = prompt("child", versions[1].ref)
    publish(registry, child)
    refs = [version.ref for version in versions]
    assert registry.children_of("app", refs) == {refs[0]: (), refs[1]: (child.ref,), refs[2]: ()}


def test_parents_are_kept_and_must_exist(registry: Registry, stored: Callable[[], dict[str, list[str]]]) -> None:
    route = Publication("route", "default", {"model": "builtin/reader"})
    endpoint = Publication("endpoint", "ask", {"kind": "rag"}, (route.ref,))
    publish(registry, route, endpoint)
    assert registry.parents("app", endpoint.ref) == (route.ref,)
    before = stored()
    for missing in (VersionRef("route", "none", route.ref.digest), VersionRef("route", "default", endpoint.ref.digest)):
        orphan = Publication("endpoint", "ask", {"kind": "chat"}, (missing,))
        with pytest.raises(VersionMissingError):
            publish(registry, prompt("not kept either"), orphan)
    with pytest.raises(VersionMissingError):  # one that comes later is not there yet
        publish(registry, prompt("early", prompt("late").ref), prompt("late"))
    assert stored() == before


def test_neighbours_of_many_are_found_at_once(registry: Registry) -> None:
    one, two, three = (prompt(text, name=text) for text in ("one", "two", "three"))
    both = [prompt(number, one.ref, two.ref, name=f"p{number:03}") for number in range(150)]
    publish(registry, one, two, three, *both)
    children = registry.children_of("app", [one.ref, three.ref])
    assert set(children[one.ref]) == {each.ref for each in both}
    assert children[three.ref] == ()
    parents = registry.parents_of("app", [each.ref for each in both])
    assert set(parents) == {each.ref for each in both}
    assert {frozenset(found) for found in parents.values()} == {frozenset({one.ref, two.ref})}
    assert len(set(registry.edges("app"))) == 300
    assert registry.parents_of("app", []) == {}


def test_edges_that_are_added_later_are_an_act_of_their_own(registry: Registry, ledger: Ledger) -> None:
    one, two, made = prompt("one", name="one"), prompt("two", name="two"), prompt("made")
    publish(registry, one, two, prompt("made", one.ref))
    size = ledger.size()
    publish(registry, prompt("made", two.ref, one.ref, two.ref), by=BEN)
    (added,) = ledger.entries(size)
    assert (added.act, added.actor) == ("lineage.add", BEN.actor)
    assert added.facts == {
        "kind": "prompt",
        "name": "answer",
        "digest": made.ref.digest,
        "parents": [["prompt", "two", two.ref.digest]],
    }
    assert set(registry.parents("app", made.ref)) == {one.ref, two.ref}
    publish(registry, prompt("made", one.ref, two.ref))
    assert ledger.size() == size + 1


def circles() -> dict[str, tuple[list[Publication], list[Publication]]]:
    """What is there, and what would close a circle."""
    a, b, c = (prompt(text, name=text) for text in "abc")
    return {
        "itself, new": ([], [prompt("a", a.ref, name="a")]),
        "itself, known": ([a], [prompt("a", a.ref, name="a")]),
        "its child": ([a, prompt("b", a.ref, name="b")], [prompt("a", b.ref, name="a")]),
        "its grandchild": (
            [a, prompt("b", a.ref, name="b"), prompt("c", b.ref, name="c")],
            [prompt("a", c.ref, name="a")],
        ),
        "in one batch": ([], [a, prompt("b", a.ref, name="b"), prompt("a", b.ref, name="a")]),
        "half known": ([a, b], [prompt("b", a.ref, name="b"), prompt("a", b.ref, name="a")]),
        "behind a good parent": ([a, c, prompt("b", a.ref, name="b")], [prompt("a", c.ref, b.ref, name="a")]),
    }


@pytest.mark.parametrize("case", circles())
def test_nothing_is_its_own_ancestor(registry: Registry, stored: Callable[[], dict[str, list[str]]], case: str) -> None:
    there, closing = circles()[case]
    if there:
        publish(registry, *there)
    before = stored()
    with pytest.raises(CircularLineageError) as caught:
        publish(registry, prompt("beside it"), *closing)
    assert isinstance(caught.value, ConflictError)
    assert stored() == before


@SHARED
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=14))
def test_lineage_never_has_a_circle(registry: Registry, wishes: list[tuple[int, int]]) -> None:
    """Held against a model: an edge is refused exactly when its parent comes from its child already."""
    app = secrets.token_hex(8)
    publications = [prompt(number, name=f"p{number}") for number in range(6)]
    publish(registry, *publications, app=app)
    above: dict[int, set[int]] = {number: {number} for number in range(6)}
    for child, parent in wishes:
        wish = prompt(child, publications[parent].ref, name=f"p{child}")
        if child in above[parent]:
            with pytest.raises(CircularLineageError):
                publish(registry, wish, app=app)
        else:
            publish(registry, wish, app=app)
            above = {each: known | above[parent] if child in known else known for each, known in above.items()}


@pytest.mark.parametrize("kind", ["prompts", "", "Prompt", "release"])
def test_an_unknown_kind_is_refused_before_anything_is_written(
    registry: Registry, blobs: BlobFolder, stored: Callable[[], dict[str, list[str]]], kind: str
) -> None:
    before = stored()
    with pytest.raises(KindUnknownError):
        publish(registry, prompt("fine"), Publication(kind, "answer", {}))  # type: ignore[arg-type]
    assert stored() == before
    assert list(blobs.addresses()) == []


@pytest.mark.parametrize("content", [float("nan"), float("inf"), 2**60])
def test_content_that_has_no_canonical_form_is_refused(
    registry: Registry, stored: Callable[[], dict[str, list[str]]], content: float
) -> None:
    before = stored()
    with pytest.raises(ValueError, match=r"."):
        publish(registry, prompt(content))
    assert stored() == before


def test_the_newest_version_is_found_by_name(registry: Registry) -> None:
    publish(registry, prompt("one"))
    publish(registry, prompt("two"))
    assert registry.find("app", "prompt:answer").number == 2
    assert registry.find("app", "prompt:answer", 1).number == 1
    assert [version.number for version in registry.versions("app", kind="prompt", name="answer", limit=1)] == [2]
    with pytest.raises(VersionMissingError, match="no prompt `answer` version 3"):
        registry.find("app", "prompt:answer", 3)
    for key in ("nonsense", "prompts:answer", "prompt:"):
        with pytest.raises(InvalidError):
            registry.find("app", key)


def test_a_version_is_found_by_the_first_digits_of_its_digest(registry: Registry) -> None:
    versions = publish(registry, *(prompt(number) for number in range(40)))
    for version in versions:
        assert registry.by_digest("app", "prompt:answer", version.digest) == version
        assert registry.by_digest("app", "prompt:answer", version.digest[:25]) == version
        same = [each for each in versions if each.digest.startswith(version.digest[:8])]
        assert registry.by_digest("app", "prompt:answer", version.digest[:8]) == same[-1]
    for digest in ("sha256:%", "sha256:_", "sha256:" + "f" * 64, versions[0].digest + "0"):
        with pytest.raises(VersionMissingError):
            registry.by_digest("app", "prompt:answer", digest)


@pytest.mark.parametrize("which", ["", "@1", "@2", "@stable", "@newest", "@sha256"])
def test_every_way_to_name_a_version(registry: Registry, labels: Labels, which: str) -> None:
    one, two = publish(registry, prompt("one"), prompt("two"))
    labels.move("app", ("prompt:answer", "stable"), one.digest, by=ADA, reason="", guard=allow)
    labels.move("app", ("prompt:answer", "newest"), two.digest, by=ADA, reason="", guard=allow)
    wanted = {"": two, "@1": one, "@2": two, "@stable": one, "@newest": two}.get(which, one)
    text = f"@{one.digest[:20]}" if which == "@sha256" else which
    assert labels.resolve("app", f"prompt:answer{text}") == wanted


@pytest.mark.parametrize("text", ["prompt:answer@3", "prompt:answer@none", "prompt:none", "prompt:answer@sha256:0000"])
def test_what_is_not_there_is_said(registry: Registry, labels: Labels, text: str) -> None:
    publish(registry, prompt("one"))
    with pytest.raises(NotFoundError):
        labels.resolve("app", text)


def test_what_nothing_refers_to_can_be_collected(registry: Registry, ledger: Ledger) -> None:
    base = prompt("base", name="base")
    publish(registry, base)
    one, two, three = publish(registry, prompt("one", base.ref), prompt("two"), prompt("three"))
    registry.collect("app", [one.ref, two.ref], by=BEN, guard=allow)
    assert registry.versions("app", name="answer") == (three,)
    assert registry.children_of("app", [base.ref]) == {base.ref: ()}
    (entry,) = ledger.latest(1)
    assert (entry.act, entry.actor) == ("version.collect", BEN.actor)
    assert entry.facts == {"versions": [["prompt", "answer", 1, one.digest], ["prompt", "answer", 2, two.digest]]}
    # A number is never given twice.
    (again,) = publish(registry, prompt("one"))
    assert again.number == 4
    registry.collect("app", [], by=BEN, guard=allow)
    assert ledger.size() == again.sequence + 1


def test_a_parent_can_be_collected_together_with_all_its_children(registry: Registry) -> None:
    old, made = prompt("old", name="old"), prompt("made", prompt("old", name="old").ref)
    publish(registry, old, made, prompt("newer", name="old"), prompt("newer"))
    registry.collect("app", [old.ref, made.ref], by=ADA, guard=allow)
    assert {version.ref.key for version in registry.versions("app")} == {"prompt:old", "prompt:answer"}
    assert len(registry.versions("app")) == 2


def refused(_: Connection) -> None:
    raise DeniedError("a guard says no")


@pytest.mark.parametrize("case", ["newest", "parent", "label", "guard", "missing"])
def test_what_is_referred_to_is_not_collected(
    registry: Registry, labels: Labels, stored: Callable[[], dict[str, list[str]]], case: str
) -> None:
    base, made = prompt("base", name="base"), prompt("made", prompt("base", name="base").ref)
    publish(registry, base, prompt("newer", name="base"), made, prompt("free"), prompt("last"))
    labels.move("app", ("prompt:answer", "stable"), made.ref.digest, by=ADA, reason="", guard=allow)
    free = prompt("free").ref
    before = stored()

    def named(connection: Connection) -> None:
        labels.refuse_named(connection, "app", [made.ref, free])

    gone = VersionRef("prompt", "answer", "sha256:" + "0" * 64)
    ref, guard, error = {
        "newest": (prompt("last").ref, allow, ReferencedError),
        "parent": (base.ref, allow, ReferencedError),
        "label": (made.ref, named, ReferencedError),
        "guard": (free, refused, DeniedError),
        "missing": (gone, allow, VersionMissingError),
    }[case]
    with pytest.raises(error):
        registry.collect("app", [free, ref], by=ADA, guard=guard)
    assert stored() == before


def test_every_row_says_the_same_as_its_entry(registry: Registry, ledger: Ledger) -> None:
    one, two = prompt("one", name="one"), prompt("two", name="two")
    publish(registry, one, prompt("made", one.ref), two)
    publish(registry, prompt("made", two.ref), prompt("late", two.ref, one.ref), by=BEN)
    publish(registry, prompt("other"), app="other")
    claims = list(registry.claims())
    entries = {entry.sequence: entry for entry in ledger.entries(1)}
    assert [claim.sequence for claim in claims] == sorted(entries)
    for claim in claims:
        entry = entries[claim.sequence]
        assert (claim.act, claim.app, claim.facts) == (entry.act, entry.app, entry.facts)
        if claim.act == "version.publish":
            assert (claim.actor, claim.at) == (entry.actor, entry.at)
            assert claim.place == f"version prompt:{entry.facts['name']}@{entry.facts['number']}"
    assert [claim.act for claim in claims].count("lineage.add") == 1


@pytest.mark.parametrize("page", [1, 2, 7, 21, 40])
def test_claims_are_read_page_by_page(
    registry: Registry, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr("plimsoll.registry._store._PER_PAGE", page)
    one, two = prompt("one", name="one"), prompt("two", name="two")
    publish(registry, one, two, *(prompt(number, one.ref) for number in range(20)))
    publish(registry, *(prompt(number, two.ref) for number in range(0, 20, 3)))
    publish(registry, *(prompt(number, one.ref, two.ref) for number in range(20, 25)))
    facts = {entry.sequence: entry.facts for entry in ledger.entries(1)}
    assert {claim.sequence: claim.facts for claim in registry.claims()} == facts
    assert [claim.sequence for claim in registry.claims()] == sorted(facts)


def test_a_changed_content_is_never_returned(registry: Registry, tmp_path: Path) -> None:
    (version,) = publish(registry, prompt("hello"))
    (path,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    path.write_bytes(path.read_bytes().replace(b"hello", b"hullo"))
    with pytest.raises(IntegrityError):
        registry.content(version.digest)
