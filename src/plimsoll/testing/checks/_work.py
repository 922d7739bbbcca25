"""Counting work without a clock: the same code on the same text takes the same steps on every machine."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def work_of(act: Callable[[], object]) -> int:
    """Lines of Python that are run and functions of C that are called; whoever traced before goes on afterwards.

    What happens inside a function of C is one step: an expression of `re` that goes back and forth is not seen here.
    """
    count = 0

    def trace(_frame: FrameType, event: str, _about: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    def profile(_frame: FrameType, event: str, _about: object) -> None:
        nonlocal count
        count += event == "c_call"

    before = sys.gettrace(), sys.getprofile()
    sys.setprofile(profile)
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return count
