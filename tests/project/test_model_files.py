"""Classical models and the endpoints that ask them: what may stand in their files, and what is said of what may not."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from numpy.typing import NDArray

from plimsoll.models.predictors import make_few_shot
from plimsoll.project import Mistake, ProjectInvalidError, load_project


class Folder(Protocol):
    root: Path

    def write(self, path: str, content: str | bytes) -> Path: ...


class Letters:
    """Embeds a text as how often it has each of two letters."""

    name = "letters"
    fingerprint = "letters"
    dimension = 2

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array([[text.count("a"), text.count("b")] for text in texts], np.float32)
        units: NDArray[np.float32] = (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)
        return units


MODEL = "kind: few_shot\nlabels:\n  invoice: [aaa, aab]\n  contract: [bbb]\nat_least: 0.35\n"
PREDICT = "kind: predict\nmodel: doc-type\n"


def mistakes(folder: Folder) -> tuple[Mistake, ...]:
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(folder.root)
    return caught.value.mistakes


def places(folder: Folder) -> list[tuple[str, str]]:
    return [(mistake.place, mistake.what) for mistake in mistakes(folder)]


def test_a_models_content_is_what_the_predictor_reads(folder: Folder) -> None:
    folder.write("models/doc-type.yaml", MODEL)
    folder.write("endpoints/doc-type.yaml", PREDICT)
    project = load_project(folder.root)
    content = project.models["doc-type"].content()
    assert content == {
        "kind": "few_shot",
        "embedder": "builtin/static",
        "feature": "text",
        "labels": {"invoice": ["aaa", "aab"], "contract": ["bbb"]},
        "at_least": 0.35,
    }
    model = make_few_shot(content, Letters())
    assert [one.label for one in model.predict([{"text": "banana"}, {"text": "bib"}])] == ["invoice", "contract"]
    assert project.endpoints["doc-type"].content() == {"kind": "predict", "model": "doc-type"}


def test_what_endpoints_of_other_kinds_say_has_no_model(folder: Folder) -> None:
    content = load_project(folder.root).endpoints["ask"].content()
    assert content == {
        "kind": "rag",
        "prompt": "answer",
        "knowledge": "handbook",
        "route": "default",
        "guardrail": None,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: few_shot\n", {(1, "`labels` is missing; a model of kind few_shot needs it")}),
        ("kind: forest\nlabels: {a: [x], b: [y]}\n", {(1, '`kind` must be few_shot or fields, not "forest"')}),
        (
            "kind: few_shot\nlabels:\n  a: [x]\n",
            {(2, "`labels` must be a group of at least two labels, each with a list of examples, not a group of keys")},
        ),
        (
            "kind: few_shot\nlabels: [a, b]\n",
            {(2, "`labels` must be a group of at least two labels, each with a list of examples, not a list")},
        ),
        (
            "kind: few_shot\nlabels:\n  a: []\n  b:\n  c: text\n  d: [12]\n  e: ['  ']\n  f: [x, x]\n",
            {
                (3, "this label has no list of examples"),
                (4, "this label has no list of examples"),
                (5, "this label has no list of examples"),
                (6, "an example is 12, and no text"),
                (7, 'an example is "  ", and no text'),
                (8, '"x" stands in the list twice'),
            },
        ),
        ("kind: few_shot\nlabels:\n  a: [x]\n  b: []\n", {(4, "this label has no list of examples")}),
        ('kind: few_shot\nlabels:\n  "": [x]\n  b: [y]\n', {(3, '"" cannot be a label')}),
        (
            "kind: few_shot\nlabels: {a: [x], b: [y]}\nat_least: 2\n",
            {(3, "`at_least` must be a number from -1 to 1, not 2")},
        ),
        (
            "kind: few_shot\nlabels: {a: [x], b: [y]}\nembedder: nobody/large\nfeatures: [a]\n",
            {(3, 'there is no embedder "nobody/large"'), (4, "there is no key `features` here")},
        ),
    ],
)
def test_what_is_wrong_in_a_model_is_told_with_its_line(
    folder: Folder, text: str, expected: set[tuple[int, str]]
) -> None:
    folder.write("models/doc-type.yaml", text)
    found = mistakes(folder)
    assert {(mistake.line, mistake.what) for mistake in found} == expected
    assert all(mistake.file == "models/doc-type.yaml" and mistake.instead for mistake in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: predict\n", {(1, "`model` is missing; an endpoint of kind predict needs it")}),
        ("kind: predict\nmodel: doc-typ\n", {(2, 'there is no model "doc-typ"')}),
        (
            f"{PREDICT}prompt: answer\nroute: default\nknowledge: handbook\nguardrail: standard\n",
            {
                (3, "an endpoint of kind predict uses no `prompt`"),
                (4, "an endpoint of kind predict uses no `route`"),
                (5, "an endpoint of kind predict uses no `knowledge`"),
                (6, "an endpoint of kind predict uses no `guardrail`"),
                (6, 'there is no guardrail "standard"'),
            },
        ),
        (
            "kind: chat\nmodel: doc-type\n",
            {
                (1, "`prompt` is missing; an endpoint of kind chat needs it"),
                (1, "`route` is missing; an endpoint of kind chat needs it"),
                (2, "an endpoint of kind chat uses no `model`"),
            },
        ),
        ("kind: agent\n", {(1, '`kind` must be rag, chat or predict, not "agent"')}),
    ],
)
def test_an_endpoint_has_what_its_kind_needs_and_nothing_else(
    folder: Folder, text: str, expected: set[tuple[int, str]]
) -> None:
    folder.write("models/doc-type.yaml", MODEL)
    folder.write("endpoints/doc-type.yaml", text)
    assert {(mistake.line, mistake.what) for mistake in mistakes(folder)} == expected


def test_a_suite_may_ask_a_classical_model(folder: Folder) -> None:
    folder.write("models/doc-type.yaml", MODEL)
    folder.write("endpoints/doc-type.yaml", PREDICT)
    folder.write("datasets/types.jsonl", '{"question": "aab", "answers": ["invoice"]}\n')
    folder.write("evals/doc-type.yaml", "dataset: types\nendpoint: doc-type\nscorers: [exact_match]\n")
    assert load_project(folder.root).datasets["types"][0].answers == ("invoice",)


def serving(*names: str) -> str:
    return f"model: builtin/reader\nserves:\n{''.join(f'  - {name}' + chr(10) for name in names)}"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"routes/a.yaml": serving("one", "two"), "routes/b.yaml": serving("three", "two")},
            [("routes/b.yaml:4", '"two" is served by routes/a.yaml already, and one name can call only one of them')],
        ),
        (
            {"routes/a.yaml": serving("ask")},
            [("routes/a.yaml:3", '"ask" is the name of endpoints/ask.yaml already, and one name can call only one ')],
        ),
        (
            {"routes/a.yaml": serving("contracts/ask")},
            [("routes/a.yaml:3", '"contracts/ask" is the name of endpoints/ask.yaml already, and one name can call ')],
        ),
        ({"routes/a.yaml": serving("one", "one")}, [("routes/a.yaml:2", '"one" stands in the list twice')]),
    ],
)
def test_a_name_calls_one_thing(folder: Folder, files: Mapping[str, str], expected: list[tuple[str, str]]) -> None:
    for path, text in files.items():
        folder.write(path, text)
    found = places(folder)
    assert [place for place, _ in found] == [place for place, _ in expected]
    assert all(what.startswith(begins) for (_, what), (_, begins) in zip(found, expected, strict=True))


def test_two_routes_may_serve_different_names(folder: Folder) -> None:
    folder.write("routes/a.yaml", serving("one"))
    folder.write("routes/b.yaml", serving("One", "other/ask"))
    assert load_project(folder.root).routes["b"].serves == ("One", "other/ask")


def test_a_route_that_serves_a_name_is_enough_for_a_project_and_for_its_suite(folder: Folder) -> None:
    (folder.root / "endpoints/ask.yaml").unlink()
    folder.write("routes/default.yaml", serving("gpt-4.1-mini"))
    folder.write("evals/ask.yaml", "dataset: ask\nendpoint: gpt-4.1-mini\nscorers: [answered]\n")
    project = load_project(folder.root)
    assert (dict(project.endpoints), project.suites["ask"].endpoint) == ({}, "gpt-4.1-mini")


TYPES = "date, amount, percentage, duration, party, place, identifier, number, line or lines"
FIELDS = "kind: fields\nfields:\n  total: {type: amount, description: sum due}\n  parties: {type: party, many: true}\n"
LABELLED = '{"text": "Total 5.00", "values": {"total": ["5.00"]}}\n'


def test_a_model_of_fields_has_its_fields_and_the_texts_it_learns_from(folder: Folder) -> None:
    folder.write("models/bill.yaml", f"{FIELDS}examples: bills\n")
    folder.write("datasets/bills.jsonl", LABELLED)
    project = load_project(folder.root)
    assert project.models["bill"].content() == {
        "kind": "fields",
        "feature": "text",
        "fields": {
            "total": {"type": "amount", "description": "sum due", "many": False},
            "parties": {"type": "party", "description": "", "many": True},
        },
        "examples": "bills",
    }
    assert [row.text for row in project.labelled["bills"]] == ["Total 5.00"]
    assert set(project.datasets) == {"ask"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: fields\n", {(1, "`fields` is missing; a model of kind fields needs it")}),
        (f"{FIELDS}labels: {{a: [x], b: [y]}}\n", {(5, "a model of kind fields uses no `labels`")}),
        (f"{FIELDS}at_least: 0.5\n", {(5, "a model of kind fields uses no `at_least`")}),
        (f"{FIELDS}embedder: builtin/static\n", {(5, "a model of kind fields uses no `embedder`")}),
        (f"{FIELDS}examples: bill\n", {(5, 'there is no dataset "bill"')}),
        (
            "kind: fields\nfields: {}\n",
            {(2, "`fields` must be a group of fields, each with its type, not a group of keys")},
        ),
        (
            "kind: fields\nfields:\n  total: {type: money}\n  due: {}\n  type: date\n  'a b': {type: date}\n",
            {
                (3, f'`fields.total.type` must be {TYPES}, not "money"'),
                (4, "`fields.due.type` is missing"),
                (5, '`fields.type` must be a group of keys, not "date"'),
                (6, '"a b" cannot be the name of a field'),
            },
        ),
        (
            "kind: few_shot\nlabels: {a: [x], b: [y]}\nexamples: bills\n",
            {(3, "a model of kind few_shot uses no `examples`")},
        ),
    ],
)
def test_what_is_wrong_in_a_model_of_fields_is_told_with_its_line(
    folder: Folder, text: str, expected: set[tuple[int, str]]
) -> None:
    folder.write("models/bill.yaml", text)
    folder.write("datasets/bills.jsonl", '{"question": "x", "answers": ["y"]}\n')
    found = mistakes(folder)
    told = {(mistake.line, mistake.what) for mistake in found if mistake.file == "models/bill.yaml"}
    assert told == expected
    assert all(mistake.instead for mistake in found)


def test_wrong_texts_are_told_with_their_line_and_are_no_questions(folder: Folder) -> None:
    folder.write("models/bill.yaml", f"{FIELDS}examples: bills\n")
    folder.write("datasets/bills.jsonl", LABELLED + '{"text": "x", "values": {"totl": ["5.00"]}}\n')
    folder.write("evals/bill.yaml", "dataset: bills\nendpoint: ask\nscorers: [answered]\n")
    assert places(folder) == [
        ("datasets/bills.jsonl:2", 'there is no field "totl"'),
        ("evals/bill.yaml:1", '"bills" has labelled texts, and no questions'),
    ]


def test_a_suite_asks_a_model_of_fields_for_other_texts_than_it_learns_from(folder: Folder) -> None:
    folder.write("models/bill.yaml", f"{FIELDS}examples: bills\n")
    folder.write("endpoints/bill.yaml", "kind: predict\nmodel: bill\n")
    folder.write("datasets/bills.jsonl", LABELLED)
    folder.write("datasets/others.jsonl", LABELLED)
    folder.write("evals/bill.yaml", "dataset: others\nendpoint: bill\nscorers: [exact_match]\n")
    assert set(load_project(folder.root).labelled) == {"bills", "others"}
    (folder.root / "datasets/others.jsonl").unlink()
    folder.write("evals/bill.yaml", "dataset: bills\nendpoint: bill\nscorers: [exact_match]\n")
    what = 'from "bills" a model learns, so that it says nothing of how good the model is'
    assert places(folder) == [("evals/bill.yaml:1", what)]
