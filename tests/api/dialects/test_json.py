"""Bodies from strangers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.api._errors import FieldError, MalformedBodyError
from plimsoll.api.wire import _json, read_object

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=5), st.booleans(), st.sampled_from([None, 1]))
def test_what_json_can_say_is_read(value: dict[str, Any], ascii_only: bool, indent: int | None) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    assert read_object(body) == value


@given(st.text(max_size=6), st.text(max_size=6), st.booleans(), st.sampled_from(['"%s":1', '"%s" : 1', '\n"%s"\t:1']))
def test_a_key_that_stands_twice_is_refused(key: str, text: str, ascii_only: bool, form: str) -> None:
    def written(value: str) -> str:
        return json.dumps(value, ensure_ascii=ascii_only)[1:-1]

    twin = form % written(key)
    body = f'{{"a":[{{{twin},"other{written(text)}":"{written(text)}",{twin}}}]}}'
    with pytest.raises(MalformedBodyError, match="twice"):
        read_object(body.encode())


def test_a_twin_in_disguise_is_refused() -> None:
    for body in (b'{"a":1,"\\u0061":2}', b'{"x":"\\u0022","a":1,"a":2}', b'{"x":"\\u0022:\\u0022","a":1,"a":"\\""}'):
        with pytest.raises(MalformedBodyError, match="twice"):
            read_object(body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b'{"a":1}x', "trailing"),
        (b'{"a":NaN}', "malformed"),
        (b'{"a":Infinity}', "malformed"),
        (b'{"a":"\xff"}', "UTF-8"),
        (b'{"a":"\\ud800"}', "JSON"),
        (b"\xef\xbb\xbf{}", "malformed"),
        (b'{"a":' * 10_000, "deep"),
        (b"[" * 10_000, "deep"),
        (b'{"a":' * 201 + b"1" + b"}" * 201, "200 levels"),
        (b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}", "deep"),
    ],
)
def test_what_is_not_json_is_refused(body: bytes, said: str) -> None:
    with pytest.raises((MalformedBodyError, FieldError), match=said if not body.startswith(b"[") else None):
        read_object(body)


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b'"text"', b"7", b'{"a":1e999}', b'{"a":-1e999}', b'{"a":' + b"9" * 5000 + b"}"]
)
def test_what_is_no_object_or_no_number_is_refused(body: bytes) -> None:
    with pytest.raises(FieldError):
        read_object(body)


def test_many_values_side_by_side_are_not_deep() -> None:
    wide = json.dumps({"rows": [{"cells": [[number]]} for number in range(500)]}).encode()
    assert len(read_object(wide)["rows"]) == 500


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":[' + b"{}," * 50_000 + b"{}]}",
        b'{"a":[' + b'["\\\\"],' * 50_000 + b"[]]}",
        b'{"a":[' + b'{"\\u0022":1},' * 50_000 + b"{}]}",
        b'{"a":[' + b"1," * 500_000 + b"1]}",
        b'{"a":[' + b'"",' * 2_000_000 + b'""]}',
        b'{"a":{' + b'"":"",' * 1_000_000 + b'"":""}}',
    ],
)
def test_more_things_than_anybody_sends_are_refused_before_they_are_made(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(_json, "_DECODER")
    with pytest.raises(FieldError, match="more than 50,000 objects and lists, or 500,000 values"):
        read_object(body)


@given(st.text(alphabet='{[,"\\a', max_size=12), st.booleans())
def test_texts_may_hold_any_number_of_marks(text: str, ascii_only: bool) -> None:
    value = {"text": text * 1_000 + "{" * 60_000, text: [text, {"a": 1, "b": [text]}]}
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert read_object(body) == value


@given(VALUES, st.sampled_from([None, 1]))
def test_what_is_counted_is_what_is_there(value: Any, indent: int | None) -> None:
    def things(inner: Any) -> tuple[int, int]:
        if not isinstance(inner, dict | list):
            return 0, 0
        below = list(map(things, inner.values() if isinstance(inner, dict) else inner))
        return 1 + sum(some for some, _ in below), max(0, len(inner) - 1) + sum(more for _, more in below)

    assert _json.crowd(json.dumps([value, "\\", '\\"{'], indent=indent).encode()) == things([value, 1, 1])


def test_as_deep_as_may_be() -> None:
    deep = b'{"a":' * 200 + b"1" + b"}" * 200
    assert list(read_object(deep)) == ["a"]
    assert read_object(b'{"b":[{}],' + deep[1:])
