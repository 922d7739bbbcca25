import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.access._errors import NameUnfitError
from plimsoll.access._names import actor_name, is_pseudonym, tag


@pytest.mark.parametrize("name", ["Ada Lovelace", "ci@example.org", "李雷", "O\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_ordinary_names_are_taken_as_they_are(name: str) -> None:
    assert actor_name(name) == name


def test_one_name_has_one_spelling() -> None:
    assert (
        actor_name(" Ad\N{LATIN SMALL LETTER A}\N{COMBINING ACUTE ACCENT} ") == "Ad\N{LATIN SMALL LETTER A WITH ACUTE}"
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is empty"),
        (" \t ", "is empty"),
        ("a" * 201, "201 characters"),
        ("a\nb", "cannot be printed"),
        ("a\x1b[31m", "cannot be printed"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}b", "cannot be printed"),
        ("a\udc80", "cannot be printed"),
        ("s-0011223344556677", "form of a pseudonym"),
    ],
)
def test_names_that_people_could_not_tell_apart_are_refused(name: str, why: str) -> None:
    with pytest.raises(NameUnfitError, match=why):
        actor_name(name)


def test_a_tag_may_be_empty_but_not_unprintable() -> None:
    assert tag("team", " search ") == "search"
    assert tag("team", "") == ""
    with pytest.raises(NameUnfitError, match="this team cannot be taken"):
        tag("team", "a\x00")


@given(st.text(max_size=210))
def test_a_name_that_is_taken_is_printable_and_stays_the_same(text: str) -> None:
    try:
        name = actor_name(text)
    except NameUnfitError:
        return
    assert name
    assert name.isprintable()
    assert not is_pseudonym(name)
    assert actor_name(name) == name
