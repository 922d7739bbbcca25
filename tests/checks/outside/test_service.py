"""The check `http`: what a service is sent, and every way in which its answer can be wrong."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checks.outside.fakes import (
    HANG,
    KEY,
    FakeOutside,
    Step,
    WiredOutside,
    always,
    answering,
    loopback,
    wired,
)

from plimsoll.checks import CheckOptionsError, Context, Found
from plimsoll.checks.outside import FACTORIES, NoVerdictError, OutsideCheck, Reply
from plimsoll.kernel.errors import PlimsollError

OPTIONS = {"url": "https://checks.example/find", "kinds": ["threat", "insult"]}
FOUND = {"start": 2, "end": 5, "kind": "threat", "score": 0.7, "reason": "wordlist-7"}
TEXT = "I shall see."


@pytest.fixture(scope="module")
def outside() -> Iterator[WiredOutside]:
    with wired() as held:
        yield held


def service(outside: FakeOutside | None, **options: Any) -> OutsideCheck:
    rule = {"check": "http", "name": "mine", "timeout_s": options.pop("timeout_s", 10)}
    return FACTORIES["http"]({**rule, "options": {**OPTIONS, **options}}, outside)


def here(outside: FakeOutside, url: str, **options: Any) -> OutsideCheck:
    return service(outside, url=f"{url}/find", allow_http=True, private_addresses=True, **options)


def said(*findings: Any) -> bytes:
    return json.dumps({"findings": findings}).encode()


def test_what_it_finds(outside: WiredOutside) -> None:
    second = {"start": 0, "end": 1, "kind": "insult"}
    with loopback(always(answering(200, said(FOUND, second)))) as server:
        found = here(outside, server.url).find(TEXT)
    assert found == [Found(0, 1, "insult"), Found(2, 5, "threat", 0.7, "wordlist-7")]
    assert server.bodies == [{"text": TEXT}]
    assert server.heads[0].startswith("POST /find ")


def test_what_is_sent_is_chosen_and_secrets_go_into_headers(outside: WiredOutside, caplog: Any) -> None:
    context = Context("output", "Who?", "Be kind.", ("One.", "Two\ud800."))
    headers = {"X-Api-Key": "${env:KEY}", "X-Tenant": "harbour"}
    with loopback(always(answering(200, said()))) as server:
        check = here(outside, server.url, send=["stage", "question", "passages"], headers=headers)
        assert check.find(TEXT, context) == []
    sent = {"text": TEXT, "stage": "output", "question": "Who?", "passages": ["One.", "Two\ufffd."]}
    assert server.bodies == [sent]
    assert f"x-api-key: {KEY}" in server.heads[0]
    assert "x-tenant: harbour" in server.heads[0]
    assert KEY not in f"{check!r} {vars(check)!r} {caplog.text}"


def test_half_characters_keep_the_places_of_the_others(outside: WiredOutside) -> None:
    with loopback(always(answering(200, said({"start": 1, "end": 3, "kind": "threat"})))) as server:
        assert here(outside, server.url).find("\ud800ab") == [Found(1, 3, "threat")]
    assert server.bodies == [{"text": "\ufffdab"}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ok",
        b"null",
        b"[]",
        b"{}",
        b'{"findings": null}',
        b'{"findings": {}}',
        b'{"findings": [], "more": 1}',
        b'{"findings": [1]}',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"findings": ' + b"[" * 50_000,
        *[
            said({**FOUND, **wrong})
            for wrong in (
                {"start": -1},
                {"start": 5, "end": 5},
                {"start": 6, "end": 5},
                {"end": 13},
                {"end": 10**30},
                {"start": 1.5},
                {"start": "2"},
                {"start": True},
                {"kind": "other"},
                {"kind": "t" * 100},
                {"kind": None},
                {"score": 0},
                {"score": 1.01},
                {"score": float("nan")},
                {"score": float("inf")},
                {"score": "0.5"},
                {"text": "shall"},
            )
        ],
        said(*[{**FOUND, "reason": ""}] * 10_001),
    ],
)
def test_any_other_answer_raises(body: bytes) -> None:
    with pytest.raises(NoVerdictError) as caught:
        service(FakeOutside(reply=Reply(200, body))).find(TEXT)
    assert "shall" not in caught.value.message


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["findings", "start", "end", "kind", "score"]), x),
        max_leaves=9,
    )
)
def test_json_of_any_kind_gives_findings_in_the_text_or_raises(value: Any) -> None:
    try:
        found = service(FakeOutside(reply=Reply(200, json.dumps(value).encode()))).find(TEXT)
    except NoVerdictError:
        return
    assert all(0 <= one.start < one.end <= len(TEXT) and 0 < one.score <= 1 for one in found)


@pytest.mark.parametrize("status", [100, 201, 204, 301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_any_other_status_raises(status: int) -> None:
    with pytest.raises(NoVerdictError, match=str(status)):
        service(FakeOutside(reply=Reply(status, said()))).find(TEXT)


def test_a_redirect_is_not_followed(outside: WiredOutside) -> None:
    with loopback(always(answering(200, said()))) as other:
        leads = answering(307, b"", f"Location: {other.url}/find")
        with loopback(always(leads)) as server, pytest.raises(NoVerdictError, match="not followed"):
            here(outside, server.url, headers={"authorization": "Bearer ${env:KEY}"}).find(TEXT)
        assert other.heads == []


def test_a_compressed_answer_raises() -> None:
    with pytest.raises(NoVerdictError, match="compresses"):
        service(FakeOutside(reply=Reply(200, said(), {"content-encoding": "gzip"}))).find(TEXT)


DRIP: list[Step] = [b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n", b'{"findings": ', HANG]


@pytest.mark.parametrize("steps", [[HANG], [b"HTTP/1.1 200 X\r\n", HANG], DRIP])
def test_a_service_that_hangs_is_left_in_time(outside: WiredOutside, steps: list[Step]) -> None:
    with loopback(always(*steps)) as server:
        # Either clock may be the first to see it: that of the loop, or that of the connection.
        with pytest.raises(PlimsollError, match=r"within 0\.3 seconds"):
            here(outside, server.url, timeout_s=0.3).find(TEXT)
        assert server.left.wait(10)


def test_an_answer_that_never_ends_is_left_when_it_is_too_long(outside: WiredOutside) -> None:
    piece = b"%x\r\n%b\r\n" % (65_536, b" " * 65_536)
    head = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n"
    with loopback(always(head, *[piece] * 80, HANG)) as server:
        with pytest.raises(PlimsollError, match="more than 1000000 bytes"):
            here(outside, server.url).find(TEXT)
        assert server.left.wait(10)


def test_five_megabytes_are_refused_by_their_head(outside: WiredOutside) -> None:
    with (
        loopback(always(b"HTTP/1.1 200 X\r\nContent-Length: 5000000\r\n\r\n", HANG)) as server,
        pytest.raises(PlimsollError, match="more than 1000000 bytes"),
    ):
        here(outside, server.url).find(TEXT)


def test_nobody_there(outside: WiredOutside) -> None:
    with loopback(always()) as server:
        gone = server.url
    with pytest.raises(PlimsollError, match="cannot be reached"):
        here(outside, gone).find(TEXT)


def test_a_connection_that_breaks_off(outside: WiredOutside) -> None:
    with loopback(always(b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{")) as server, pytest.raises(PlimsollError):
        here(outside, server.url).find(TEXT)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "127.1", "0.0.0.0", "2130706433"])  # noqa: S104  # it asks there
def test_private_machines_are_asked_only_where_the_policy_says_so(outside: WiredOutside, name: str) -> None:
    with loopback(always(answering(200, said()))) as server:
        url = server.url.replace("127.0.0.1", name)
        assert here(outside, server.url).find(TEXT) == []
        with pytest.raises(PlimsollError, match=r"private network|cannot be reached|no name and no address"):
            service(outside, url=url, allow_http=True).find(TEXT)
    assert len(server.heads) == 1


def test_a_long_text_is_not_sent() -> None:
    outside = FakeOutside(reply=Reply(200, said()))
    with pytest.raises(PlimsollError, match="at most 100 characters"):
        service(outside, most_characters=100, send=["passages"]).find("x" * 60, Context(passages=("y" * 60,)))
    assert not outside.posts


def test_reasons_that_could_hold_the_text_are_not_told() -> None:
    kept = {"reason": "wordlist-7"}
    for reason in ("it says shall", "SHALL", "line\nbreak", "7", ""):
        reply = Reply(200, said({**FOUND, **kept}, {**FOUND, "reason": reason}))
        reasons = {one.reason for one in service(FakeOutside(reply=reply)).find(TEXT)}
        assert reasons == {"wordlist-7", ""}
    many = [{**FOUND, "reason": f"r-{number}"} for number in range(40)]
    assert {one.reason for one in service(FakeOutside(reply=Reply(200, said(*many)))).find(TEXT)} == {""}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"url": None}, "`url` is missing"),
        ({"url": "http://checks.example/"}, "not encrypted"),
        ({"url": "ftp://checks.example/"}, "no https:// address"),
        ({"url": "https://"}, "no https:// address"),
        ({"url": "https://a b/"}, "no https:// address"),
        ({"url": "https://[::1/"}, "no https:// address"),
        ({"url": "https://me:secret@checks.example/"}, "a user name"),
        ({"kinds": []}, "kinds that the service may name"),
        ({"kinds": ["Threat"]}, "`kinds`"),
        ({"kinds": "threat"}, "`kinds`"),
        ({"kinds": ["threat", "threat"]}, "`kinds`"),
        ({"headers": {"Authorization": "Bearer abc"}}, "must not stand in a file"),
        ({"headers": {"x-api-key": "abc"}}, "must not stand in a file"),
        ({"headers": {"x": 1}}, "the header `x`"),
        ({"headers": []}, "`headers`"),
        ({"send": ["actor"]}, "`send`"),
        ({"most_bytes": 1}, "`most_bytes`"),
        ({"redirects": True}, "no key `redirects`"),
    ],
)
def test_wrong_options_are_told(options: Any, says: str) -> None:
    with pytest.raises(CheckOptionsError) as caught:
        service(None, **options)
    assert says in caught.value.message
    assert "abc" not in caught.value.message
