"""What people think of answers: kept as content is kept, and found when somebody is to be forgotten."""

from typing import Any

import pytest

from plimsoll.kernel.errors import IntegrityError
from plimsoll.storage import Database
from plimsoll.tracing import Capture
from plimsoll.tracing.feedback import Feedback, FeedbackBook

TRACE = "5b8efff798038103d269b633813fc60c"
ADA = "ada@example.org"
SAID = Feedback(TRACE, -1.0, "wrong-citation", f"I am {ADA}", by="s-1", user="u-7")


def turned(_who: str, content: bytes) -> bytes:
    return bytes(byte ^ 85 for byte in content)


def gone(_who: str, _content: bytes) -> bytes:
    raise IntegrityError("the key was destroyed")


def at_rest(database: Database) -> str:
    with database.read() as connection:
        return repr(connection.exec_driver_sql("SELECT * FROM feedback").all())


@pytest.mark.parametrize(
    ("capture", "label", "comment"),
    [
        (Capture(), "wrong-citation", f"I am {ADA}"),
        (Capture("off"), "wrong-citation", ""),
        (Capture("full", {"staging": 0.0}), "wrong-citation", ""),
        (Capture("redacted", redact=lambda text: text.replace(ADA, "[EMAIL]")), "wrong-citation", "I am [EMAIL]"),
        (Capture("sealed", seal=turned, unseal=turned), "wrong-citation", f"I am {ADA}"),
    ],
)
def test_words_are_kept_as_those_of_the_trace_are(
    database: Database, capture: Capture, label: str, comment: str
) -> None:
    book = FeedbackBook(database, capture)
    kept = book.keep(SAID, "staging")
    assert (kept.said.label, kept.said.comment, kept.said.score) == (label, comment, -1.0)
    assert book.of_trace(TRACE) == (kept,)
    assert (ADA in at_rest(database)) is (capture.content == "full" and not capture.shares)


@pytest.mark.parametrize("label", [f"by {ADA}", ADA, "4111 1111"])
def test_a_label_that_is_no_name_is_content(database: Database, label: str) -> None:
    kept = FeedbackBook(database, Capture("off")).keep(Feedback(TRACE, label=label))
    assert kept.said.label == ""


def test_what_was_sealed_for_a_person_who_was_forgotten_is_gone(database: Database) -> None:
    FeedbackBook(database, Capture("sealed", seal=turned, unseal=turned)).keep(SAID)
    for capture in (Capture("sealed", seal=turned, unseal=gone), Capture()):
        (judgement,) = FeedbackBook(database, capture).of_trace(TRACE)
        assert (judgement.said.score, judgement.said.label, judgement.said.comment) == (-1.0, "", "")


@pytest.mark.parametrize(
    "comment", ["sealed: by the notary", "sealed:", "sealed:AAAA", "plain: wrong", "plain:sealed:"]
)
def test_a_comment_may_begin_like_a_sealed_one(database: Database, comment: str) -> None:
    sealed = FeedbackBook(database, Capture("sealed", seal=turned, unseal=turned))
    for book in (FeedbackBook(database), sealed):
        book.keep(Feedback(TRACE, comment=comment))
    assert [one.said.comment for one in sealed.of_trace(TRACE)] == [comment, comment]


def test_what_is_about_a_person(database: Database) -> None:
    book = FeedbackBook(database, Capture("sealed", seal=turned, unseal=turned))
    said: list[dict[str, Any]] = [
        {"comment": f"Ask {ADA.upper()}"},
        {"label": f"told-{ADA}"},
        {"user": ADA},
        {"comment": "short and right", "user": "ben"},
    ]
    hers = [book.keep(Feedback(TRACE, **one)) for one in said][:3]
    assert book.about(ADA) == tuple(hers)
    assert book.count_subject(ADA) == book.purge_subject(ADA) == 3
    assert [one.said.user for one in book.of_trace(TRACE)] == ["ben"]
    assert book.about(ADA) == ()
