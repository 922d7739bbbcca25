"""A project's own chunkers."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from tests.retrieval.chunkers.conftest import plain

from plimsoll.kernel.errors import InvalidError, NotFoundError, PlimsollError
from plimsoll.retrieval.chunkers import (
    ChunkSettings,
    _plugins,
    check_chunker_name,
    chunk_document,
    chunker_fingerprint,
    chunker_names,
)

OWN = """
from plimsoll.retrieval.chunkers import Cut

number = 7

def halves(document, settings):
    middle = len(document.text) // 2
    yield 0, middle
    yield Cut(middle, len(document.text), parent=(0, len(document.text)), headings=("Own",))

def by_option(document, settings):
    size = settings.options["letters"]
    return ((start, min(start + size, len(document.text))) for start in range(0, len(document.text), size))

def outside(document, settings):
    return [(0, len(document.text) + 1)]

def twice(document, settings):
    return [(0, 3), (0, 3)]

def backwards(document, settings):
    return [(2, 4), (0, 3)]

def endless(document, settings):
    while True:
        yield 0, 1

def words(document, settings):
    return ["one"]

def orphan(document, settings):
    return [Cut(0, 4, parent=(1, 4))]

def broken(document, settings):
    raise KeyError("deep inside")
"""


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "harbour_chunkers.py").write_text(OWN)
    (tmp_path / "sunken_chunkers.py").write_text("raise RuntimeError('cannot float')\n")
    monkeypatch.syspath_prepend(tmp_path)
    _plugins._loaded.cache_clear()
    yield
    for name in ("harbour_chunkers", "sunken_chunkers"):
        sys.modules.pop(name, None)
    _plugins._loaded.cache_clear()


def own(name: str, **options: int) -> ChunkSettings:
    return ChunkSettings(kind=f"harbour_chunkers:{name}", options=options)


def test_a_function_is_named_by_its_module() -> None:
    first, second = chunk_document(plain("One two"), own("halves"))
    assert [(chunk.text, chunk.headings, chunk.parent) for chunk in (first, second)] == [
        ("One", (), None),
        (" two", ("Own",), (0, 7)),
    ]


def test_it_is_given_the_options_of_the_settings() -> None:
    assert [chunk.text for chunk in chunk_document(plain("abcde"), own("by_option", letters=2))] == ["ab", "cd", "e"]


def test_an_installed_one_is_named_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("halves", "harbour_chunkers:halves", _plugins.GROUP)

    def entry_points(*, group: str, name: str = "halves") -> list[EntryPoint]:
        return [point] if (group, name) == (_plugins.GROUP, "halves") else []

    monkeypatch.setattr(_plugins, "entry_points", entry_points)
    assert chunker_names()[-1] == "halves"
    assert "harbour_chunkers" not in sys.modules
    check_chunker_name("halves")
    assert len(chunk_document(plain("One two"), ChunkSettings(kind="halves"))) == 2


def test_an_installed_one_takes_no_built_in_name(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("recursive", "harbour_chunkers:halves", _plugins.GROUP)
    monkeypatch.setattr(_plugins, "entry_points", lambda **_named: [point])
    assert chunker_names().count("recursive") == 1
    assert len(chunk_document(plain("One two"), ChunkSettings(kind="recursive"))) == 1


def test_its_fingerprint_changes_with_its_source_and_its_options(tmp_path: Path) -> None:
    found = [chunker_fingerprint(own("by_option", letters=number), "text/plain") for number in (2, 2, 3)]
    (tmp_path / "harbour_chunkers.py").write_text(OWN + "\n# another\n")
    _plugins._loaded.cache_clear()
    found.append(chunker_fingerprint(own("by_option", letters=2), "text/plain"))
    assert found[0] == found[1]
    assert len(set(found)) == 3


@pytest.mark.parametrize("name", ["outside", "twice", "backwards", "endless", "words", "orphan"])
def test_cuts_that_cannot_be_are_refused(name: str) -> None:
    with pytest.raises(InvalidError) as caught:
        chunk_document(plain("One two"), own(name))
    assert caught.value.code == "chunker_output"
    assert name in caught.value.message


def test_an_error_of_its_own_is_told_with_its_name() -> None:
    with pytest.raises(InvalidError, match=r"harbour_chunkers:broken.*KeyError") as caught:
        chunk_document(plain("One two"), own("broken"))
    assert caught.value.code == "chunker_failed"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("recursiv", "chunker_missing"),
        ("../evil:run", "chunker_missing"),
        ("os;system:x", "chunker_missing"),
        ("harbour_chunkers:nothing", "chunker_broken"),
        ("harbour_chunkers:number", "chunker_broken"),
        ("no_such_module:cut", "chunker_broken"),
        ("sunken_chunkers:cut", "chunker_broken"),
    ],
)
def test_one_that_cannot_be_loaded_is_told_with_what_to_do(name: str, code: str) -> None:
    with pytest.raises(PlimsollError) as caught:
        chunk_document(plain("One two"), ChunkSettings(kind=name))
    assert caught.value.code == code
    assert caught.value.hint


def test_a_misspelled_kind_is_answered_with_the_right_one() -> None:
    with pytest.raises(NotFoundError) as caught:
        check_chunker_name("semantics")
    assert "did you mean semantic?" in caught.value.hint
