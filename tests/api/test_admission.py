"""What admission remembers between requests, and how it reads headers."""

import asyncio
from typing import Any

import pytest
from anyio import to_thread

from plimsoll.api import ApiSettings
from plimsoll.api._errors import WrongHostError
from plimsoll.api.admission import ANYBODY, Admission, KeyCache, Sent, acting_of

PATH = "/v1/chat/completions"


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "path": PATH, "headers": [*headers], "state": {}}


def admit(admission: Admission, asked: dict[str, Any]) -> None:
    asyncio.run(admission.admit(asked))


@pytest.fixture
def admission(service: Any) -> Admission:
    return Admission(service, ApiSettings(allowed_hosts=("*.example.com",)))


def test_a_repeated_header_keeps_all_its_values() -> None:
    sent = Sent.of(scope((b"a", b"1"), (b"b", b"2"), (b"a", b"3")))
    assert sent.values(b"a") == [b"1", b"3"]
    assert sent.every(b"b") == ["2"]
    assert sent.values(b"c") == []
    assert (sent.text(b"a"), sent.text(b"c")) == ("3", "")


def test_the_headers_of_one_request_are_read_once() -> None:
    asked = scope((b"a", b"1"))
    assert Sent.of(asked) is Sent.of(asked)


def test_a_good_host_does_not_make_another_one_good(admission: Admission) -> None:
    for _ in range(2):
        asked = scope((b"host", b"llm.example.com"))
        admit(admission, asked)
        assert acting_of(asked) == ANYBODY
        for others in ([(b"host", b"evil.example")], [(b"host", b"llm.example.com")] * 2, []):
            with pytest.raises(WrongHostError):
                admit(admission, scope(*others))


def test_keys_are_looked_up_while_all_other_threads_are_busy(service: Any) -> None:
    service.keys["plim_a"] = ANYBODY
    admission = Admission(service, ApiSettings(keys_required=True, allowed_hosts=("a",)))
    asked = scope((b"host", b"a"), (b"authorization", b"Bearer plim_a"))

    async def work() -> None:
        threads = to_thread.current_default_thread_limiter()
        threads.total_tokens = 1
        async with threads:
            await asyncio.wait_for(admission.admit(asked), 60)

    asyncio.run(work())
    assert acting_of(asked) == ANYBODY


def test_hosts_beyond_those_that_are_remembered_come_in_as_well(admission: Admission) -> None:
    async def many() -> None:
        for number in [*range(1100), 0, 1099]:
            await admission.admit(scope((b"host", b"h%d.example.com" % number)))

    asyncio.run(many())
    with pytest.raises(WrongHostError):
        admit(admission, scope((b"host", b"h1.example.org")))


def test_keys_are_told_apart_and_never_kept() -> None:
    cache = KeyCache(kept_s=10, now=lambda: 0.0)
    cache.put(b"plim_one", ANYBODY, asked_at=0.0)
    assert cache.get(b"plim_one") is ANYBODY
    assert cache.get(b"plim_two") is None
    assert cache.get(b"plim_one") is ANYBODY
    assert "plim_one" not in repr(vars(cache))
