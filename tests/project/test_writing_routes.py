"""Routes that knowledge bases name, to put questions in other words and to write contexts."""

import pytest
from tests.project.conftest import Folder

from plimsoll.project import ProjectInvalidError, load_project

WRITES = "model: openai/gpt-4.1-mini\n"
SEARCH = "sources:\n  - path: documents\nsearch:\n  variants: 2\n  variants_by: helper\n"


def mistakes(folder: Folder, knowledge: str) -> list[tuple[str, int, str, str]]:
    folder.write("knowledge/handbook.yaml", knowledge)
    try:
        load_project(folder.root)
    except ProjectInvalidError as error:
        return [(one.file, one.line, one.what, one.instead) for one in error.mistakes]
    return []


def test_a_route_that_writes_is_right(folder: Folder) -> None:
    folder.write("routes/helper.yaml", WRITES)
    assert mistakes(folder, SEARCH) == []


def test_a_route_that_is_not_there_is_told_with_its_line_and_the_nearest_name(folder: Folder) -> None:
    folder.write("routes/helpers.yaml", WRITES)
    ((file, line, what, instead),) = mistakes(folder, SEARCH)
    assert (file, line) == ("knowledge/handbook.yaml", 5)
    assert "there is no route" in what
    assert "helpers" in instead


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ("model: openai/text-embedding-3-small\nembeds: true\n", "makes vectors"),
        ("model: builtin/reader\n", "quotes passages"),
        ("targets: [{model: openai/gpt-4.1-mini}, {model: builtin/reader}]\n", "quotes passages"),
    ],
)
def test_a_route_that_cannot_write_is_told(folder: Folder, route: str, said: str) -> None:
    folder.write("routes/helper.yaml", route)
    ((file, line, what, _),) = mistakes(folder, SEARCH)
    assert (file, line) == ("knowledge/handbook.yaml", 5)
    assert said in what


def test_variants_without_a_route_are_told_with_what_to_add(folder: Folder) -> None:
    ((_, _, what, instead),) = mistakes(folder, "sources: [{path: documents}]\nsearch: {variants: 2}\n")
    assert "no route is named" in what
    assert "variants_by" in instead


def test_a_section_that_is_no_group_is_told_once(folder: Folder) -> None:
    assert len(mistakes(folder, "sources: [{path: documents}]\nsearch: [variants]\n")) == 1
    assert len(mistakes(folder, "sources: [{path: documents}]\nsearch: {variants: 1, variants_by: [a]}\n")) == 1
