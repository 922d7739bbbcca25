"""A classical model at the command line: what it says of a text."""

import io
import json
import sys

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop

BILL = "Printed 08/01/2020\nDue on 18/03/2021\nNet 9.00\nTotal 28.50\n"


def bill(number: int) -> str:
    text = f"Printed 0{number}/01/2020\nDue on 1{number}/03/2021\nNet 9.00\nTotal {20 + number}.50\n"
    return json.dumps({"text": text, "values": {"due": [f"1{number}/03/2021"], "total": [f"{20 + number}.50"]}})


@pytest.fixture
def built(workshop: Workshop, run: Run) -> Workshop:
    fields = "  due: {type: date}\n  total: {type: amount}\n  weight: {type: percentage}\n"
    workshop.write("models/bill.yaml", f"kind: fields\nfields:\n{fields}examples: bills\n")
    workshop.write("datasets/bills.jsonl", "\n".join(map(bill, range(1, 6))))
    workshop.write("endpoints/bill.yaml", "kind: predict\nmodel: bill\n")
    workshop.write("models/kind.yaml", "kind: few_shot\nlabels: {leave: [days of holiday], rent: [rent of the flat]}\n")
    workshop.write("endpoints/kind.yaml", "kind: predict\nmodel: kind\n")
    assert run("build", folder=workshop.root).code == 0
    return workshop


def test_fields_of_a_text_are_shown_with_their_places(built: Workshop, run: Run) -> None:
    found = run("ask", BILL, "--endpoint", "bill", "--json", folder=built.root).json
    (row,) = found["predictions"]
    assert [(one["value"], BILL[one["start"] : one["end"]]) for one in row["fields"]["due"]] == [
        ("2021-03-18", "18/03/2021")
    ]
    assert found["name"] == "harbour/bill"
    shown = run("ask", BILL, "--endpoint", "harbour/bill", folder=built.root).out
    assert "2021-03-18" in shown
    assert "the text does not say: weight" in shown


def test_a_text_may_come_from_standard_input(built: Workshop, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BILL.encode() + b"\xff")))
    found = run("ask", "-", "--endpoint", "bill", "--json", folder=built.root).json
    assert found["predictions"][0]["fields"]["total"][0]["value"] == "28.50"


def test_a_label_is_shown_with_its_scores(built: Workshop, run: Run) -> None:
    found = run("ask", "How many days of holiday?", "--endpoint", "kind", "--json", folder=built.root).json
    assert found["predictions"][0]["label"] == "leave"
    assert "leave" in run("ask", "How many days of holiday?", "--endpoint", "kind", folder=built.root).out


def test_questions_are_answered_as_before_without_naming_an_endpoint(built: Workshop, run: Run) -> None:
    assert run("ask", "How many days of paid leave?", folder=built.root).code == 0


def test_nothing_on_standard_input_is_wrong_use(built: Workshop, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" \n")))
    assert run("ask", "-", "--endpoint", "bill", folder=built.root).code == 2
