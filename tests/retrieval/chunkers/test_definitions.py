"""What a text of code defines, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.retrieval.chunkers._definitions import Scopes, definitions, is_code, names_between

PYTHON = """class Harbour:
    def admit(self, boat):
        if boat.draught > 4:
            raise ValueError(boat)

def moor(boat):
    return boat
"""


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("    def admit(self, boat):", ["admit"]),
        ("pub struct Harbour<A, B> {", ["Harbour"]),
        ("impl<T> Berth for Harbour<T> {", ["Berth", "Harbour"]),
        ("public void admitAll() throws Full {", ["admitAll"]),
        ("bool Harbour::admit(const Boat &boat) {", ["Harbour::admit", "Harbour", "admit"]),
        ("func (h *Harbour) Admit(boat Boat) error {", ["Admit"]),
        ("export function moor(boat) {", ["moor"]),
        ("    return admit(boat,", []),
        ("    admit(boat);", []),
        ("// class Harbour is described here:", []),
        ("The company leases its harbour (see Note 4),", []),
    ],
)
def test_a_line_defines_what_it_names(line: str, names: list[str]) -> None:
    assert [name for found in definitions(line) for name in found.names] == names


def test_a_place_is_enclosed_by_what_is_less_indented_above_it() -> None:
    scopes = Scopes(PYTHON, definitions(PYTHON))
    assert scopes.around(PYTHON.index("if boat")) == ["class Harbour", "def admit(self, boat)"]
    assert scopes.around(PYTHON.index("    return boat")) == ["def moor(boat)"]


def test_a_stretch_has_the_names_that_it_defines() -> None:
    found = definitions(PYTHON)
    assert names_between(found, 0, len(PYTHON)) == ["Harbour", "admit", "moor"]
    assert names_between(found, PYTHON.index("def moor"), len(PYTHON)) == ["moor"]


def test_code_is_known_from_prose() -> None:
    prose = "The class struggle goes on.\nNo type of boat is admitted.\n" * 20
    assert is_code(PYTHON, definitions(PYTHON))
    assert not is_code(prose, definitions(prose))


@given(st.text(st.sampled_from("class def fn{}();:,\n\t aA_<>*&"), max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    found = definitions(text)
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert all(text[one.start :].lstrip().startswith(one.line) for one in found)
    scopes = Scopes(text, found)
    assert all(len(scopes.around(place)) <= 4 for place in range(0, len(text), 7))
