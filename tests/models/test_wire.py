from datetime import timedelta

import pytest

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import InvalidError, UnavailableError
from plimsoll.models.providers._wire import Server, Transcript, retry_after_s, said_in


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
    ("status", "family"), [(302, InvalidError), (413, InvalidError), (408, UnavailableError), (599, UnavailableError)]
)
def test_families_of_other_statuses(status: int, family: type[Exception]) -> None:
    assert isinstance(Server("openai/x", None).refusal(status, ""), family)


def test_only_the_first_choice_is_read_and_reasoning_is_not_text() -> None:
    transcript = Transcript(Server("openai/x", None))
    assert transcript.take('{"choices":[{"delta":{"reasoning_content":"hm","content":null}}]}') == ""
    assert transcript.take('{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]}') == "a"
    assert not transcript.is_complete
    assert (
        transcript.take('{"choices":null,"usage":{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":4}}}')
        == ""
    )
    assert transcript.tokens is not None
    assert (transcript.tokens.input, transcript.tokens.output, transcript.tokens.cached) == (9, 0, 4)
    assert transcript.text == "a"


def test_done_completes_an_answer() -> None:
    transcript = Transcript(Server("openai/x", None))
    assert transcript.take("[DONE]") == ""
    assert transcript.is_complete
