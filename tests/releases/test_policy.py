import json
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.digest import Json
from plimsoll.releases._errors import PolicyInvalidError, PolicyTooNewError
from plimsoll.releases._freeze import (
    DAY_MINUTES,
    Day,
    Freeze,
    FreezeSpan,
    FreezeWindow,
    clock_minute,
    clock_text,
    thaws_at,
)
from plimsoll.releases._policy import EnvironmentPolicy, freeze_text, frozen, policy_difference

BERLIN = ZoneInfo("Europe/Berlin")
YEAR_END = FreezeSpan(datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 5, tzinfo=UTC), "year end")
WEEKEND = FreezeWindow(("sat", "sun"), "weekend")
NIGHT = FreezeWindow(("fri",), "night", 22 * 60, 6 * 60, "Europe/Berlin")
"""From Friday 22:00 to Saturday 06:00."""

minutes = st.integers(0, DAY_MINUTES - 1)
times = st.tuples(minutes, minutes.map(lambda minute: minute + 1)).filter(lambda pair: pair[0] != pair[1])
windows = st.builds(
    lambda days, why, pair, zone: FreezeWindow(days, why, pair[0], pair[1], zone),
    st.lists(st.sampled_from(get_args(Day)), min_size=1, max_size=7).map(tuple),
    st.text(max_size=5),
    times,
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware
spans = st.builds(
    lambda start, length, why: FreezeSpan(start, start + length, why),
    moments,
    st.timedeltas(timedelta(microseconds=1), timedelta(days=400)),
    st.text(max_size=5),
)
policies = st.builds(
    EnvironmentPolicy,
    approvals=st.integers(0, 2),
    approvers=st.just(()) | st.lists(st.sampled_from(["a", "b", "c"]), min_size=2, unique=True).map(tuple),
    approval_valid_s=st.none() | st.floats(1, 1e9),
    reason_required=st.booleans(),
    protected=st.booleans(),
    freezes=st.lists(windows | spans, max_size=3).map(tuple),
)


def berlin(day: int, hour: int, minute: int = 0, *, month: int = 7, fold: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN, fold=fold).astimezone(UTC)


def is_frozen(freeze: Freeze, now: datetime) -> bool:
    return frozen(EnvironmentPolicy(freezes=(freeze,)), now) is not None


@given(policies)
def test_a_policy_comes_back_from_json(policy: EnvironmentPolicy) -> None:
    read = EnvironmentPolicy.from_json(json.loads(json.dumps(policy.to_json())))
    assert read == policy
    assert read.digest == policy.digest


@given(policies, policies)
def test_policies_differ_in_words_exactly_when_they_differ(old: EnvironmentPolicy, new: EnvironmentPolicy) -> None:
    assert (policy_difference(old, new) == ()) == (old == new) == (old.digest == new.digest)


def test_the_order_in_which_a_policy_is_written_does_not_matter() -> None:
    one = EnvironmentPolicy(1, ("b", "a"), freezes=(YEAR_END, FreezeWindow(("sun", "sat"), "weekend")))
    two = EnvironmentPolicy(1, ("a", "b", "a"), freezes=(WEEKEND, YEAR_END))
    assert one == two
    assert one.digest == two.digest


def test_where_nobody_wrote_anything_nothing_is_asked() -> None:
    policy = EnvironmentPolicy()
    assert (policy.approvals, policy.needs_reason, policy.needs_proof) == (0, False, False)
    assert policy.approval_expires_at(YEAR_END.start) is None


def test_a_protected_environment_asks_for_a_reason_and_with_approvals_for_proof() -> None:
    assert EnvironmentPolicy(protected=True).needs_reason
    assert not EnvironmentPolicy(protected=True).needs_proof
    assert EnvironmentPolicy(approvals=1, protected=True).needs_proof
    assert not EnvironmentPolicy(approvals=1).needs_proof


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"approvals": -1}, "fewer than no approvals"),
        ({"approvals": 3, "approvers": ["a", "b"]}, "3 approvals are needed of only 2 approvers"),
        ({"approvals": 1, "approvers": ["a", "a"], "approval_valid_s": 0}, "an approval must count"),
        ({"approval_valid_s": 1e12}, "an approval must count"),
        ({"approvals": "1"}, "Expected `int`"),
        ({"surprise": 1}, "unknown field"),
        ({"format": 0}, ">= 1"),
        ({"freezes": [{"from": "soon", "until": "later", "why": "x"}]}, "a moment that is none"),
        ({"freezes": [{"from": "2026-01-01", "until": "2026-01-02", "why": "x"}]}, "with a time zone"),
        ({"freezes": [{"from": "2026-01-02T00:00:00Z", "until": "2026-01-02T00:00:00Z", "why": "x"}]}, "ends before"),
        ({"freezes": [{"from": "0001-01-01T00:00:00+09:00", "until": "2026-01-02T00:00:00Z", "why": "x"}]}, "calendar"),
        ({"freezes": [{"days": ["mon"], "from": "25:00", "until": "24:00", "zone": "UTC", "why": "x"}]}, "no clock"),
        ({"freezes": [{"days": ["mon"], "from": "24:00", "until": "01:00", "zone": "UTC", "why": "x"}]}, "no clock"),
        ({"freezes": [{"days": ["mon"], "from": "01:00", "until": "01:00", "zone": "UTC", "why": "x"}]}, "ends when"),
        ({"freezes": [{"days": ["mon"], "from": "01:00", "until": "02:00", "zone": "Mars/X", "why": "x"}]}, "'Mars/X'"),
        ({"freezes": [{"days": ["mon"], "from": "01:00", "until": "02:00", "zone": "Europe", "why": "x"}]}, "'Europe'"),
        ({"freezes": [{"days": ["mon"], "from": "01:00", "until": "02:00", "zone": "../x", "why": "x"}]}, "'../x'"),
        (
            {"freezes": [{"days": ["day"], "from": "01:00", "until": "02:00", "zone": "UTC", "why": "x"}]},
            "Invalid enum",
        ),
    ],
)
def test_a_policy_that_cannot_be_is_refused(change: dict[str, Json], what: str) -> None:
    with pytest.raises(PolicyInvalidError, match="the promotion policy is wrong") as caught:
        EnvironmentPolicy.from_json({**EnvironmentPolicy().to_json(), **change})
    assert what in caught.value.message


@pytest.mark.parametrize("content", [None, [], "text", {}])
def test_what_is_no_policy_is_refused(content: Json) -> None:
    with pytest.raises(PolicyInvalidError):
        EnvironmentPolicy.from_json(content)


def test_a_policy_of_a_newer_version_is_refused() -> None:
    with pytest.raises(PolicyTooNewError, match="form 2"):
        EnvironmentPolicy.from_json({"format": 2, "approvals": 1, "quorum": "new"})


def test_what_changes_is_said_in_words() -> None:
    old = EnvironmentPolicy(2, ("s-1", "s-2", "s-3"), 14 * 86_400, freezes=(YEAR_END, WEEKEND))
    longer = FreezeSpan(YEAR_END.start, YEAR_END.end + timedelta(days=1), "year end")
    new = EnvironmentPolicy(1, ("s-1", "s-4"), None, reason_required=True, protected=True, freezes=(longer, NIGHT))
    assert policy_difference(old, new, name={"s-2": "ben", "s-3": "carla", "s-4": "dora"}.__getitem__) == (
        "approvals 2 → 1",
        "approvals count 14 days → without an end",
        "reason not required → required",
        "protected no → yes",
        "approver ben removed",
        "approver carla removed",
        "approver dora added",
        "freeze 'weekend' removed (sat, sun 00:00 to 24:00 UTC)",
        "freeze 'night' added (fri 22:00 to 06:00 Europe/Berlin)",
        "freeze 'year end' 2026-12-20T00:00Z to 2027-01-05T00:00Z → 2026-12-20T00:00Z to 2027-01-06T00:00Z",
    )


def test_a_list_of_approvers_that_comes_or_goes_is_said() -> None:
    everybody, one = EnvironmentPolicy(1), EnvironmentPolicy(1, ("s-1",))
    assert policy_difference(everybody, one) == ("approver s-1 added", "now only the approvers in the list may approve")
    assert policy_difference(one, everybody)[-1] == "now everybody with the right `approve` may approve"


def test_freezes_with_the_same_reason_are_told_one_by_one() -> None:
    both = (FreezeWindow(("sat",), "quiet"), FreezeWindow(("sun",), "quiet"))
    none = EnvironmentPolicy()
    assert len(policy_difference(EnvironmentPolicy(freezes=both), none)) == 2
    later = EnvironmentPolicy(freezes=(FreezeWindow(("mon",), "quiet"),))
    assert len(policy_difference(EnvironmentPolicy(freezes=both), later)) == 3


def test_a_span_holds_from_its_start_to_before_its_end() -> None:
    tick = timedelta(microseconds=1)
    assert not is_frozen(YEAR_END, YEAR_END.start - tick)
    assert is_frozen(YEAR_END, YEAR_END.start)
    assert is_frozen(YEAR_END, YEAR_END.end - tick)
    assert not is_frozen(YEAR_END, YEAR_END.end)


def test_a_span_is_the_same_in_every_time_zone() -> None:
    east = timezone(timedelta(hours=9))
    assert FreezeSpan(YEAR_END.start.astimezone(east), YEAR_END.end.astimezone(east), "year end") == YEAR_END


def test_a_window_holds_from_its_start_to_before_its_end() -> None:
    window = FreezeWindow(("fri",), "late", 15 * 60, DAY_MINUTES, "Europe/Berlin")
    friday = 3
    assert not is_frozen(window, berlin(friday, 14, 59))
    assert is_frozen(window, berlin(friday, 15))
    assert is_frozen(window, berlin(friday, 23, 59))
    assert not is_frozen(window, berlin(friday + 1, 0))
    assert not is_frozen(window, berlin(friday - 1, 16))


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    friday = 3
    assert not is_frozen(NIGHT, berlin(friday, 5))
    assert is_frozen(NIGHT, berlin(friday, 22))
    assert is_frozen(NIGHT, berlin(friday + 1, 5, 59))
    assert not is_frozen(NIGHT, berlin(friday + 1, 6))
    assert not is_frozen(NIGHT, berlin(friday + 1, 23))


def test_a_day_is_one_of_the_windows_own_time_zone() -> None:
    saturday_in_auckland = datetime(2026, 7, 3, 13, tzinfo=UTC)
    assert is_frozen(FreezeWindow(("sat",), "x", zone="Pacific/Auckland"), saturday_in_auckland)
    assert not is_frozen(FreezeWindow(("sat",), "x"), saturday_in_auckland)


def test_a_window_keeps_to_the_clock_on_the_wall_when_clocks_are_changed() -> None:
    window = FreezeWindow(("sun",), "x", 60, 4 * 60, "Europe/Berlin")
    spring, autumn = 29, 25  # 2026-03-29 has 23 hours, 2026-10-25 has 25
    assert window.ends_at(berlin(spring, 1, month=3)) == berlin(spring, 1, month=3) + timedelta(hours=2)
    assert window.ends_at(berlin(autumn, 1, month=10)) == berlin(autumn, 1, month=10) + timedelta(hours=4)


def test_an_hour_that_comes_twice_is_frozen_both_times() -> None:
    autumn = 25
    until = FreezeWindow(("sun",), "x", 0, 150, "Europe/Berlin")
    since = FreezeWindow(("sun",), "x", 150, 300, "Europe/Berlin")
    for fold in (0, 1):
        assert is_frozen(until, berlin(autumn, 2, 29, month=10, fold=fold))
        assert is_frozen(since, berlin(autumn, 2, 30, month=10, fold=fold))
    assert not is_frozen(until, berlin(autumn, 2, 30, month=10, fold=1))
    assert not is_frozen(since, berlin(autumn, 2, 29, month=10, fold=0))


def test_a_window_that_begins_in_an_hour_that_is_left_out_is_not_shorter() -> None:
    spring = 29
    window = FreezeWindow(("sun",), "x", 150, 300, "Europe/Berlin")
    assert is_frozen(window, berlin(spring, 3, month=3))
    assert is_frozen(window, berlin(spring, 4, 59, month=3))
    assert not is_frozen(window, berlin(spring, 5, month=3))


@given(windows, moments)
def test_a_window_says_when_it_ends(window: FreezeWindow, now: datetime) -> None:
    end = window.ends_at(now)
    if end is not None:
        assert now < end <= now + timedelta(days=1, hours=2)
        assert (window.ends_at(end) or end + timedelta(days=1)) > end
        assert window.ends_at(end - timedelta(microseconds=1)) is not None


@given(windows, moments)
def test_away_from_changes_of_clocks_a_window_holds_as_the_clock_on_the_wall_says(
    window: FreezeWindow, now: datetime
) -> None:
    zone = ZoneInfo(window.zone)
    near = {(now + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in range(-50, 51, 5)}
    if len(near) > 1:
        return
    wall = now.astimezone(zone)
    minute = wall.hour * 60 + wall.minute
    today, yesterday = (get_args(Day)[(wall.weekday() - back) % 7] in window.days for back in (0, 1))
    if window.from_minute < window.until_minute:
        expected = today and window.from_minute <= minute < window.until_minute
    else:
        expected = (today and minute >= window.from_minute) or (yesterday and minute < window.until_minute)
    assert is_frozen(window, now) == expected


def test_of_several_freezes_the_one_that_ends_last_is_named() -> None:
    saturday = datetime(2026, 12, 26, 12, tzinfo=UTC)
    policy = EnvironmentPolicy(freezes=(WEEKEND, YEAR_END))
    assert frozen(policy, saturday) == YEAR_END
    assert frozen(EnvironmentPolicy(freezes=(WEEKEND,)), saturday) == WEEKEND
    assert frozen(policy, datetime(2027, 1, 5, tzinfo=UTC)) is None


def test_an_end_is_when_no_other_freeze_follows() -> None:
    saturday = datetime(2026, 7, 4, 12, tzinfo=UTC)
    assert WEEKEND.ends_at(saturday) == datetime(2026, 7, 5, tzinfo=UTC)
    assert thaws_at((WEEKEND,), saturday) == datetime(2026, 7, 6, tzinfo=UTC)
    assert thaws_at((WEEKEND,), datetime(2026, 7, 6, tzinfo=UTC)) == datetime(2026, 7, 6, tzinfo=UTC)


def test_a_freeze_of_every_day_has_no_end() -> None:
    assert thaws_at((FreezeWindow(get_args(Day), "closed"),), datetime(2026, 7, 4, tzinfo=UTC)) is None


@given(st.integers(0, DAY_MINUTES))
def test_a_clock_time_comes_back_from_text(minute: int) -> None:
    assert clock_minute(clock_text(minute)) == minute


@pytest.mark.parametrize(
    "text", ["", "1:00", "01:60", "24:01", "25:00", "99:00", "01:00:00", "\u0660\u0661:\u0660\u0660", "ab:cd", " 01:00"]
)
def test_what_no_clock_shows_is_no_time(text: str) -> None:
    assert clock_minute(text) is None


def test_freezes_are_said_in_words() -> None:
    assert freeze_text(NIGHT) == "fri 22:00 to 06:00 Europe/Berlin"
    assert freeze_text(YEAR_END) == "2026-12-20T00:00Z to 2027-01-05T00:00Z"
