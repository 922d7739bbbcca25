"""How much of the requests is held in memory: laws of its bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.api.load import Bodies, Held, OverloadedError

MOST = 100


def holds(held: Held, size_bytes: int) -> bool:
    try:
        held.add(size_bytes)
    except OverloadedError:
        return False
    return True


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 60), st.booleans()), max_size=100))
def test_no_more_is_held_than_there_is_room_and_all_of_it_comes_back(
    events: list[tuple[str, int, bool]],
) -> None:
    bodies = Bodies(MOST)
    open_: list[Held] = []
    for tenant, size, leaves in events:
        if leaves and open_:
            gone = open_.pop()
            gone.leave()
            gone.leave()
        else:
            open_.append(bodies.of(tenant))
            holds(open_[-1], size)
        assert bodies.total_bytes == sum(held.size_bytes for held in open_) <= MOST
    for held in open_:
        held.leave()
    assert bodies.total_bytes == 0


def test_one_tenant_leaves_room_for_the_next() -> None:
    bodies = Bodies(MOST)
    greedy = [bodies.of("a") for _ in range(20)]
    assert sum(holds(held, 10) for held in greedy) == 5
    assert holds(bodies.of("b"), 40)
    assert not holds(bodies.of("c"), 40)
    assert holds(bodies.of("c"), 10)
    for held in greedy:
        held.leave()
    assert holds(bodies.of("a"), 10)


def test_a_body_that_does_not_fit_is_told_when_to_come_back() -> None:
    held = Bodies(MOST).of("a")
    held.add(50)
    with pytest.raises(OverloadedError) as refused:
        held.add(1)
    assert refused.value.retry_after_s
    assert held.size_bytes == 50
