"""The few requests that blobs need. Every failure comes out as one of the room's errors, after bounded retries."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from ._errors import BucketClientMissingError
from ._failures import explain, is_missing_bucket
from ._place import BucketPlace

if TYPE_CHECKING:
    from obstore.store import S3Store

_Result = TypeVar("_Result")
_BULK_BYTES = 8 * 1024 * 1024
_PIECE_BYTES = 4 * 1024 * 1024
_PER_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for, and how often it is asked again.

    Requests that failed on the way, and answers 429 and 5xx, are tried again after pauses that double from
    `first_pause_s` to `longest_pause_s`, with jitter.
    """

    connect_s: float = 5.0
    silence_s: float = 20.0
    """Between two pieces of an answer, and from a request to the first of them."""
    bulk_s: float = 1200.0
    """For a whole request with more than 8 MiB, whose way takes a while."""
    retries: int = 5
    first_pause_s: float = 0.1
    longest_pause_s: float = 4.0
    in_all_s: float = 45.0
    """No further attempt begins later than this after the first one."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a server says about an object."""

    name: str
    size: int
    written_at: datetime
    """By the clock of the server, in whole seconds."""
    tag: str
    """Differs between two writings of different bytes."""


class BucketClient:
    """Requests about the objects under a prefix; names are relative to it. May be used from many threads at once.

    Raises BucketClientMissingError.
    """

    def __init__(self, place: BucketPlace, patience: Patience) -> None:
        if find_spec("obstore") is None:
            raise BucketClientMissingError
        self._place = place
        self._patience = patience

    def create(self, name: str, data: bytes) -> bool:
        """Write an object where there is none; False when there is one. Nobody ever sees a part of it."""
        from obstore import put
        from obstore.exceptions import AlreadyExistsError

        with self._explained():
            try:
                put(self._for(data), name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def write(self, name: str, data: bytes) -> None:
        """Write an object, whatever was there."""
        from obstore import put

        with self._explained():
            put(self._for(data), name, data, use_multipart=False)

    def read(self, name: str) -> bytes | None:
        """The bytes of an object; None when there is none."""
        from obstore import get

        return self._sought(lambda: bytes(get(self._store, name).bytes()))

    def pieces(self, name: str) -> Iterator[bytes] | None:
        """The bytes of an object, one piece after another; None when there is none."""
        from obstore import get

        answer = self._sought(lambda: get(self._store, name))
        return None if answer is None else self._each(answer.stream(min_chunk_size=_PIECE_BYTES))

    def kept(self, name: str) -> Kept | None:
        """What is known about an object; None when there is none."""
        from obstore import head

        found = self._sought(lambda: head(self._store, name))
        return None if found is None else _kept(found)

    def listed(self, folder: str | None = None) -> Iterator[Kept]:
        """Every object (in a folder), in the order of the bytes of their names."""
        from obstore import list as listing

        with self._explained():
            pages = listing(self._store, folder, chunk_size=_PER_PAGE)
        for page in self._each(pages):
            yield from map(_kept, page)

    def require(self) -> None:
        """Do nothing, where the bucket is there. A question about one object does not tell whether it is."""
        next(self.listed("none"), None)

    def delete(self, name: str) -> None:
        """Remove an object, whether it is there or not, in one attempt: a second one could arrive much later."""
        from obstore import delete

        self._sought(lambda: delete(self._once, name))

    def _sought(self, ask: Callable[[], _Result]) -> _Result | None:
        """An answer; None when it is that there is no such object."""
        with self._explained():
            try:
                return ask()
            except FileNotFoundError as error:
                if is_missing_bucket(error):
                    raise
                return None

    def _each(self, pages: Any) -> Iterator[Any]:
        while True:
            with self._explained():
                page = next(pages, None)
            if page is None:
                return
            yield page

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            # The client's own words may hold what the server sent back, such as the name of a key.
            raise explain(str(self._place), error) from None

    def _for(self, data: bytes) -> "S3Store":
        return self._bulk if len(data) > _BULK_BYTES else self._store

    @cached_property
    def _store(self) -> "S3Store":
        return self._open(self._patience.retries, {"read_timeout": timedelta(seconds=self._patience.silence_s)})

    @cached_property
    def _bulk(self) -> "S3Store":
        # Here silence cannot be told from sending: the server says nothing before it has everything.
        return self._open(self._patience.retries, {})

    @cached_property
    def _once(self) -> "S3Store":
        return self._open(0, {"timeout": timedelta(seconds=self._patience.silence_s)})

    def _open(self, retries: int, limits: dict[str, Any]) -> "S3Store":
        from obstore.store import S3Store

        place, patience = self._place, self._patience
        client: dict[str, Any] = {
            "allow_http": not place.is_encrypted,
            "connect_timeout": timedelta(seconds=patience.connect_s),
            "timeout": timedelta(seconds=patience.bulk_s),
            **limits,
        }
        if place.authorities is not None:
            client["root_certificate"] = place.authorities
        return S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config=_config(place),
            client_options=client,  # type: ignore[arg-type]
            retry_config={
                "max_retries": retries,
                "retry_timeout": timedelta(seconds=patience.in_all_s),
                "backoff": {
                    "init_backoff": timedelta(seconds=patience.first_pause_s),
                    "max_backoff": timedelta(seconds=patience.longest_pause_s),
                    "base": 2,
                },
            },
        )


def _config(place: BucketPlace) -> Any:
    config: dict[str, Any] = {
        "region": place.region,
        "virtual_hosted_style_request": not place.path_style,
        "conditional_put": "etag",
        "disable_bulk_delete": True,
    }
    if place.request_endpoint is not None:
        config["endpoint"] = place.request_endpoint
    if place.keys is not None:
        config["access_key_id"] = place.keys.access_key_id
        config["secret_access_key"] = place.keys.secret_access_key
        if place.keys.session_token is not None:
            config["session_token"] = place.keys.session_token
    return config


def _kept(found: Any) -> Kept:
    return Kept(found["path"], found["size"], found["last_modified"], found["e_tag"] or "")
