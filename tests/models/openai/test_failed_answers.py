"""A server that fails within an answer says so in many ways, and none of them is an answer that looks whole."""

import json
from typing import Any

import pytest

from plimsoll.kernel.errors import InvalidError, UnavailableError
from plimsoll.models.providers.openai._reading import ErrorEventError, NonsenseError, Reading


def sse(*values: Any) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(value).encode() for value in values)


def said(text: str = "", finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": {"content": text}, "finish_reason": finish}], **more}


DONE = b"data: [DONE]\n\n"
CUT_OFF = {"code": 502, "message": "Provider disconnected"}
FAILURES: list[Any] = [
    said("", "error", error=CUT_OFF),
    {"choices": [{"index": 0, "delta": {}, "finish_reason": None, "error": CUT_OFF}]},
    said("", "error"),
    {"error": CUT_OFF},
    {"object": "error", "message": "Provider disconnected", "type": "ServerError", "code": 500},
    {"object": "error"},
    {"detail": "Provider disconnected"},
    {"message": "Provider disconnected"},
    {"code": 1305},
    {"error": CUT_OFF, "choices": 5},
]


@pytest.mark.parametrize("frame", FAILURES, ids=json.dumps)
@pytest.mark.parametrize("before", [b"", sse(said("Half an ans"))], ids=["at once", "after text"])
def test_a_failure_is_never_an_answer(frame: Any, before: bytes) -> None:
    with pytest.raises(ErrorEventError):
        Reading().feed(before + sse(frame) + DONE)


@pytest.mark.parametrize("frame", FAILURES, ids=json.dumps)
def test_a_failure_after_the_last_word_does_no_harm(frame: Any) -> None:
    reading = Reading()
    chunks = reading.feed(sse(said("Done."), said("", "stop"), frame))
    assert [chunk["choices"][0]["delta"]["content"] for chunk in chunks[:2]] == ["Done.", ""]
    assert (reading.is_done, reading.finish_reason) == (True, "stop")
    reasons = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]]
    assert set(reasons) == {None, "stop"}


def test_one_choice_may_fail_after_another_ended() -> None:
    with pytest.raises(ErrorEventError):
        Reading().feed(sse(said("a", "stop"), said("", "error", index=1, error=CUT_OFF)))


@pytest.mark.parametrize("before", [b"", sse({"choices": []}), sse({"choices": [], "usage": {"prompt_tokens": 1}})])
def test_an_end_before_any_choice_is_no_answer(before: bytes) -> None:
    with pytest.raises(NonsenseError):
        Reading().feed(before + DONE)


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"message": {"content": ""}, "finish_reason": "error"}]},
        {"choices": [{"message": {"content": "Half"}, "finish_reason": "stop", "error": CUT_OFF}]},
        {"object": "error", "message": "boom", "code": 500},
        {"detail": "boom"},
    ],
    ids=json.dumps,
)
def test_a_whole_answer_may_be_a_failure_too(body: dict[str, Any]) -> None:
    with pytest.raises(ErrorEventError):
        Reading().whole(json.dumps(body).encode())


def test_a_whole_answer_has_a_choice() -> None:
    with pytest.raises(NonsenseError):
        Reading().whole(b'{"choices": []}')


@pytest.mark.parametrize(
    ("frame", "family", "code"),
    [
        (said("", "error", error=CUT_OFF), UnavailableError, "provider_unavailable"),
        (said("", "error", error={"code": 429, "message": "slow"}), UnavailableError, "rate_limit_exceeded"),
        ({"object": "error", "message": "too long", "code": 400}, InvalidError, "provider_rejected"),
        ({"detail": "Provider disconnected"}, UnavailableError, "provider_unavailable"),
    ],
)
def test_the_error_tells_what_the_server_said(
    failing: Any, opened: bytes, frame: Any, family: type[Exception], code: str
) -> None:
    caught, _ = failing(family, [opened, sse(said("Half"), frame), DONE])
    assert caught.code == code
    assert any(word in caught.message for word in ("Provider disconnected", "slow", "too long"))
