"""Field extraction as a model of the release, over HTTP: learned when the project is built, asked like any other."""

import json
from collections.abc import Iterator

import pytest
from tests.gateway.port import Gateway, gateway

SHOPS = ("Harbour Books", "Quay Foods", "Berth Tools", "Skell Shoes", "Mole Cafe", "Pier Toys")
MODEL = """kind: fields
fields:
  shop: {type: line}
  date: {type: date}
  total: {type: amount, description: "sum due, total to pay"}
  voucher: {type: identifier, description: voucher code}
examples: receipts
"""


def receipt(number: int, total: str) -> str:
    return (
        f"{SHOPS[number % len(SHOPS)]}\nTel 07-55512{number}\nPRINTED 0{number % 9 + 1}/02/2020\n"
        f"DATE: 1{number % 9}/03/2021\nItem one 4.50\nSUBTOTAL 16.00\nTOTAL DUE {total}\nCASH 100.00\nCHANGE 3.00\n"
    )


def labelled(count: int) -> str:
    rows = []
    for number in range(count):
        total = f"{20 + number}.50"
        values = {"shop": [SHOPS[number % len(SHOPS)]], "date": [f"1{number % 9}/03/2021"], "total": [total]}
        rows.append(json.dumps({"text": receipt(number, total), "values": values}))
    return "\n".join(rows)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    files = {
        "plimsoll.yaml": "name: harbour\n",
        "models/receipt.yaml": MODEL,
        "datasets/receipts.jsonl": labelled(6),
        "endpoints/receipt.yaml": "kind: predict\nmodel: receipt\n",
    }
    with gateway(tmp_path_factory.mktemp("fields") / "harbour", files) as found:
        found.key = found.make_key("one", team="red")
        yield found


def test_each_row_gets_the_values_of_its_fields_with_their_places(port: Gateway) -> None:
    text = receipt(7, "61.25")
    response = port.post("/v1/predict/receipt", {"inputs": [{"text": text}, {"text": "Opening hours: see the door."}]})
    assert response.status_code == 200, response.text
    found = response.json()
    first, second = (one["fields"] for one in found["predictions"])
    assert {name: [one["value"] for one in values] for name, values in first.items()} == {
        "shop": ["Quay Foods"],
        "date": ["2021-03-17"],
        "total": ["61.25"],
        "voucher": [],
    }
    assert [text[one["start"] : one["end"]] for one in first["date"]] == ["17/03/2021"] == [first["date"][0]["text"]]
    assert all(0.5 < one["confidence"] <= 1 for one in first["total"])
    assert (second["total"], second["date"]) == ([], [])
    assert "label" not in found["predictions"][0]


def test_what_was_found_is_in_the_trace(port: Gateway) -> None:
    response = port.post("/v1/predict/receipt", {"inputs": [{"text": receipt(3, "9.75")}]})
    trace = port.trace(response)
    assert (trace.status, trace.surface, trace.team) == ("ok", "predict", "red")
    assert "total: 9.75" in trace.answer
    assert trace.release == response.headers["x-plimsoll-release"]


def test_a_row_without_text_is_told(port: Gateway) -> None:
    response = port.post("/v1/predict/receipt", {"inputs": [{"text": receipt(3, "9.75")}, {"body": "x"}]})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "inputs[1].text"
