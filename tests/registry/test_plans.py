"""How SQLite looks things up: never through everything that an application has, however little it knows of the data."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from plimsoll.bootstrap import Stores
from plimsoll.kernel.digest import canonical_json, short_name
from plimsoll.ledger import By
from plimsoll.registry import Publication, VersionRef
from plimsoll.releases import Evidence, Manifest
from plimsoll.settings import read_settings

APP = "harbour"
FAR = re.compile(r"SCAN (?!\d* ?CONSTANT)|\(app=\?\)")
"""A step through a whole table, or through all rows of an application."""


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """An installation with a source, two prompts that were made from it, a release and a label."""
    stores = Stores(read_settings(tmp_path, {}))
    by = By(stores.ledger.subject("ada"))
    source = Publication("source", "manual", {"text": "deep"})
    prompts = [Publication("prompt", name, {"text": name}, (source.ref,)) for name in ("answer", "greeting")]
    stores.registry.publish(APP, [source, *prompts], by=by, source_commit="")
    run = stores.blobs.put(canonical_json({"rows": []}))
    artifacts = {one.ref.key: one.ref.digest for one in prompts}
    manifest = Manifest(APP, artifacts, (Evidence("answers", source.ref.digest, run, "pass"),))
    stores.releases.keep_release(manifest, by=by, source_commit="")
    place = ("prompt:answer", "stable")
    stores.labels.move(APP, place, prompts[0].ref.digest, by=by, reason="", guard=lambda _: None)
    yield stores
    stores.close()


def plan(stores: Stores, ask: Callable[[], object]) -> list[str]:
    """The steps of every query that a question makes."""
    asked: list[tuple[str, Any]] = []
    engine = stores.records._opened.reading

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert asked
    connection = sqlite3.connect(stores.settings.home / "records.db")
    try:
        rows = [row for one in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {one[0]}", one[1])]
    finally:
        connection.close()
    return [str(row[3]) for row in rows]


def release_of(stores: Stores, ref: VersionRef) -> str:
    """The short name of the release that contains a version."""
    return short_name("r", stores.releases.containing(APP, [ref])[ref][0])


QUESTIONS: dict[str, Callable[[Stores, VersionRef], object]] = {
    "version": lambda stores, ref: stores.registry.version(APP, ref),
    "version by part of its digest": lambda stores, ref: stores.registry.by_digest(APP, ref.key, ref.digest[:15]),
    "newest version": lambda stores, ref: stores.registry.find(APP, ref.key),
    "label": lambda stores, ref: stores.labels.resolve(APP, f"{ref.key}@stable"),
    "parents": lambda stores, ref: stores.registry.parents_of(APP, [ref, VersionRef("prompt", "x", "sha256:0")]),
    "children": lambda stores, ref: stores.registry.children_of(APP, [ref, VersionRef("prompt", "x", "sha256:0")]),
    "release": lambda stores, ref: stores.releases.release(APP, release_of(stores, ref)),
    "releases that contain versions": lambda stores, ref: stores.releases.containing(APP, [ref]),
    "rows in the order of the ledger": lambda stores, _: next(stores.registry.claims()),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_goes_straight_to_its_rows(stores: Stores, question: str) -> None:
    (answer,) = stores.registry.versions(APP, kind="prompt", name="answer")
    steps = plan(stores, lambda: QUESTIONS[question](stores, answer.ref))
    assert [step for step in steps if FAR.search(step)] == []
