"""The garbage collector of a serving process: seldom at work, and never off."""

import gc
import weakref

import pytest

from plimsoll.api.server._memory import collecting_seldom


class Ring:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_what_a_served_process_begins_with_is_never_looked_at_again() -> None:
    before = gc.get_threshold()
    with collecting_seldom():
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


def test_cycles_that_requests_leave_behind_still_go() -> None:
    with collecting_seldom():
        rings = [weakref.ref(Ring()) for _ in range(50_000)]
        left = sum(ring() is not None for ring in rings)
    assert left < len(rings) / 2


def test_the_collector_is_as_before_when_the_server_fails() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="failed"), collecting_seldom():
        raise ValueError("failed")
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
