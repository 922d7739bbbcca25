"""Rows from requests that were served."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.flows.home import Home

from plimsoll.access import Right
from plimsoll.flows.dataset.traces import Stratum, TraceParts, TraceReport, TraceWish, from_traces
from plimsoll.flows.dataset.traces._expected import expected_of
from plimsoll.flows.dataset.traces._sample import shares
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import DeniedError
from plimsoll.tracing.feedback import Feedback, FeedbackBook

DIGEST = "sha256:" + "0" * 64
ANYTHING_SINCE = utc_now() - timedelta(days=500)


def by_first_letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """Texts that begin alike are alike."""
    vectors = np.zeros((len(texts), 26), np.float32)
    for place, text in enumerate(texts):
        vectors[place, ord(text.lower()[0]) % 26] = 1
    return vectors


class Served:
    """Traces that are kept, with what people said of them."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.book = FeedbackBook(self.home.traces_database)
        self.marks: dict[str, list[str]] = {}
        self.rights: set[Right] = {"trace"}

    def ask(self, question: str, **said: Any) -> str:
        given = {"question": question, "answer": "It is so.", "answered": True, "request": _request(question), **said}
        return self.home.trace(DIGEST, **given).id

    def say(self, trace: str, **said: Any) -> None:
        self.book.keep(Feedback(trace, **said))

    def rows(self, **wish: Any) -> TraceReport:
        def require(right: Right) -> None:
            if right not in self.rights:
                raise DeniedError(f"no right {right}")

        parts = TraceParts(
            app="harbour",
            traces=self.home.traces,
            flush=lambda: None,
            feedback=self.book.of_trace,
            marks=lambda _since: self.marks,
            embed=by_first_letters,
            require=require,
        )
        return from_traces(TraceWish(**{"since": ANYTHING_SINCE, "rows": 100, **wish}), parts)


def _request(*questions: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question} for question in questions]}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.home.close()


def test_what_people_said_becomes_what_is_expected_and_a_model_is_never_its_own_judge(served: Served) -> None:
    good, corrected, refused, bad, alone = (
        served.ask("How long is the lease?", citations=({"document": "lease.md"},)),
        served.ask("What does it cost?"),
        served.ask("What is the weather?", answered=False),
        served.ask("Who wrote it?"),
        served.ask("Where is it?"),
    )
    served.say(good, score=1.0)
    served.say(corrected, score=-1.0)
    served.say(corrected, label="correction", comment="30 euros")
    served.say(refused, score=0.5)
    served.say(bad, score=-1.0)
    served.marks[alone] = ["wrong", "wrong"]
    rows = {row.source.removeprefix("trace:"): row for row in served.rows().rows}
    assert (rows[good].answers, rows[good].documents) == (("It is so.",), ("lease.md",))
    assert rows[corrected].answers == ("30 euros",)
    assert not rows[refused].answerable
    assert [rows[one].labelled for one in (good, corrected, refused, bad, alone)] == [True, True, True, False, False]
    assert "feedback:corrected" in rows[corrected].tags
    assert "guardrail:wrong" in rows[alone].tags


def test_good_and_bad_together_and_an_empty_correction_say_nothing(served: Served) -> None:
    trace = served.ask("How long?")
    served.say(trace, score=1.0)
    served.say(trace, score=-1.0, label="correction", comment="  ")
    (row,) = served.rows().rows
    assert not row.labelled
    assert "feedback:disputed" in row.tags


def test_the_same_wish_gives_the_same_rows_and_another_seed_others(served: Served) -> None:
    for number in range(60):
        served.ask(f"{chr(97 + number % 20)} question number {number}?")
    first, again, other = (served.rows(rows=20, seed=seed).rows for seed in (1, 1, 2))
    assert first == again
    assert {row.id for row in first} != {row.id for row in other}
    assert len(first) == 20


def test_every_kind_of_request_has_a_row_and_a_balanced_sample_has_more_of_what_is_rare(served: Served) -> None:
    for number in range(40):
        served.ask(f"plain question {number}?")
    for number in range(4):
        served.ask(f"stopped question {number}?", status="error", guardrails=({"action": "block"},), answered=None)
    plain = Counter(stratum.outcome for stratum in served.rows(rows=11).strata)
    assert plain == {"answered": 1, "stopped": 1}
    taken = {stratum.outcome: rows for stratum, (_, rows) in served.rows(rows=11).strata.items()}
    balanced = {stratum.outcome: rows for stratum, (_, rows) in served.rows(rows=11, balanced=True).strata.items()}
    assert taken == {"answered": 10, "stopped": 1}
    assert balanced["stopped"] > taken["stopped"]


def test_personal_data_becomes_placeholders_that_are_the_same_in_all_rows(served: Served) -> None:
    trace = served.ask("Write to anna.smith@example.com about the bill?", user_id="anna.smith@example.com")
    served.ask("Was anna.smith@example.com or bob@example.org here?", user_id="anna.smith@example.com")
    served.say(trace, label="correction", comment="Done: anna.smith@example.com was told.")
    report = served.rows()
    rows = {row.source.removeprefix("trace:"): row for row in report.rows}
    said = " ".join(str(row.to_json()) for row in report.rows)
    assert "anna" not in said
    assert "example.org" not in said
    (number,) = {one for one in ("[EMAIL_1]", "[EMAIL_2]") if one in rows[trace].question}
    assert all(number in row.question for row in report.rows)
    assert rows[trace].answers == (f"Done: {number} was told.",)
    assert {row.group for row in report.rows} == {"person-1"}
    assert report.redacted["pii.email"] == 4


def test_keeping_personal_data_needs_a_right_of_its_own(served: Served) -> None:
    served.ask("Write to anna.smith@example.com?")
    with pytest.raises(DeniedError):
        served.rows(keep_pii=True)
    served.rights.add("erase")
    (row,) = served.rows(keep_pii=True).rows
    assert "anna.smith@example.com" in row.question
    served.rights.clear()
    with pytest.raises(DeniedError):
        served.rows()


def test_what_was_erased_is_in_no_row(served: Served) -> None:
    served.ask("How long is the lease?", user_id="u-1")
    kept = served.ask("What does it cost?", user_id="u-2")
    served.home.traces.purge_subject("u-1")
    assert [row.source for row in served.rows().rows] == [f"trace:{kept}"]


def test_what_cannot_be_a_row_is_counted_by_why(served: Served) -> None:
    served.ask("How long is the lease?")
    served.ask("How long is the LEASE")
    served.ask("And for how much?", request=_request("How long?", "And for how much?"))
    served.ask("", content="off")
    served.ask("a vector?", surface="embeddings")
    served.ask("of a suite?", environment="(evaluation)")
    served.ask("too long", request={"cut": True})
    report = served.rows()
    assert len(report.rows) == 1
    assert report.requests == 5
    assert report.dropped == {
        "asked before": 1,
        "needs the turns before it": 1,
        "what was asked is not kept": 1,
        "too long to be kept whole": 1,
    }
    assert report.to_json()["dropped"] == report.dropped


def test_no_request_gives_no_row(served: Served) -> None:
    assert served.rows().rows == ()


def test_an_answer_that_says_nothing_is_not_expected(served: Served) -> None:
    trace = served.home.trace(DIGEST, answer="  ", answered=None)
    served.say(trace.id, score=1.0)
    assert expected_of(trace, served.book.of_trace(trace.id)).answers == ()


strata = st.dictionaries(
    st.builds(Stratum, st.sampled_from("abcdef"), st.just("clean"), st.sampled_from("xyz"), st.just("none")),
    st.integers(1, 500),
    min_size=1,
)


@given(strata, st.integers(1, 600), st.booleans())
def test_shares_are_never_more_than_there_are_and_as_many_as_were_wanted(
    there: dict[Stratum, int], rows: int, balanced: bool
) -> None:
    taken = shares(there, rows, balanced=balanced)
    assert sum(taken.values()) == min(rows, sum(there.values()))
    assert all(taken[one] <= there[one] for one in there)
    if rows >= len(there):
        assert min(taken.values()) >= 1
