from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import digest_bytes
from plimsoll.kernel.errors import DeniedError
from plimsoll.ledger import By, Ledger
from plimsoll.reviews import Answer, AnswerExpiryError, Question, Reviews
from plimsoll.storage import Database

RELEASE, OTHER = digest_bytes(b"release"), digest_bytes(b"other")
PRODUCTION = Question("app", RELEASE, "production")
FAR = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
def reviews(records: Database, ledger: Ledger) -> Reviews:
    return Reviews(records, ledger)


@pytest.fixture
def anna(ledger: Ledger) -> By:
    return By(ledger.subject("anna"), "key:pk_anna")


@pytest.fixture
def ben(ledger: Ledger) -> By:
    return By(ledger.subject("ben"))


def test_answers_come_back_oldest_first_as_they_were_given(reviews: Reviews, anna: By, ben: By) -> None:
    given = (
        reviews.answer(PRODUCTION, "approve", by=anna, expires_at=FAR),
        reviews.answer(PRODUCTION, "refuse", by=ben, reason="too early"),
        reviews.answer(PRODUCTION, "withdraw", by=ben),
    )
    assert reviews.answers("app", RELEASE, "production") == given
    assert [(answer.actor, answer.answer, answer.via) for answer in given] == [
        (anna.actor, "approve", "key:pk_anna"),
        (ben.actor, "refuse", "local"),
        (ben.actor, "withdraw", "local"),
    ]
    assert given[0].expires_at == FAR
    assert given[0].question == PRODUCTION


def test_answers_are_apart_by_application_subject_and_place(reviews: Reviews, anna: By) -> None:
    questions = [
        PRODUCTION,
        Question("app", RELEASE, "staging"),
        Question("app", OTHER, "production"),
        Question("app2", RELEASE, "production"),
    ]
    given = [reviews.answer(question, "approve", by=anna) for question in questions]
    for question, answer in zip(questions, given, strict=True):
        assert reviews.answers(question.app, question.subject, question.place) == (answer,)
    assert reviews.answers_for_app("app") == tuple(given[:3])
    assert reviews.answers_for_app("none") == ()


def test_an_answer_is_seen_inside_the_transaction_that_writes_another(
    reviews: Reviews, records: Database, anna: By, ben: By
) -> None:
    first = reviews.answer(PRODUCTION, "approve", by=anna)
    seen = []

    def guard(connection: Connection) -> None:
        seen.append(reviews.answers_in(connection, "app", RELEASE, "production"))

    reviews.answer(PRODUCTION, "approve", by=ben, guard=guard)
    assert seen == [(first,)]
    with records.read() as connection:
        assert len(reviews.answers_in(connection, "app", RELEASE, "production")) == 2


def test_what_a_guard_refuses_is_not_written(reviews: Reviews, ledger: Ledger, anna: By) -> None:
    reviews.answer(PRODUCTION, "approve", by=anna)
    before = ledger.size()

    def guard(_: Connection) -> None:
        raise DeniedError("no")

    with pytest.raises(DeniedError):
        reviews.answer(PRODUCTION, "withdraw", by=anna, guard=guard)
    assert len(reviews.answers_for_app("app")) == 1
    assert ledger.size() == before


def test_the_ledger_says_the_same_as_every_row(reviews: Reviews, ledger: Ledger, anna: By, ben: By) -> None:
    reviews.answer(PRODUCTION, "approve", by=anna, reason="looks right", expires_at=FAR)
    reviews.answer(Question("app", OTHER, "prompt:answer@production"), "refuse", by=ben)
    claims = list(reviews.claims())
    assert [claim.act for claim in claims] == ["review.approve", "review.refuse"]
    assert claims[0].facts == {"subject": RELEASE, "place": "production", "expires_at": to_text(FAR)}
    assert claims[1].facts["expires_at"] is None
    for claim in claims:
        [entry] = ledger.entries(claim.sequence, claim.sequence + 1)
        assert (claim.act, claim.app, claim.actor, claim.at, claim.facts) == (
            entry.act,
            entry.app,
            entry.actor,
            entry.at,
            entry.facts,
        )


def test_a_reason_is_sealed_and_stands_in_no_row_and_no_line(
    reviews: Reviews, ledger: Ledger, records: Database, anna: By
) -> None:
    answer = reviews.answer(PRODUCTION, "approve", by=anna, reason="anna@example.org agrees")
    assert ledger.private([answer.sequence]) == {answer.sequence: {"reason": "anna@example.org agrees"}}
    assert "example.org" not in "".join(ledger.lines())
    with records.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM review_answer").all()
    assert "example.org" not in str(rows)


@pytest.mark.parametrize(
    ("answer", "what"), [("approve", "over already"), ("refuse", "only an approval"), ("withdraw", "only an approval")]
)
def test_an_end_that_cannot_be_is_refused_and_nothing_is_written(
    reviews: Reviews, ledger: Ledger, anna: By, answer: Answer, what: str
) -> None:
    ends = datetime.now(UTC) - timedelta(seconds=1) if answer == "approve" else FAR
    with pytest.raises(AnswerExpiryError, match=what):
        reviews.answer(PRODUCTION, answer, by=anna, expires_at=ends)
    assert reviews.answers_for_app("app") == ()
    assert "review" not in "".join(ledger.lines())


def test_a_row_without_its_entry_proves_nobodys_identity(reviews: Reviews, records: Database, anna: By) -> None:
    reviews.answer(PRODUCTION, "approve", by=anna)
    with records.write() as connection:
        connection.exec_driver_sql("UPDATE review_answer SET sequence = 999")
    assert [found.via for found in reviews.answers("app", RELEASE, "production")] == [""]


def test_many_claims_are_read_page_by_page(reviews: Reviews, anna: By, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plimsoll.reviews._store._PER_PAGE", 2)
    given = [reviews.answer(PRODUCTION, "approve", by=anna) for _ in range(4)]
    assert [claim.sequence for claim in reviews.claims()] == [answer.sequence for answer in given]
