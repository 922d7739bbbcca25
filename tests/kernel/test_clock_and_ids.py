from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.clock import from_text, to_text, unix_seconds, utc_now
from plimsoll.kernel.ids import new_span_id, new_trace_id

MOMENTS = st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=5, minutes=30))))


def test_now_is_aware_and_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)


def test_the_number_of_seconds_is_the_same_moment() -> None:
    before, number, after = utc_now(), unix_seconds(), utc_now()
    assert before.timestamp() <= number + 1e-6
    assert number - 1e-6 <= after.timestamp() + 1e-3


@given(MOMENTS)
def test_text_reads_back(moment: datetime) -> None:
    assert from_text(to_text(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_text_sorts_in_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (to_text(one) < to_text(other)) == (one < other)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_text(datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point


def test_ids_have_the_sizes_of_trace_context() -> None:
    assert (len(new_trace_id()), len(new_span_id())) == (32, 16)
    assert new_trace_id() != new_trace_id()


def test_ids_differ_and_are_hexadecimal_over_many_fetches() -> None:
    made = [make() for _ in range(400) for make in (new_trace_id, new_span_id)]
    assert len({*made}) == len(made)
    assert {len(one) for one in made} == {16, 32}
    assert all(int(one, 16) for one in made)
