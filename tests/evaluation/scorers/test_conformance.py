"""Every scorer that comes with Plimsoll keeps to the suite that authors of plug-ins are given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, Retrieved
from plimsoll.evaluation.scorers import SCORERS, Scorer, make_scorer
from plimsoll.testing.scorers import Sample, ScorerConformance

TEXT = "The harbour of Oslo opens at nine and closes at five."
ROW = Row(
    id="1",
    question="When does the harbour of Oslo open?",
    answers=(TEXT,),
    documents=("a.md",),
    answerable=True,
    tags=(),
    fields={"passages": [TEXT], "grades": {"a.md": 2, "b.md": 1}},
    source="document:a.md#page=3",
)
SEEN = Observation(
    answer=TEXT,
    answered=True,
    cited=("a.md",),
    retrieved=("a.md", "b.md"),
    passages=(Retrieved("a.md", TEXT, 3, "a-1"), Retrieved("b.md", "Ships may moor for a week.", 1, "b-1")),
    output_tokens=11,
)
ONE = replace(SEEN, retrieved=("a.md",), passages=SEEN.passages[:1])
NO_ANSWER = replace(ROW, id="2", question="Who painted the lighthouse?", answers=(), documents=(), answerable=False)
REFUSED = Observation("I do not know.", answered=False)
JSON_ROW = replace(ROW, fields={"total": 80.9, "buyer": {"name": "Ada"}, "lines": [1, 2]})
JSON = Observation('{"total": 80.90, "buyer": {"name": "ada "}, "lines": [1, 2], "more": null}', answered=True)
ALL_JSON = Observation('{"total": 80.90, "buyer": {"name": "ada "}, "lines": [1, 2]}', answered=True)
CASES: Mapping[str, tuple[str, Mapping[str, Any], Row, Observation, float | None]] = {
    **{name: (name, {}, ROW, SEEN, None) for name in SCORERS},
    "answer_relevancy": ("answer_relevancy", {}, ROW, replace(SEEN, answer=ROW.question), None),
    "answer_length": ("answer_length", {}, ROW, SEEN, 11.0),
    "answer_length in characters": ("answer_length", {"of": "characters"}, ROW, SEEN, 53.0),
    "answer_length in tokens": ("answer_length", {"of": "tokens"}, ROW, SEEN, 11.0),
    "check": ("check", {"check": "pii"}, ROW, SEEN, None),
    "check of words": ("check", {"check": "blocklist", "words": ["zeus"]}, ROW, SEEN, None),
    "check that is strict": ("check", {"check": "grounded", "options": {"strictness": "strict"}}, ROW, SEEN, None),
    "json_fields": ("json_fields", {}, JSON_ROW, JSON, None),
    "json_fields, no others": ("json_fields", {"extra": "wrong"}, JSON_ROW, ALL_JSON, None),
    "json_fields, some": ("json_fields", {"only": ["total"], "exact": True}, JSON_ROW, JSON, None),
    "json_valid": ("json_valid", {}, ROW, JSON, None),
    "json_valid, of a schema": ("json_valid", {"schema": {"required": ["total"]}, "fenced": True}, ROW, JSON, None),
    "label_correct among some": ("label_correct", {"labels": ["Oslo", TEXT]}, ROW, SEEN, None),
    "ndcg_at_k with grades": ("ndcg_at_k", {"grades": "grades", "gain": "exponential"}, ROW, SEEN, None),
    "ndcg_at_k of passages": ("ndcg_at_k", {"level": "passages"}, ROW, SEEN, None),
    "mrr of pages": ("mrr", {"level": "passages", "passages": "none"}, ROW, SEEN, None),
    "pii_leak with names": ("pii_leak", {"names": True, "given": "question"}, ROW, REFUSED, None),
    "precision_at_k": ("precision_at_k", {"k": 1}, ROW, SEEN, None),
    "prompt_leak": ("prompt_leak", {"canaries": ["kestrel-4417"], "instructions": "Be kind."}, ROW, SEEN, None),
    "recall_at_k of passages": ("recall_at_k", {"level": "passages", "k": 1}, ROW, SEEN, None),
    "refusal_correct": ("refusal_correct", {}, NO_ANSWER, REFUSED, None),
    "trace_relevance": ("trace_relevance", {}, ROW, ONE, None),
    "trace_utilization": ("trace_utilization", {}, ROW, ONE, None),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
class TestBuiltIn(ScorerConformance):
    @pytest.fixture
    def make(self, case: tuple[str, Mapping[str, Any], Row, Observation, float | None]) -> Callable[[], Scorer]:
        name, options, *_ = case
        return lambda: make_scorer(name, name="mine", options=options)

    @pytest.fixture
    def samples(self, case: tuple[str, Mapping[str, Any], Row, Observation, float | None]) -> Sequence[Sample]:
        *_, row, seen, best = case
        return [Sample(row, seen, best)]
