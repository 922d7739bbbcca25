"""When a key is asked for, which keys are good, and for how long that is remembered."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Scope

from plimsoll.access import Acting, KeyUnknownError
from plimsoll.api import ApiSettings, create_app
from plimsoll.api._errors import WrongKeyError
from plimsoll.api.admission._access import ANYBODY, SHARED_KEY, Admission, acting_of
from plimsoll.api.admission._key_cache import KeyCache
from plimsoll.kernel.errors import UnavailableError

KEY = "plim_aaaa000000_" + "x" * 43
ADA = Acting("s-00000000000000aa", "Ada", frozenset({"call"}), "key:aaaa000000", "search", "harbour")


@dataclass
class Clock:
    """Stands until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def scope(authorization: bytes | None = f"Bearer {KEY}".encode(), path: str = "/v1/models") -> Scope:
    headers = [(b"host", b"localhost")] + ([] if authorization is None else [(b"authorization", authorization)])
    return {"type": "http", "path": path, "headers": headers, "state": {}}


def who(admission: Admission, asked: Scope | None = None) -> Acting:
    asked = scope() if asked is None else asked
    asyncio.run(admission.admit(asked))
    return acting_of(asked)


def test_on_loopback_without_any_key_everybody_is_let_in(service: Any, clock: Clock) -> None:
    admission = Admission(service, ApiSettings(), now=clock)
    assert who(admission, scope(None)) == ANYBODY
    assert who(admission, scope(b"Bearer not-needed")) == ANYBODY


def test_the_first_key_that_is_made_closes_the_door(service: Any, clock: Clock) -> None:
    admission = Admission(service, ApiSettings(), now=clock)
    assert who(admission, scope(None)) == ANYBODY
    service.keys[KEY] = ADA
    assert who(admission, scope(None)) == ANYBODY
    assert service.key_reads == 1
    clock.now += 5
    with pytest.raises(WrongKeyError):
        who(admission, scope(None))
    assert who(admission) == ADA
    del service.keys[KEY]
    clock.now += 5
    with pytest.raises(WrongKeyError):
        who(admission, scope(None))


def test_when_the_records_cannot_be_read_nobody_is_let_in(service: Any, clock: Clock) -> None:
    def down() -> bool:
        raise UnavailableError("the database does not answer")

    service.any_key = down
    admission = Admission(service, ApiSettings(), now=clock)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            who(admission, scope(None))


def test_whoever_others_can_reach_asks_for_a_key_from_the_start(service: Any, clock: Clock) -> None:
    admission = Admission(service, ApiSettings(keys_required=True), now=clock)
    with pytest.raises(WrongKeyError):
        who(admission, scope(None))
    assert service.key_reads == 0


def test_a_good_key_is_asked_about_once_in_five_seconds(service: Any, clock: Clock) -> None:
    service.keys[KEY] = ADA
    admission = Admission(service, ApiSettings(keys_required=True), now=clock)
    for _ in range(10):
        assert who(admission) == ADA
        clock.now += 0.49
    assert service.key_reads == 1
    clock.now += 0.2
    assert who(admission) == ADA
    assert service.key_reads == 2


def test_a_revoked_key_stops_within_five_seconds(service: Any, clock: Clock) -> None:
    service.keys[KEY] = ADA
    admission = Admission(service, ApiSettings(keys_required=True), now=clock)
    assert who(admission) == ADA
    del service.keys[KEY]
    clock.now += 4.99
    assert who(admission) == ADA
    clock.now += 0.01
    with pytest.raises(KeyUnknownError):
        who(admission)


def test_the_five_seconds_count_from_before_the_records_were_read(service: Any, clock: Clock) -> None:
    class Slow(type(service)):  # type: ignore[misc]  # the fake's class is only known to the fixture
        def authenticate(self, key: str) -> Acting:
            clock.now += 4
            return super().authenticate(key)  # type: ignore[no-any-return]

    slow = Slow(keys={KEY: ADA})
    admission = Admission(slow, ApiSettings(keys_required=True), now=clock)
    assert who(admission) == ADA
    clock.now += 1
    assert who(admission) == ADA
    assert slow.key_reads == 2


def test_a_key_that_is_not_good_is_asked_about_each_time(service: Any, clock: Clock) -> None:
    admission = Admission(service, ApiSettings(keys_required=True), now=clock)
    for _ in range(3):
        with pytest.raises(KeyUnknownError):
            who(admission)
    assert service.key_reads == 3
    service.keys[KEY] = ADA
    assert who(admission) == ADA


def test_the_shared_key_and_those_of_the_records(service: Any, clock: Clock) -> None:
    service.keys[KEY] = ADA
    admission = Admission(service, ApiSettings(api_key="sésame"), now=clock)
    assert who(admission, scope("Bearer sésame".encode())) == SHARED_KEY
    assert who(admission) == ADA
    for wrong in (b"Bearer sesame", b"Bearer s\xff", b"Bearer ", b"", f"bearer{KEY}".encode()):
        with pytest.raises(WrongKeyError):
            who(admission, scope(wrong))


def test_a_key_of_the_records_is_never_the_shared_one(service: Any, clock: Clock) -> None:
    """Otherwise it would go on after it was revoked."""
    admission = Admission(service, ApiSettings(api_key=KEY), now=clock)
    with pytest.raises(KeyUnknownError):
        who(admission)


def test_bytes_that_are_no_text_are_an_unknown_key(service: Any, clock: Clock) -> None:
    admission = Admission(service, ApiSettings(keys_required=True), now=clock)
    with pytest.raises(KeyUnknownError):
        who(admission, scope(b"Bearer plim_\xff\xfe"))


def test_browsers_show_a_key_of_the_records_as_a_password(service: Any, clock: Clock) -> None:
    service.keys[KEY] = ADA
    admission = Admission(service, ApiSettings(keys_required=True), now=clock)
    basic = b"Basic " + base64.b64encode(f"ada:{KEY}".encode())
    assert who(admission, scope(basic, "/")) == ADA
    with pytest.raises(WrongKeyError):
        who(admission, scope(basic, "/v1/models"))


def test_who_was_not_let_in_is_nobody() -> None:
    with pytest.raises(WrongKeyError):
        acting_of(scope())


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 4)), max_size=40))
def test_the_cache_knows_only_what_was_put_lately_and_never_more_than_its_most(steps: list[tuple[str, float]]) -> None:
    clock = Clock()
    cache = KeyCache(kept_s=5, most=3, now=clock)
    put: dict[bytes, tuple[Acting, float]] = {}
    for name, pause_s in steps:
        key = name.encode()
        put[key] = replace(ADA, name=name), clock.now
        cache.put(key, put[key][0], asked_at=clock.now)
        clock.now += pause_s
        for other, (acting, asked_at) in put.items():
            assert cache.get(other) in {None, acting}
            if clock.now >= asked_at + 5:
                assert cache.get(other) is None
        assert len(cache._known) <= 3


def test_the_cache_holds_no_key_and_no_hash_that_can_be_made_elsewhere() -> None:
    first, second = KeyCache(kept_s=5), KeyCache(kept_s=5)
    for cache in (first, second):
        cache.put(KEY.encode(), ADA, asked_at=0)
    assert KEY.encode() not in first._known
    assert first._known.keys() != second._known.keys()
    assert KEY not in repr(first.__dict__)


def test_the_official_sdk_raises_its_own_errors(service: Any, serve: Callable[[ASGIApp], str]) -> None:
    service.keys = {KEY: ADA, "plim_reader": replace(ADA, rights=frozenset({"read"}))}
    address = serve(create_app(service, settings=ApiSettings()))

    def models(key: str) -> Any:
        with OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0) as client:
            return client.models.list().data

    assert models(KEY)
    with pytest.raises(openai.PermissionDeniedError) as forbidden:
        models("plim_reader")
    assert (forbidden.value.code, forbidden.value.type) == ("right_missing", "permission_error")
    assert "The roles caller, delegate, developer, operator and admin have it" in str(forbidden.value)
    with pytest.raises(openai.AuthenticationError) as unknown:
        models("plim_unknown")
    assert (unknown.value.code, unknown.value.type) == ("key_unknown", "authentication_error")
    with pytest.raises(openai.AuthenticationError) as wrong:
        models("sk-of-another-place")
    assert wrong.value.code == "invalid_api_key"
    assert wrong.value.response.headers["www-authenticate"] == "Bearer"


def test_the_examples_show_a_key_as_soon_as_one_is_asked_for(service: Any) -> None:
    app = create_app(service, settings=ApiSettings(key_kept_s=0))
    with TestClient(app, base_url="http://localhost") as client:
        assert "PLIMSOLL_KEY" not in client.get("/").text
        service.keys[KEY] = replace(ADA, rights=frozenset({"read"}))
        assert "$PLIMSOLL_KEY" in client.get("/", headers={"authorization": f"Bearer {KEY}"}).text
