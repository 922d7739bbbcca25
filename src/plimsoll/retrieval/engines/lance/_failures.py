"""Says what a failure of Lance means for a person."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager

from plimsoll.kernel.errors import PlimsollError

from .._errors import IndexPlaceError

Explained = Callable[[], AbstractContextManager[None]]
"""Within what it gives, failures come out as errors of this room."""


@contextmanager
def explained(place: str, secrets: Collection[str]) -> Iterator[None]:
    """What Lance raises becomes an IndexPlaceError that names the place and none of the secrets."""
    try:
        yield
    except PlimsollError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise IndexPlaceError(place, str(error), secrets) from None
