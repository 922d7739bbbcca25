import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.digest import digest_bytes
from plimsoll.releases._errors import ShareInvalidError
from plimsoll.releases._split import TrafficSplit, position

LIVE, CANDIDATE, OTHER = (digest_bytes(name) for name in (b"live", b"candidate", b"other"))
KEYS = 20_000

keys = st.text()
shares = st.floats(0, 1)


def split(share: float, candidate: str = CANDIDATE) -> TrafficSplit:
    return TrafficSplit(LIVE, candidate, share)


@given(keys, shares)
def test_a_key_always_meets_the_same_release(key: str, share: float) -> None:
    assert split(share).choose(key) == split(share).choose(key)


@given(keys, shares, shares)
def test_who_meets_the_candidate_meets_it_at_every_larger_share(key: str, one: float, two: float) -> None:
    small, large = sorted((one, two))
    if split(small).choose(key) == CANDIDATE:
        assert split(large).choose(key) == CANDIDATE


@given(keys)
def test_nobody_meets_a_candidate_without_a_share_and_everybody_one_with_all_of_it(key: str) -> None:
    assert split(0).choose(key) == LIVE
    assert split(1).choose(key) == CANDIDATE


@given(keys)
def test_a_position_lies_from_0_to_below_1(key: str) -> None:
    assert 0 <= position(CANDIDATE, key) < 1


def test_positions_never_change_because_running_rollouts_depend_on_them() -> None:
    assert position("sha256:00", "user-1") == 0.2638065719712748


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.95])
def test_the_candidate_gets_its_share(share: float) -> None:
    chosen = sum(split(share).choose(f"user-{number}") == CANDIDATE for number in range(KEYS))
    # Five standard deviations of a binomial distribution; the keys are fixed, so this cannot fail by chance.
    assert abs(chosen - share * KEYS) < 5 * math.sqrt(KEYS * share * (1 - share))


def test_the_next_candidate_is_given_to_other_people() -> None:
    names = [f"user-{number}" for number in range(KEYS)]
    both = sum(split(0.1).choose(name) == CANDIDATE and split(0.1, OTHER).choose(name) == OTHER for name in names)
    assert abs(both - 0.01 * KEYS) < 5 * math.sqrt(KEYS * 0.01 * 0.99)


def test_a_key_that_is_no_proper_text_meets_a_release() -> None:
    assert split(0.5).choose("\ud800") in {LIVE, CANDIDATE}


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan, math.inf])
def test_a_share_that_cannot_be_is_refused(share: float) -> None:
    with pytest.raises(ShareInvalidError):
        split(share)
