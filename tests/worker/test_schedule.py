"""When a refresh is due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.worker._schedule import Schedule

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone


def test_the_first_refresh_of_an_interval_is_due_at_once() -> None:
    assert Schedule(every_s=3600).due_at(None, START) == START


@given(last=MOMENTS, every_s=st.integers(10, 10_000_000))
def test_an_interval_counts_from_when_the_last_was_asked_for(last: datetime, every_s: int) -> None:
    assert Schedule(every_s=every_s).due_at(last, START) == last + timedelta(seconds=every_s)


@given(last=MOMENTS)
def test_a_moment_of_a_cron_text_is_always_after_the_last(last: datetime) -> None:
    due = Schedule(cron="*/20 3 * * *", zone="Europe/Berlin").due_at(last, START)
    assert due is not None
    assert last < due <= last + timedelta(days=2)
    assert due.minute in {0, 20, 40}


def test_a_cron_text_is_read_in_the_clock_time_of_its_zone() -> None:
    winter, summer = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 7, 10, tzinfo=UTC)
    schedule = Schedule(cron="0 3 * * *", zone="Europe/Berlin")
    assert schedule.due_at(winter, START) == datetime(2026, 1, 10, 2, tzinfo=UTC)
    assert schedule.due_at(summer, START) == datetime(2026, 7, 10, 1, tzinfo=UTC)


def test_a_moment_that_no_clock_shows_comes_when_clocks_have_changed() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    due = Schedule(cron="30 2 * * *", zone="Europe/Berlin").due_at(before, START)
    assert due == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_of_missed_moments_one_is_made_up_for() -> None:
    schedule = Schedule(cron="0 3 * * *")
    missed = START - timedelta(days=30)
    due = schedule.due_at(missed, START)
    assert due is not None
    assert due < START
    after = schedule.due_at(START, START)
    assert after is not None
    assert after > START


@pytest.mark.parametrize("schedule", [Schedule(), Schedule(on_change_s=60)])
def test_without_an_interval_or_a_cron_text_nothing_is_due_by_the_clock(schedule: Schedule) -> None:
    assert schedule.due_at(None, START) is None
    assert schedule.due_at(START, START) is None
