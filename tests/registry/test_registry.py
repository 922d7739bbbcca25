from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError as ConstraintError

from plimsoll.kernel.digest import digest_json
from plimsoll.kernel.errors import IntegrityError, NotFoundError
from plimsoll.registry import Publication, Registry, VersionMissingError, VersionRef
from plimsoll.storage import BlobFolder, Database

ORIGIN = {"author": "ada", "source_commit": "abc"}


@pytest.fixture
def registry(records: Database, blobs: BlobFolder) -> Registry:
    return Registry(records, blobs)


def prompt(text: str, name: str = "answer") -> Publication:
    return Publication("prompt", name, {"template": text})


def test_a_version_keeps_its_content_and_origin(registry: Registry) -> None:
    (version,) = registry.publish("app", [prompt("hello")], **ORIGIN)
    assert (version.number, version.author, version.source_commit, version.label) == (1, "ada", "abc", "answer v1")
    assert registry.content(version.digest) == {"template": "hello"}
    assert registry.version("app", version.ref) == version


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=12))
def test_same_content_same_version(registry: Registry, texts: list[str]) -> None:
    versions = [registry.publish("app", [prompt(text)], **ORIGIN)[0] for text in texts]
    for text, version in zip(texts, versions, strict=True):
        assert version.digest == digest_json({"template": text})
        assert version == registry.version("app", version.ref)
    known = {version.digest: version.number for version in registry.versions("app")}
    assert sorted(known.values()) == list(range(1, len(known) + 1))


def test_applications_do_not_see_each_other(registry: Registry) -> None:
    registry.publish("one", [prompt("x")], **ORIGIN)
    registry.publish("other", [prompt("y")], **ORIGIN)
    assert [version.app for version in registry.versions("one")] == ["one"]


def test_parents_are_kept_and_must_exist(registry: Registry) -> None:
    route = Publication("route", "default", {"model": "builtin/reader"})
    endpoint = Publication("endpoint", "ask", {"kind": "rag"}, (route.ref,))
    registry.publish("app", [route, endpoint], **ORIGIN)
    assert registry.parents("app", endpoint.ref) == (route.ref,)
    orphan = Publication("endpoint", "ask", {"kind": "chat"}, (VersionRef("route", "none", route.ref.digest),))
    with pytest.raises(ConstraintError, match="FOREIGN KEY"):
        registry.publish("app", [prompt("not kept either"), orphan], **ORIGIN)
    assert [version.kind for version in registry.versions("app")] == ["endpoint", "route"]


def test_the_newest_version_is_found_by_name(registry: Registry) -> None:
    registry.publish("app", [prompt("one")], **ORIGIN)
    registry.publish("app", [prompt("two")], **ORIGIN)
    assert registry.find("app", "prompt:answer").number == 2
    assert registry.find("app", "prompt:answer", 1).number == 1
    with pytest.raises(VersionMissingError, match="no prompt `answer` version 3"):
        registry.find("app", "prompt:answer", 3)
    with pytest.raises(NotFoundError):
        registry.find("app", "nonsense")


def test_a_changed_content_is_never_returned(registry: Registry, tmp_path: Path) -> None:
    (version,) = registry.publish("app", [prompt("hello")], **ORIGIN)
    (path,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    path.write_bytes(path.read_bytes().replace(b"hello", b"hullo"))
    with pytest.raises(IntegrityError):
        registry.content(version.digest)
