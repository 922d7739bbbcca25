"""What a caller may search is what its rights and its headers say, whatever the headers hold."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from plimsoll.access import Acting, RightMissingError
from plimsoll.access._rights import rights_of
from plimsoll.api import ApiSettings, create_app
from plimsoll.api._errors import FieldError
from plimsoll.api.exchange import Sent
from plimsoll.api.exchange._within import FILTER_HEADER, GROUPS_HEADER, within_of
from plimsoll.flows.serve.parts import Within
from plimsoll.retrieval import FilterError

CALLER = Acting("s-00000000000000aa", "Plain", rights_of(["caller"]), "key:aaaa000000")
DELEGATE = Acting("s-00000000000000bb", "Front", rights_of(["delegate"]), "key:bbbb000000")
NAMES = st.from_regex(r"[a-zäß][a-zäß :/-]{0,20}[a-zäß]", fullmatch=True)
SCALARS = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
BODY: dict[str, Any] = {"model": "contracts/ask", "messages": [{"role": "user", "content": "How long?"}]}


def sent(*pairs: tuple[bytes, bytes]) -> Sent:
    return Sent.of({"headers": list(pairs)})


def groups_of(acting: Acting, *values: bytes) -> tuple[str, ...] | None:
    return within_of(acting, sent(*((GROUPS_HEADER, value) for value in values))).groups


@pytest.mark.parametrize("acting", [CALLER, DELEGATE])
def test_who_says_nothing_finds_what_is_for_everybody_and_no_more(acting: Acting) -> None:
    assert within_of(acting, sent((b"host", b"localhost"))) == Within((), {})
    assert within_of(acting, sent((FILTER_HEADER, b"{}"))) == Within((), {})
    assert groups_of(acting, b"", b" , ,") == ()


@given(st.lists(NAMES, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_groups_are_a_set_however_they_are_written(names: list[str], chance: Any) -> None:
    wanted = tuple(sorted(set(names)))
    shuffled = [*names, *names]
    chance.shuffle(shuffled)
    assert groups_of(DELEGATE, *(name.encode() for name in shuffled)) == wanted
    assert groups_of(DELEGATE, " ,\t".join(shuffled).encode()) == wanted


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_without_the_right_no_group_is_ever_granted(names: list[str]) -> None:
    with pytest.raises(RightMissingError, match="`groups`"):
        groups_of(CALLER, ",".join(names).encode())


@given(st.lists(st.binary(max_size=40), max_size=3), st.lists(st.binary(max_size=60), max_size=2))
def test_whatever_stands_in_the_headers_is_understood_or_told(groups: list[bytes], filters: list[bytes]) -> None:
    pairs = [*((GROUPS_HEADER, value) for value in groups), *((FILTER_HEADER, value) for value in filters)]
    delegate, caller = understood(DELEGATE, pairs), understood(CALLER, pairs)
    if delegate is not None:
        assert delegate.groups is not None
        assert not any(group != group.strip() or "," in group or "*" in group for group in delegate.groups)
        assert caller == (delegate if delegate.groups == () else None)
    assert caller is None or caller.groups == ()


def understood(acting: Acting, pairs: Iterable[tuple[bytes, bytes]]) -> Within | None:
    """What may be searched; None where one of the three errors that a caller may be told says why not."""
    try:
        return within_of(acting, sent(*pairs))
    except (FieldError, FilterError, RightMissingError):
        return None


@given(
    st.dictionaries(
        st.text(max_size=8),
        SCALARS
        | st.dictionaries(st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]), SCALARS, min_size=1)
        | st.fixed_dictionaries({"in": st.lists(SCALARS, max_size=4)}),
        max_size=3,
    )
)
def test_a_filter_arrives_as_it_was_sent(conditions: dict[str, Any]) -> None:
    raw = json.dumps(conditions, ensure_ascii=False).encode()
    assert within_of(CALLER, sent((FILTER_HEADER, raw))) == Within((), conditions)


@pytest.mark.parametrize("depth", [100, 300, 700, 990, 1500, 5000])
def test_a_filter_of_any_depth_is_told(depth: int) -> None:
    raw = b'{"a": ' + b"[" * depth + b"]" * depth + b', "a": 1}'
    with pytest.raises((FieldError, FilterError)):
        within_of(CALLER, sent((FILTER_HEADER, raw)))


@pytest.mark.parametrize("raw", [b"[" * 50_000, b'{"a":' * 50_000, b'{"\xff": 1}', b'{"a": "\xc3"}', b"\x00"])
def test_a_filter_that_cannot_be_read_is_an_error_of_its_field(raw: bytes) -> None:
    with pytest.raises(FieldError, match="x-plimsoll-filter") as raised:
        within_of(CALLER, sent((FILTER_HEADER, raw)))
    assert raised.value.param == "x-plimsoll-filter"


@pytest.mark.parametrize(
    "raw",
    [b'{"year": 2019, "year": 2025}', b'{"year": {"gte": 1, "gte": 2}}', rb'{"y": 1, "\u0079": 2}'],
)
def test_a_filter_that_says_the_same_twice_is_refused(raw: bytes) -> None:
    """Whoever put one of the two in for somebody else would believe that it holds."""
    with pytest.raises(FieldError, match="stands twice"):
        within_of(CALLER, sent((FILTER_HEADER, raw)))


def test_what_may_be_searched_reaches_the_platform_with_the_request(service: Any) -> None:
    service.keys["plim_front"] = DELEGATE
    headers = {
        "authorization": "Bearer plim_front",
        "x-plimsoll-groups": "hr, board",
        "x-plimsoll-filter": '{"year": {"gte": 2024}}',
    }
    with TestClient(create_app(service, settings=ApiSettings()), base_url="http://localhost") as client:
        assert client.post("/v1/chat/completions", json=BODY, headers=headers).status_code == 200
        del headers["x-plimsoll-groups"], headers["x-plimsoll-filter"]
        assert client.post("/v1/chat/completions", json=BODY, headers=headers).status_code == 200
    assert [request.within for request in service.asked] == [
        Within(("board", "hr"), {"year": {"gte": 2024}}),
        Within((), {}),
    ]


def test_who_needs_no_key_is_no_member_of_a_group(service: Any) -> None:
    """An installation without keys answers anybody, and nobody knows who that is."""
    with TestClient(create_app(service, settings=ApiSettings()), base_url="http://localhost") as client:
        named = client.post("/v1/chat/completions", json=BODY, headers={"x-plimsoll-groups": "hr"})
        plain = client.post("/v1/chat/completions", json=BODY)
    assert (named.status_code, plain.status_code) == (403, 200)
    assert [request.within for request in service.asked] == [Within((), {})]
