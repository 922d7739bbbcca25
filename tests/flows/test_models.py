"""Models that learn: when a project is built, once for the same texts, and never from texts that teach nothing."""

import asyncio
import json

import pytest
from tests.flows.conftest import Workshop

from plimsoll.evaluation import Run
from plimsoll.flows.build import changed_files
from plimsoll.flows.ship import evaluate, suites_of
from plimsoll.project import ProjectInvalidError, load_project
from plimsoll.registry import VersionRef

MODEL = "kind: fields\nfields:\n  due: {type: date}\n  total: {type: amount}\nexamples: bills\n"


def bills(count: int, **wrong: str) -> str:
    rows = []
    for number in range(1, count + 1):
        text = f"Printed 0{number}/01/2020\nDue on 1{number}/03/2021\nNet 9.00\nTotal {20 + number}.50\n"
        values = {"due": [f"1{number}/03/2021"], "total": [f"{20 + number}.50"]}
        rows.append({"text": text, "values": values})
    rows[-1]["values"] |= {name: [value] for name, value in wrong.items()}  # type: ignore[operator]  # a dict
    return "\n".join(map(json.dumps, rows))


def write(workshop: Workshop, texts: str) -> None:
    workshop.write("models/bill.yaml", MODEL)
    workshop.write("datasets/bills.jsonl", texts)
    workshop.write("endpoints/bill.yaml", "kind: predict\nmodel: bill\n")


def test_a_model_learns_once_from_the_same_texts_and_is_the_same_version(workshop: Workshop) -> None:
    write(workshop, bills(5))
    first = workshop.build()
    assert (first.stages["learn"].done, first.stages["learn"].cached) == (1, 0)
    again = workshop.build()
    assert (again.stages["learn"].done, again.stages["learn"].cached) == (0, 1)
    assert again.draft == first.draft
    platform = workshop.open()
    model = VersionRef("model", "bill", first.draft.artifacts["model:bill"])
    (parent,) = platform.registry.parents("harbour", model)
    assert (parent.kind, parent.name) == ("dataset", "bills")
    write(workshop, bills(6))
    other = workshop.build()
    assert other.draft.artifacts["model:bill"] != model.digest
    assert other.draft.artifacts["endpoint:ask"] == first.draft.artifacts["endpoint:ask"]


def test_other_texts_are_a_change_since_the_build(workshop: Workshop) -> None:
    write(workshop, bills(5))
    draft = workshop.build().draft
    content = workshop.open().registry.content
    assert changed_files(load_project(workshop.root), draft, content) == ()
    write(workshop, bills(4))
    assert changed_files(load_project(workshop.root), draft, content) == ("models/bill.yaml",)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"total": "99.99"}, 'field `total`: the text does not have "99.99" as an amount'),
        ({"due": "next week"}, 'field `due`: "next week" is not a date'),
    ],
)
def test_a_text_that_teaches_nothing_stops_the_build_with_its_line(
    workshop: Workshop, wrong: dict[str, str], what: str
) -> None:
    write(workshop, bills(5, **wrong))
    with pytest.raises(ProjectInvalidError) as caught:
        workshop.build()
    (mistake,) = caught.value.mistakes
    assert (mistake.place, mistake.what) == ("datasets/bills.jsonl:5", what)


def test_more_texts_than_are_learned_from_are_told(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plimsoll.flows.build._models.MOST_TEXTS", 4)
    write(workshop, bills(6))
    with pytest.raises(ProjectInvalidError) as caught:
        workshop.build()
    (mistake,) = caught.value.mistakes
    assert (mistake.place, mistake.what) == (
        "datasets/bills.jsonl:5",
        "a model learns from at most 4 texts, and here are 6",
    )


def runs(workshop: Workshop, name: str) -> Run:
    report = workshop.build()
    suites = suites_of(load_project(workshop.root), report.versions, name)
    (run,) = asyncio.run(evaluate(report.draft, suites, workshop.open().evaluate_parts()))
    return run


def test_a_suite_scores_each_field_of_labelled_texts(workshop: Workshop) -> None:
    write(workshop, bills(6))
    right = {"text": "Printed 08/01/2020\nDue on 18/03/2021\nTotal 28.50\n", "values": {"due": ["18 March 2021"]}}
    wrong = {"text": "Due on 18/03/2021\nTotal 28.50\n", "values": {"due": ["19/03/2021"], "total": ["28.50"]}}
    workshop.write("datasets/others.jsonl", f"{json.dumps(right)}\n{json.dumps(wrong)}\n")
    thresholds = "thresholds: {exact_match: {at_least: 0.9}}\nconfidence: estimate\n"
    workshop.write("evals/bill.yaml", f"dataset: others\nendpoint: bill\nscorers: [exact_match]\n{thresholds}")
    run = runs(workshop, "bill")
    assert {row.row.id: (row.observation.answer, row.scores.get("exact_match")) for row in run.rows} == {
        "row-1/due": ("2021-03-18", 1.0),
        "row-1/total": ("28.50", None),
        "row-2/due": ("2021-03-18", 0.0),
        "row-2/total": ("28.50", 1.0),
    }
    assert run.verdict.outcome == "fail"
    trace = workshop.open().traces.get("harbour", run.rows[0].observation.trace)
    assert (trace.surface, trace.endpoint) == ("predict", "bill")


def test_a_suite_scores_labels(workshop: Workshop) -> None:
    labels = 'kind: few_shot\nlabels:\n  leave: ["days of holiday"]\n  rent: ["rent of the flat"]\n'
    workshop.write("models/kind.yaml", labels)
    workshop.write("endpoints/kind.yaml", "kind: predict\nmodel: kind\n")
    workshop.write("datasets/kinds.jsonl", '{"question": "How many days of holiday?", "answers": ["leave"]}\n')
    workshop.write("evals/kind.yaml", "dataset: kinds\nendpoint: kind\nscorers: [exact_match]\n")
    (row,) = runs(workshop, "kind").rows
    assert (row.observation.answer, row.scores) == ("leave", {"exact_match": 1.0})
