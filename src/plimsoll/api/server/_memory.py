"""When Python looks for garbage: seldom, because what a request leaves behind goes by itself."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 10_000


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Within it the cyclic garbage collector looks at new objects only, and not after every 700 of them.

    What exists at its beginning (modules, classes, the application) is never looked at. A request that is being
    answered, and a trace that waits to be written, consist of some hundred objects and of no cycles: with Python's
    default a server of many calls would walk over them all the time. What is in a cycle goes a little later.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
