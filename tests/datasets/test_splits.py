"""Splits that no draw decides, and what differs between rows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.datasets import Row, Split, diff_rows, divide, read_shares
from plimsoll.kernel.errors import InvalidError

SHARES: dict[Split, float] = {"train": 0.6, "dev": 0.2, "test": 0.2}


def row(name: str, group: str = "", question: str = "q") -> Row:
    return Row(name, question, ("x",), (), answerable=True, tags=(), group=group)


@given(
    st.lists(st.tuples(st.text(min_size=1), st.sampled_from(["", "a", "b"])), unique_by=lambda one: one[0]), st.data()
)
def test_no_other_row_and_no_order_decides_the_split_of_a_row(kept: list[tuple[str, str]], data: st.DataObject) -> None:
    rows = [row(name, group) for name, group in kept]
    whole = {one.id: one.split for one in divide(rows, SHARES)}
    some = data.draw(st.permutations(rows))[: len(rows) // 2]
    assert all(whole[one.id] == one.split for one in divide(some, SHARES))


def test_rows_of_a_group_stay_together_and_rows_with_a_split_keep_it() -> None:
    rows = [row(str(number), f"group-{number % 7}") for number in range(700)]
    divided = divide(rows, SHARES)
    assert len({(one.group, one.split) for one in divided}) == 7
    (kept,) = divide([replace(row("a"), split="test")], {"train": 1.0})
    assert kept.split == "test"


def test_the_shares_are_about_what_was_asked() -> None:
    divided = divide([row(str(number)) for number in range(10_000)], SHARES)
    # Five standard errors of a share of 10,000 rows.
    for split, share in SHARES.items():
        assert sum(one.split == split for one in divided) / 10_000 == pytest.approx(share, abs=0.025)


def test_another_salt_divides_otherwise() -> None:
    rows = [row(str(number)) for number in range(100)]
    assert divide(rows, SHARES) != divide(rows, SHARES, salt="b")


def test_shares_are_read() -> None:
    assert read_shares("train=0.6, dev=.2,test=0.2") == SHARES


@pytest.mark.parametrize(
    "text", ["", "train", "train=x", "exam=1", "train=0.5", "train=0.5,train=0.5", "train=nan", "dev=-1,test=2"]
)
def test_shares_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        read_shares(text)


def test_what_differs_is_told_by_the_ids() -> None:
    old = [row("a"), row("b"), row("c"), row("d")]
    new = [row("c"), row("a", question="other"), row("e")]
    found = diff_rows(old, new)
    assert [one.id for one in found.added] == ["e"]
    assert [one.id for one in found.removed] == ["b", "d"]
    assert [(one.id, dict(one.changed)) for one in found.changed] == [("a", {"question": ("q", "other")})]
    assert (found.same, found.moved, found.empty) == (1, True, False)
    assert diff_rows(old, old).empty
