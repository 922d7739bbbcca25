"""What a question may mean beside its own words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.retrieval._words import sequence
from plimsoll.retrieval.signals import BUILTIN_THESAURI, Thesaurus, builtin_thesaurus, read_thesaurus
from plimsoll.retrieval.signals._errors import ThesaurusFormatError, ThesaurusMissingError


def _thesaurus(*groups: tuple[list[str], list[str]]) -> Thesaurus:
    return read_thesaurus(json.dumps({"groups": [{"when": when, "add": add} for when, add in groups]}).encode())


def test_a_phrase_adds_others() -> None:
    leave = _thesaurus((["parental leave", "maternity"], ["paid leave", "birth"]))
    assert leave.added("How long is maternity cover?") == ("paid leave", "birth")
    assert leave.expanded("How long is maternity cover?") == "How long is maternity cover?\npaid leave\nbirth"
    assert leave.added("How long is the lease?") == ()
    assert leave.expanded("How long is the lease?") == "How long is the lease?"


def test_a_phrase_that_the_question_has_is_not_added() -> None:
    found = _thesaurus((["p&l"], ["income statement", "earnings"])).added(
        "Do the P&L and the income statements differ?"
    )
    assert found == ("earnings",)


def test_a_phrase_must_stand_in_one_piece_and_as_whole_words() -> None:
    one = _thesaurus((["m&a"], ["acquisitions"]), (["working capital"], ["current assets"]))
    assert one.added("What is the m of a?") == ()
    assert one.added("Is capital working?") == ()
    assert one.added("The M&A activity") == ("acquisitions",)


def test_endings_do_not_matter() -> None:
    assert _thesaurus((["balance sheet"], ["total assets"])).added("both balance sheets") == ("total assets",)


def test_a_question_that_means_everything_gets_no_more_than_it_can_bear() -> None:
    everything = _thesaurus((["all"], [f"word {number}" for number in range(100)]))
    assert len(everything.added("all of it")) == 40


@pytest.mark.parametrize("name", BUILTIN_THESAURI)
def test_what_is_built_in_can_be_read(name: str) -> None:
    assert builtin_thesaurus(name).groups


def test_accounting_knows_other_names_of_a_statement() -> None:
    added = builtin_thesaurus("builtin/accounting").added("What does the P&L statement say?")
    assert "consolidated statements of income" in added


def test_a_thesaurus_that_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(ThesaurusMissingError, match="acounting") as caught:
        builtin_thesaurus("builtin/acounting")
    assert "builtin/accounting" in str(caught.value.hint)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"groups": []}', b'{"groups": [{"when": ["a"]}]}', b"\xff"])
def test_what_is_no_thesaurus_is_refused(data: bytes) -> None:
    with pytest.raises(ThesaurusFormatError):
        read_thesaurus(data)


def test_another_list_has_another_fingerprint() -> None:
    one, other = _thesaurus((["a b"], ["c"])), _thesaurus((["a b"], ["d"]))
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == _thesaurus((["a b"], ["c"])).fingerprint


@given(st.text(max_size=200))
def test_any_question_gets_no_phrase_twice_and_none_of_its_own(question: str) -> None:
    added = builtin_thesaurus("builtin/accounting").added(question)
    assert len(added) == len(set(added))
    assert not any(f" {sequence(phrase)} " in f" {sequence(question)} " for phrase in added)
