"""What answers searches is chosen for each index, changes no answer, and leaves nothing behind when it must not."""

import asyncio
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.bootstrap.test_blobs import bucket_in
from tests.flows.conftest import Workshop, settings_in
from tests.object_storage import ObjectStorage, object_storage

from plimsoll.bootstrap import Platform, _engines, open_platform
from plimsoll.bootstrap._blobs import bucket_place
from plimsoll.bootstrap._engines import Engines
from plimsoll.flows import promote
from plimsoll.flows.ask import ask
from plimsoll.flows.build import build
from plimsoll.flows.erase import erase
from plimsoll.flows.promote import Wish
from plimsoll.kernel.errors import InvalidError
from plimsoll.project import load_project
from plimsoll.releases import Evidence, Manifest, Release
from plimsoll.retrieval import SegmentRef, Snapshot
from plimsoll.retrieval.engines.embedded import EmbeddedIndexes
from plimsoll.retrieval.engines.lance import LanceIndexes
from plimsoll.settings import IndexChoice, SettingInvalidError, Settings, read_settings
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.bucket import BucketClient, Patience

QUESTIONS = (
    "How many days of paid leave has an employee?",
    "When did the freezer fail?",
    "Who keeps door 7 clean?",
    "What does the lifeboat on the roof cost?",
)
SECRET = "ada.lovelace@example.org"  # noqa: S105  # an address of nobody
MEMO = f"# Memo\n\nThe foghorn was promised to {SECRET} in the spring."
ENGINES: Sequence[IndexChoice] = ("embedded", "lance", "pgvector")
Found = list[tuple[str, list[tuple[str, int, int, str, float]]]]


class GrownWorkshop(Workshop):
    """A project in an installation that is set up in some way."""

    def __init__(self, root: Path, **changes: Any) -> None:
        super().__init__(root)
        self.changes = changes

    def open(self, actor: str = "ada", *, key: str | None = None) -> Platform:
        settings = replace(settings_in(self.home, actor, key=key), **self.changes)
        platform = open_platform(settings, self.root)
        self._platforms.append(platform)
        return platform


Open = Callable[..., GrownWorkshop]


@pytest.fixture
def open_workshop(tmp_path: Path) -> Iterator[Open]:
    opened: list[GrownWorkshop] = []

    def make(**changes: Any) -> GrownWorkshop:
        opened.append(GrownWorkshop(tmp_path / f"{len(opened)}" / "harbour", **changes))
        return opened[-1]

    yield make
    for workshop in opened:
        workshop.close()


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """A database of its own, as an installation has one."""
    from psycopg import connect
    from psycopg.sql import SQL, Identifier

    name = f"harbour_{secrets.token_hex(6)}"
    with connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))


@pytest.fixture(scope="module")
def storage() -> Iterator[ObjectStorage]:
    with object_storage() as running:
        yield running


def release_of(workshop: Workshop) -> Release:
    draft = workshop.build().draft
    platform = workshop.open()
    manifest = Manifest(draft.app, draft.artifacts, (Evidence("ask", draft.digest, draft.digest, "pass"),))
    release = platform.releases.keep_release(manifest, by=platform.acting.by, source_commit="")
    platform.close()
    return release


def found_by(workshop: Workshop) -> Found:
    """What a released project answers, and every passage with its score."""
    release = release_of(workshop)
    platform = workshop.open()
    promote.ship(release, Wish("staging"), platform.promote_parts())
    parts = platform.serve_parts()
    answers = [
        asyncio.run(ask("harbour", one, endpoint="ask", environment="staging", parts=parts)) for one in QUESTIONS
    ]
    platform.close()
    return [
        (
            answer.done.text,
            [(one.document, one.start, one.end, one.text, round(one.score, 4)) for one in answer.started.passages],
        )
        for answer in answers
    ]


def indexes_of(workshop: Workshop) -> str:
    return workshop.build().draft.artifacts["index:texts"]


def test_every_engine_answers_the_same(open_workshop: Open, database_url: str) -> None:
    answers = {}
    for engine in ENGINES:
        workshop = open_workshop(index=engine, **({"database_url": database_url} if engine == "pgvector" else {}))
        answers[engine] = found_by(workshop)
        assert (workshop.home / "lance").exists() == (engine == "lance")
        assert (workshop.home / "indexes" / "views").exists() == (engine == "embedded")
    assert "twenty-six days" in answers["embedded"][0][0]
    assert [len(passages) for _, passages in answers["embedded"]] == [6, 6, 6, 6]
    assert answers["lance"] == answers["embedded"]
    assert answers["pgvector"] == answers["embedded"]


def test_lance_is_in_the_bucket_where_contents_are(open_workshop: Open, storage: ObjectStorage) -> None:
    bucket = bucket_in(storage)
    workshop = open_workshop(index="lance", blobs=bucket)
    assert found_by(workshop) == found_by(open_workshop())
    assert not (workshop.home / "lance").exists()
    client = BucketClient(bucket_place(bucket), Patience())
    assert any("chunks.lance" in kept.name for kept in client.listed("indexes"))
    platform = workshop.open()
    platform.erase_parts().prune_indexes(())
    assert [kept.name for kept in client.listed("indexes") if kept.name.endswith(".lance")] == []


def test_the_project_goes_before_the_installation_and_anwith_engine_is_no_other_index(open_workshop: Open) -> None:
    workshop = open_workshop(index="lance")
    first = indexes_of(workshop)
    assert (workshop.home / "lance").exists()
    other = open_workshop(index="lance")
    other.write("knowledge/texts.yaml", with_engine(other, "embedded"))
    assert indexes_of(other) == first
    assert not (other.home / "lance").exists()


def with_engine(workshop: Workshop, engine: str) -> str:
    return (workshop.root / "knowledge" / "texts.yaml").read_text() + f"index: {{engine: {engine}}}\n"


def engines_in(
    tmp_path: Path, *, index: IndexChoice = "auto", records: Database | None = None, url: str = ""
) -> Engines:
    def given() -> Database:
        assert records is not None, "records are asked only where they are in PostgreSQL"
        return records

    settings: Settings = replace(settings_in(tmp_path), index=index, database_url=url or None)
    return Engines(settings, given, lambda: "harbour")


def snapshot_of(chunks: int) -> Snapshot:
    return Snapshot("test/none", 3, "test", (SegmentRef("sha256:" + "0" * 64, 1, chunks),))


class NoEmbedder:
    name, fingerprint, dimension = "test/none", "test/none", 3

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.zeros((len(texts), 3), np.float32)


def test_the_environment_chooses() -> None:
    assert read_settings(Path("/srv"), {}).index == "auto"
    assert read_settings(Path("/srv"), {"PLIMSOLL_INDEX": "pgvector"}).index == "pgvector"
    with pytest.raises(SettingInvalidError, match="PLIMSOLL_INDEX must be auto, embedded, lance or pgvector"):
        read_settings(Path("/srv"), {"PLIMSOLL_INDEX": "tantivy"})


def test_auto_goes_by_size_and_by_what_there_is(
    tmp_path: Path, postgres_place: PostgresPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = snapshot_of(1_000_000), snapshot_of(1_000_001)
    plain = engines_in(tmp_path)
    assert plain.choose(small, {}) == "embedded"
    assert plain.choose(large, {}) == "lance"
    records = Database(postgres_place, ())
    served = engines_in(tmp_path, records=records, url=postgres_place.url)
    assert served.choose(small, {}) == "embedded"
    assert served.choose(large, {}) == "pgvector"
    monkeypatch.setattr(_engines, "_HAS_VECTOR", "SELECT false")
    assert served.choose(large, {}) == "lance"
    monkeypatch.setattr(_engines, "find_spec", lambda _: None)
    assert served.choose(large, {}) == plain.choose(large, {}) == "embedded"
    records.close()


def test_what_the_knowledge_base_says_is_taken_at_any_size(tmp_path: Path) -> None:
    engines = engines_in(tmp_path, index="lance")
    assert engines.choose(snapshot_of(1), {}) == "lance"
    assert engines.choose(snapshot_of(1), {"index": {"engine": "embedded"}}) == "embedded"
    assert engines.choose(snapshot_of(1), {"index": {"engine": "auto"}}) == "embedded"
    assert isinstance(engines.of(snapshot_of(1), {}, NoEmbedder()), LanceIndexes)
    assert isinstance(engines.of(snapshot_of(1), {"index": {"engine": "auto"}}, NoEmbedder()), EmbeddedIndexes)


def refused(workshop: GrownWorkshop) -> tuple[str, InvalidError]:
    """What a build says that does nothing."""
    told: list[object] = []
    parts = workshop.open().build_parts(lambda *said: told.append(said))
    with pytest.raises(InvalidError) as caught:
        build(load_project(workshop.root), parts)
    assert told == []
    return str(caught.value), caught.value


@pytest.mark.parametrize("who", ["installation", "project"])
def test_a_build_begins_with_the_package_of_an_engine_that_is_missing(
    open_workshop: Open, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    monkeypatch.setattr(_engines, "find_spec", lambda _: None)
    workshop = open_workshop(index="lance") if who == "installation" else open_workshop()
    if who == "project":
        workshop.write("knowledge/texts.yaml", with_engine(workshop, "lance"))
    said, error = refused(workshop)
    assert "lance is not installed" in said
    assert (error.code, "plimsoll[lance]" in error.hint) == ("engine_missing", True)


def test_a_build_begins_with_the_server_of_an_engine_that_is_missing(open_workshop: Open) -> None:
    said, error = refused(open_workshop(index="pgvector"))
    assert "records are not in PostgreSQL" in said
    assert error.code == "engine_unusable"
    assert "PLIMSOLL_DATABASE" in error.hint


def test_a_server_without_the_extension_is_named(
    tmp_path: Path, postgres_place: PostgresPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_engines, "_HAS_VECTOR", "SELECT false")
    records = Database(postgres_place, ())
    engines = engines_in(tmp_path, index="pgvector", records=records, url=postgres_place.url)
    with pytest.raises(InvalidError, match="no extension `vector`"):
        engines.of(snapshot_of(1), {}, NoEmbedder())
    records.close()


def mentioned(workshop: GrownWorkshop, what: str = "foghorn") -> set[str]:
    """Where a word stands: folders of the home, and schemas of the server."""
    files = (path for path in workshop.home.rglob("*") if path.is_file())
    places = {path.relative_to(workshop.home).parts[0] for path in files if what.encode() in path.read_bytes()}
    url = workshop.changes.get("database_url")
    return places & {"indexes", "lance"} | ({"schema"} if url and in_schemas(url, what) else set())


def in_schemas(url: str, what: str) -> bool:
    from psycopg import connect
    from psycopg.sql import SQL, Identifier

    with connect(url) as connection:
        found = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'plimsoll_index_')"
        schemas = [name for (name,) in connection.execute(found)]
        assert schemas
        bodies = [
            bytes(body)
            for schema in schemas
            for (body,) in connection.execute(SQL("SELECT body FROM {}.document").format(Identifier(schema)))
        ]
    return any(what.encode() in body for body in bodies)


def test_an_erasure_reaches_every_place_that_any_engine_ever_used(open_workshop: Open, database_url: str) -> None:
    """Also after the engine was chosen anew, and chunks are cut in another way, which have another place."""
    workshop = open_workshop(database_url=database_url)
    memo = workshop.write("documents/memo.md", MEMO)
    plain = (workshop.root / "knowledge" / "texts.yaml").read_text()
    for size, engine in ((400, "pgvector"), (300, "lance"), (200, "embedded")):
        text = plain.replace("size: 400", f"size: {size}")
        workshop.write("knowledge/texts.yaml", f"{text}index: {{engine: {engine}}}\n")
        release_of(workshop)
    assert mentioned(workshop) == {"indexes", "lance", "schema"}

    memo.unlink()
    workshop.build()
    platform = workshop.open()
    done = erase(SECRET, platform.erase_parts())
    assert done.found
    assert mentioned(workshop) == set()
    assert "twenty-six days" in found_by(workshop)[0][0]


def test_without_its_package_a_purge_removes_all_of_lance_and_pruning_leaves_it(
    open_workshop: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop = open_workshop(index="lance")
    workshop.build()
    platform = workshop.open()
    monkeypatch.setattr(_engines, "find_spec", lambda _: None)
    platform.build_parts(lambda *_: None).prune_indexes(())
    assert mentioned(workshop, "chunks") == {"lance"}
    platform.erase_parts().prune_indexes(())
    assert list((workshop.home / "lance").iterdir()) == []


def test_a_purge_ends_what_a_removal_that_was_killed_began(open_workshop: Open) -> None:
    workshop = open_workshop(index="lance")
    index = indexes_of(workshop)
    (place,) = (workshop.home / "lance").iterdir()
    shutil.rmtree(place / "chunks.lance" / "_versions")
    assert any(place.rglob("*.lance"))
    workshop.open().erase_parts().prune_indexes((index,))
    assert not place.exists()
    assert indexes_of(workshop) == index


def test_in_a_bucket_too(open_workshop: Open, storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = bucket_in(storage)
    workshop = open_workshop(index="lance", blobs=bucket)
    index = indexes_of(workshop)
    client = BucketClient(bucket_place(bucket), Patience())
    prune = workshop.open().erase_parts().prune_indexes
    prune((index,))
    assert list(client.listed("indexes"))
    for kept in [each for each in client.listed("indexes") if "/_versions/" in each.name]:
        client.delete(kept.name)
    prune((index,))
    assert list(client.listed("indexes")) == []
    indexes_of(workshop)
    monkeypatch.setattr(_engines, "find_spec", lambda _: None)
    prune((index,))
    assert list(client.listed("indexes")) == []
