from datetime import timedelta

import pytest

from plimsoll.kernel.clock import utc_now
from plimsoll.models.providers._wire import later_s, retry_after_s, said_in


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("3", 3.0), ("1.5", 1.5), ("-4", 0.0), ("1e9", 86400.0), ("nan", None), ("soon", None), ("", None)],
)
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header) == seconds


def test_retry_after_as_a_date() -> None:
    then = utc_now() + timedelta(seconds=100)
    seconds = retry_after_s(then.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    assert seconds is not None
    assert 90 < seconds <= 100
    assert retry_after_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "too long", "code": null}}', "too long"),
        (b'{"error": "model not found"}', "model not found"),
        (b'{"detail": "not found"}', "not found"),
        (b'{"message": "nope"}', "nope"),
        (b"<html>bad gateway</html>", "<html>bad gateway</html>"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[1, 2]", "[1,2]"),
        (b"", ""),
    ],
)
def test_the_words_of_a_refusal(body: bytes, said: str) -> None:
    assert said_in(body) == said


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "2"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        ({"retry-after-ms": "nan"}, None),
        ({"retry-after-ms": "inf"}, 86400.0),
    ],
)
def test_milliseconds_go_before_seconds(headers: dict[str, str], seconds: float | None) -> None:
    assert later_s(headers) == seconds
