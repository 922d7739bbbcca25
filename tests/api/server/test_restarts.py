"""When a dead worker is started again."""

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.api.server._restarts import MOST_EARLY_DEATHS, Restarts


def up() -> Restarts:
    restarts = Restarts()
    restarts.all_ready()
    return restarts


def test_a_death_at_the_first_start_ends_everything() -> None:
    assert Restarts().died(was_ready=False, lived_s=1) is None


def test_the_first_is_replaced_at_once_and_the_next_wait_longer_and_longer() -> None:
    restarts = up()
    waits = [restarts.died(was_ready=True, lived_s=1) for _ in range(10)]
    assert waits == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert restarts.died(was_ready=True, lived_s=61) == 0.0
    assert restarts.total == 11


def test_five_in_a_row_that_never_answered_end_everything() -> None:
    restarts = up()
    waits = [restarts.died(was_ready=False, lived_s=1) for _ in range(MOST_EARLY_DEATHS)]
    assert None not in waits[:-1]
    assert waits[-1] is None


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1000)), max_size=50))
def test_one_that_answers_between_two_deaths_keeps_it_going(deaths: list[tuple[bool, float]]) -> None:
    restarts = up()
    for was_ready, lived_s in deaths:
        wait_s = restarts.died(was_ready=was_ready, lived_s=lived_s)
        assert wait_s is not None
        assert 0 <= wait_s <= 30
        restarts.ready()
