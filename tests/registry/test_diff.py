"""A diff says everything that differs, nothing else, and in words of the thing that it speaks of."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.digest import Json, canonical_json
from plimsoll.registry.diff import Change, Named, Step, VersionDiff, diff_versions
from plimsoll.registry.diff._text import unified

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
KINDS = ("prompt", "source", "knowledge", "index", "route", "endpoint", "dataset", "suite", "guardrail", "agent")

names = st.sampled_from(
    ["id", "name", "check", "path", "digest", "fate", "rows", "documents", "segments", "thresholds", "at_least", "a.b"]
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text("ab\n`. é", max_size=6),
    st.sampled_from(["pii", "row-1", "row-2", "block", "allow", DIGEST]),
)
contents = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(names, inner, max_size=5)),
    max_leaves=25,
)
texts = st.text("ab \n\r", max_size=40)


def sentences(diff: VersionDiff) -> list[str]:
    return [change.sentence for change in diff.changes]


def loosening(diff: VersionDiff) -> list[str]:
    return [change.sentence for change in diff.loosening]


def value_at(content: Json, path: Sequence[Step]) -> Json:
    """What stands at a path; raises when nothing does."""
    found: Any = content
    for step in path:
        if isinstance(step, Named):
            (found,) = [item for item in found if isinstance(item, Mapping) and item.get(step.key) == step.name]
        else:
            found = found[step]
    result: Json = found
    return result


def stands(content: Json, change: Change, value: Json) -> bool:
    return canonical_json(value_at(content, change.path)) == canonical_json(value)


@given(contents, contents, st.sampled_from(KINDS))
def test_a_diff_is_empty_exactly_for_the_same_content(old: Json, new: Json, kind: str) -> None:
    assert diff_versions(kind, old, old).empty
    assert diff_versions(kind, old, new).empty == (canonical_json(old) == canonical_json(new))


@given(contents, contents, st.sampled_from(KINDS))
def test_before_and_after_are_what_stands_at_the_path(old: Json, new: Json, kind: str) -> None:
    for change in diff_versions(kind, old, new).changes:
        assert change.sentence
        if change.what in {"removed", "changed"}:
            assert stands(old, change, change.before)
        if change.what in {"added", "changed"}:
            assert stands(new, change, change.after)
        assert change.before is None or change.what != "added"
        assert change.after is None or change.what != "removed"


@given(st.lists(contents, max_size=6), st.randoms())
def test_a_list_in_another_order_is_only_moved(elements: list[Json], random: Any) -> None:
    shuffled = list(elements)
    random.shuffle(shuffled)
    changes = diff_versions("guardrail", {"checks": elements}, {"checks": shuffled}).changes
    assert {change.what for change in changes} <= {"moved"}
    for change in changes:
        assert isinstance(change.before, int)
        assert isinstance(change.after, int)
        assert canonical_json(elements[change.before - 1]) == canonical_json(shuffled[change.after - 1])


@given(texts, texts)
def test_the_text_diff_turns_one_text_into_the_other(before: str, after: str) -> None:
    assert patched(before, unified(before, after)) == after


def patched(text: str, lines: Sequence[str]) -> str:
    """Apply a unified diff, checking every line that it says it found."""
    old = text.split("\n") if text else []
    new: list[str] = []
    at = 0
    for line in lines:
        if mark := re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+.* @@", line):
            start = int(mark[1]) - (mark[2] != "0")
            new += old[at:start]
            at = start
        elif line[0] == "+":
            new.append(line[1:])
        else:
            assert old[at] == line[1:]
            at += 1
            new += [line[1:]] if line[0] == " " else []
    return "\n".join([*new, *old[at:]])


def test_a_suite_is_told_by_its_thresholds_and_scorers() -> None:
    old: Json = {
        "scorers": ["answer_contains", "answered"],
        "thresholds": {
            "answer_contains": {"at_least": 0.8},
            "latency_p95_ms": {"at_most": 900},
            "answered": {"at_least": 0.9},
        },
        "dataset_version": DIGEST,
    }
    new: Json = {
        "scorers": ["token_f1", "answer_contains"],
        "thresholds": {"answer_contains": {"at_least": 0.75}, "latency_p95_ms": {"at_most": 800, "at_least": 1}},
        "dataset_version": OTHER,
    }
    diff = diff_versions("suite", old, new)
    assert sentences(diff) == [
        "dataset_version aaaaaaaaaaaa → bbbbbbbbbbbb",
        "scorer `answered` removed",
        "scorer `token_f1` added",
        "threshold of answer_contains: at least 0.80 → 0.75",
        "threshold of answered removed: at least 0.9",
        "threshold of latency_p95_ms: at least 1 added",
        "threshold of latency_p95_ms: at most 900 → 800",
    ]
    assert loosening(diff) == [
        "scorer `answered` removed",
        "threshold of answer_contains: at least 0.80 → 0.75",
        "threshold of answered removed: at least 0.9",
    ]
    assert [change.place for change in diff.changes][3] == "thresholds.answer_contains.at_least"


POLICY: Json = {
    "input": [
        {"check": "toxicity", "threshold": 0.8, "action": "block"},
        {"check": "pii", "action": "redact"},
        {"check": "injection", "action": "block"},
    ],
    "output": [{"check": "grounded", "threshold": 0.5, "action": "block"}],
}


def test_a_guardrail_is_told_by_its_checks() -> None:
    new: Json = {
        "input": [
            {"check": "injection", "action": "flag"},
            {"check": "toxicity", "threshold": 0.75, "action": "block"},
            {"check": "secrets", "action": "block"},
        ],
        "output": [{"check": "grounded", "threshold": 0.4, "action": "block"}],
    }
    diff = diff_versions("guardrail", POLICY, new)
    assert sentences(diff) == [
        "input: check `pii` removed",
        "input: check `injection` moved from 3 to 1",
        "input: action of `injection`: block → flag",
        "input: check `toxicity`: threshold 0.80 → 0.75",
        "input: check `secrets` added",
        "output: check `grounded`: threshold 0.5 → 0.4",
    ]
    assert loosening(diff) == [
        "input: check `pii` removed",
        "input: action of `injection`: block → flag",
        "output: check `grounded`: threshold 0.5 → 0.4",
    ]


def test_nothing_that_becomes_stricter_is_said_to_loosen() -> None:
    strict: Json = {
        "input": [
            {"check": "toxicity", "threshold": 0.7, "action": "block"},
            {"check": "pii", "action": "block"},
            {"check": "injection", "action": "block"},
            {"check": "secrets", "action": "block"},
        ],
        "output": [{"check": "grounded", "threshold": 0.6, "action": "block"}],
    }
    diff = diff_versions("guardrail", POLICY, strict)
    assert len(diff.changes) == 4
    assert diff.loosening == ()
    assert len(diff_versions("guardrail", strict, POLICY).loosening) == 4


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("guardrail", {"output": [{"check": "pii"}]}, {}),
        ("guardrail", {"output": [{"check": "pii"}]}, {"output": None}),
        ("guardrail", {"on_error": "block"}, {"on_error": "allow"}),
        (
            "guardrail",
            {"checks": [{"check": "pii", "enabled": True}]},
            {"checks": [{"check": "pii", "enabled": False}]},
        ),
        ("guardrail", {"checks": [{"check": "pii"}, {"check": "pii"}]}, {"checks": [{"check": "pii"}]}),
        ("endpoint", {"guardrails": "standard"}, {"guardrails": None}),
        ("endpoint", {"guardrails": ["standard", "strict"]}, {"guardrails": ["standard"]}),
        ("suite", {"thresholds": {"a": {"at_least": 0.5}}}, {"thresholds": {"a": {"at_most": 0.5}}}),
        ("agent", {"tools": [{"name": "mail", "approval": "ask"}]}, {"tools": [{"name": "mail", "approval": "allow"}]}),
    ],
)
def test_a_rule_that_goes_or_weakens_loosens(kind: str, old: Json, new: Json) -> None:
    assert diff_versions(kind, old, new).loosening
    assert not diff_versions(kind, new, old).loosening or kind == "suite"


def test_a_prompt_is_told_by_its_parameters_and_as_text() -> None:
    old: Json = {
        "system": "Be brief.\nCite.\n",
        "template": "{{ question }}",
        "parameters": {"temperature": 0.2, "seed": 1},
    }
    new: Json = {"system": "Be kind.\nCite.\n", "template": "{{ question }} ", "parameters": {"temperature": 0.7}}
    diff = diff_versions("prompt", old, new)
    assert sentences(diff) == [
        "seed removed: 1",
        "temperature 0.2 → 0.7",
        "system: 1 line added, 1 removed",
        "template: only white space differs",
    ]
    assert [(text.place, text.lines) for text in diff.texts] == [
        ("system", ("@@ -1,3 +1,3 @@", "-Be brief.", "+Be kind.", " Cite.", " ")),
        ("template", ("@@ -1 +1 @@", "-{{ question }}", "+{{ question }} ")),
    ]


def test_few_shot_examples_are_told_one_by_one() -> None:
    old: Json = {"examples": [{"input": "a", "output": "One.\nTwo."}, {"input": "b", "output": "c"}]}
    new: Json = {"examples": [{"input": "a", "output": "One.\n2."}, {"input": "b", "output": "c"}, {"input": "d"}]}
    diff = diff_versions("prompt", old, new)
    assert sentences(diff) == ["example 1: output: 1 line added, 1 removed", "example 3 added"]
    assert [text.place for text in diff.texts] == ["examples[0].output"]


def test_knowledge_is_told_by_its_settings() -> None:
    old: Json = {
        "sources": [{"path": "a", "include": ["*"]}],
        "chunk": {"size": 1000},
        "embed": {"model": "one"},
        "key": None,
    }
    new: Json = {
        "sources": [{"path": "a", "include": ["*", "x/*"]}, {"path": "b", "include": ["*"]}],
        "chunk": {"size": 800},
        "embed": {"model": "two"},
        "key": 12000,
    }
    assert sentences(diff_versions("knowledge", old, new)) == [
        "chunk.size 1000 → 800",
        "embed.model one → two",
        "key none → 12,000",
        "source `a`: include `x/*` added",
        "source `b` added",
    ]


def document(path: str, digest: str, fate: str = "indexed", reason: str = "") -> dict[str, Json]:
    return {"path": path, "digest": digest, "fate": fate, "reason": reason}


def test_a_source_is_told_by_its_documents_and_their_fates() -> None:
    old = [document("a", "1"), document("b", "2"), document("c", "3"), document("d", "4"), document("old", "9")]
    new = [
        document("a", "1"),
        document("b", "22"),
        document("c", "3", "failed", "c is encrypted"),
        document("f", "", "skipped", "no document"),
        document("new", "9"),
    ]
    diff = diff_versions("source", {"documents": old}, {"documents": new})
    assert sentences(diff) == [
        "document `d` removed",
        "document `old` renamed to new",
        "document `b`: content changed",
        "document `c`: indexed → failed: c is encrypted",
        "document `f` added, and skipped: no document",
    ]
    (count,) = diff.counts
    assert count.sentence == "documents: 1 added, 1 removed, 2 changed, 1 renamed, 1 the same"


def row(number: int, question: str, *answers: str) -> dict[str, Json]:
    return {"id": f"row-{number}", "question": question, "answers": list(answers)}


def test_a_row_that_is_put_first_does_not_change_those_below_it() -> None:
    old: Json = {"rows": [row(number, f"Question {number}?", "yes") for number in range(1, 101)]}
    new: Json = {
        "rows": [
            row(1, "New?", "yes"),
            *(row(number + 1, f"Question {number}?", "no" if number == 7 else "yes") for number in range(1, 101)),
        ]
    }
    diff = diff_versions("dataset", old, new)
    assert sentences(diff) == ['row `Question 7?`: answers ["yes"] → ["no"]', "row `New?` added"]
    assert [count.sentence for count in diff.counts] == ["rows: 1 added, 1 changed, 99 the same"]


def test_of_many_rows_the_first_ten_of_each_sort_are_told() -> None:
    old: Json = {"rows": [{"id": f"a{number}", "question": "Why?"} for number in range(30)]}
    new: Json = {"rows": [{"id": f"b{number}", "question": "Why?"} for number in range(12)]}
    diff = diff_versions("dataset", old, new)
    assert [change.what for change in diff.changes] == ["removed"] * 10 + ["added"] * 10
    (count,) = diff.counts
    assert (count.added, count.removed, count.same, count.unlisted) == (12, 30, 0, 22)
    assert sentences(diff)[0] == "row `a0` removed: Why?"


def test_rows_that_only_got_other_numbers_are_told_when_nothing_else_is() -> None:
    old: Json = {"rows": [row(1, "A?", "yes"), row(2, "B?", "yes")]}
    new: Json = {"rows": [row(1, "A?", "yes"), row(3, "B?", "yes")]}
    assert sentences(diff_versions("dataset", old, new)) == ["row `B?`: id row-2 → row-3"]


def test_an_index_is_told_by_counts_and_segments() -> None:
    def index(embedder: str, *segments: tuple[str, int]) -> Json:
        return {
            "embedder": embedder,
            "segments": [{"digest": digest, "documents": count, "chunks": 10 * count} for digest, count in segments],
            "documents": sum(count for _, count in segments),
            "chunks": sum(10 * count for _, count in segments),
        }

    diff = diff_versions("index", index("one", (DIGEST, 60), ("gone", 62)), index("two", (DIGEST, 60), (OTHER, 63)))
    assert sentences(diff) == [
        "chunks 1220 → 1230",
        "documents 122 → 123",
        "embedder one → two",
        "segment `gone` removed (62 documents, 620 chunks)",
        "segment `bbbbbbbbbbbb` added (63 documents, 630 chunks)",
    ]
    assert [count.sentence for count in diff.counts] == ["segments: 1 shared, 1 new, 1 gone"]


def test_content_that_is_not_as_its_kind_should_be_is_still_told() -> None:
    for kind in KINDS:
        assert sentences(diff_versions(kind, {"rows": [1], "documents": 3}, ["x"])) != []
        assert sentences(diff_versions(kind, {"rows": [1, 1]}, {"rows": [1]})) != []


def test_very_long_and_very_deep_contents_are_told_without_much_work() -> None:
    old, new = ("\n".join(f"{letter}{number}" for number in range(9000)) for letter in "ab")
    (text,) = diff_versions("prompt", {"system": old}, {"system": new}).texts
    assert (len(text.lines), text.unlisted) == (400, 18_001 - 400)
    deep: Json = 1
    other: Json = 2
    for _ in range(100):
        deep, other = {"x": deep}, {"x": other}
    (change,) = diff_versions("agent", deep, other).changes
    assert len(change.path) == 40


def test_names_cannot_pretend_to_be_paths() -> None:
    (change,) = diff_versions("agent", {"a.b": {"[c]": 1}}, {"a.b": {"[c]": 2}}).changes
    assert change.place == '["a.b"]["[c]"]'
    (change,) = diff_versions("agent", {"tools": [{"name": "x] y"}]}, {"tools": []}).changes
    assert change.place == 'tools[name="x] y"]'


def test_a_diff_is_given_to_programs_whole() -> None:
    content = diff_versions("suite", {"thresholds": {"a": {"at_least": 0.8}}}, {"thresholds": {}}).to_json()
    assert content == {
        "kind": "suite",
        "changes": [
            {
                "path": "thresholds.a",
                "what": "removed",
                "before": {"at_least": 0.8},
                "after": None,
                "sentence": "threshold of a removed: at least 0.8",
                "loosens": True,
            }
        ],
        "counts": [],
        "texts": [],
    }


def guard(**changes: Json) -> Json:
    whole = {"check": "pii", "kinds": ["email", "iban"], "on": ["input", "output"], "action": "redact", **changes}
    return {"checks": [whole]}


@pytest.mark.parametrize(
    ("strict", "loose"),
    [
        (guard(at_least=0.5), guard(at_least=0.9)),
        (guard(), guard(at_least=0.9)),
        (guard(), guard(kinds=["email"])),
        (guard(), guard(on=["input"])),
        (guard(check="blocklist", words=["a", "b"]), guard(check="blocklist", words=["a"])),
    ],
)
def test_a_guardrail_that_finds_less_is_looser(strict: Json, loose: Json) -> None:
    assert diff_versions("guardrail", strict, loose).loosening
    assert not diff_versions("guardrail", loose, strict).loosening
