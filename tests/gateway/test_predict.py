"""A few-shot model over HTTP, with the same keys, limits and traces as everything else."""

from collections.abc import Iterator

import pytest
from tests.gateway.port import Gateway, gateway

MODEL = """kind: few_shot
labels:
  invoice: ["Invoice number 4711, amount due 300 euros", "Please pay this invoice within 30 days"]
  contract: ["This agreement is made between the parties", "The lease may be ended with notice"]
at_least: 0.1
"""
ROWS = [{"text": "Invoice 12: the amount due is 70 euros"}, {"text": "An agreement between two parties"}]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    files = {
        "plimsoll.yaml": "name: harbour\nbudgets:\n  - {for: each user, requests: 1, per: day}\n",
        "models/kind.yaml": MODEL,
        "endpoints/kind.yaml": "kind: predict\nmodel: kind\n",
    }
    with gateway(tmp_path_factory.mktemp("predict") / "harbour", files) as found:
        found.key = found.make_key("one", team="red")
        yield found


@pytest.mark.parametrize("name", ["kind", "harbour/kind"])
def test_each_row_gets_its_label(port: Gateway, name: str) -> None:
    response = port.post(f"/v1/predict/{name}", {"inputs": ROWS})
    assert response.status_code == 200, response.text
    found = response.json()
    assert [one["label"] for one in found["predictions"]] == ["invoice", "contract"]
    assert all(set(one["scores"]) == {"invoice", "contract"} for one in found["predictions"])
    assert found["model"] == "harbour/kind"
    trace = port.trace(response)
    assert (trace.status, trace.surface, trace.team, trace.cost_usd) == ("ok", "predict", "red", 0)
    assert trace.release == found["plimsoll"]["release"] == response.headers["x-plimsoll-release"]


def test_limits_hold_for_predictions_too(port: Gateway) -> None:
    statuses = [
        port.post("/v1/predict/kind", {"inputs": ROWS, "user": "anna"}).status_code for _ in range(2)
    ]  # fmt: skip
    assert statuses == [200, 429]


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("ask", {"inputs": ROWS}, 404, "model_not_found"),
        ("nothing", {"inputs": ROWS}, 404, "model_not_found"),
        ("kind", {"inputs": []}, 400, "invalid_value"),
        ("kind", {"inputs": [{"title": "x"}]}, 400, ""),
        ("kind", {"inputs": [{"text": 7}]}, 400, ""),
        ("kind", {"rows": ROWS}, 400, "invalid_value"),
    ],
)
def test_what_cannot_be_predicted(port: Gateway, name: str, body: dict[str, object], status: int, code: str) -> None:
    response = port.post(f"/v1/predict/{name}", body)
    assert response.status_code == status, response.text
    assert response.json()["error"]["code"] == code or not code


def test_a_classical_model_does_not_chat(port: Gateway) -> None:
    body = {"model": "kind", "messages": [{"role": "user", "content": "Hello?"}]}
    response = port.post("/v1/chat/completions", body)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "model_not_found")
