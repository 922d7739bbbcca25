"""What variants of a question cost is part of what the request cost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.port import Gateway, gateway
from tests.gateway.surfaces import CHAT
from tests.gateway.test_variants import CALL_TOKENS, CALL_USD, URLAUB, files
from tests.gateway.writers import Writer, writer


@pytest.fixture
def held() -> Iterator[Writer]:
    with writer() as server:
        yield server


@pytest.fixture
def port(tmp_path: Path, held: Writer) -> Iterator[Gateway]:
    with gateway(tmp_path / "harbour", files(held)) as found:
        yield found


@pytest.mark.parametrize("stream", [False, True])
def test_the_request_says_the_sum_of_both_calls(port: Gateway, *, stream: bool) -> None:
    asked = port.ask(CHAT, "harbour/ask", URLAUB, stream=stream)
    if not stream:
        assert float(asked.headers["x-plimsoll-cost-usd"]) == pytest.approx(2 * CALL_USD)
    trace = port.trace(asked)
    assert trace.cost_usd == pytest.approx(2 * CALL_USD)
    assert trace.input_tokens + trace.output_tokens == 2 * CALL_TOKENS
    settled: Any = trace.budget["settled"]
    assert settled["tokens"] == 2 * CALL_TOKENS
    assert settled["cost_usd"] == pytest.approx(trace.cost_usd)


def test_a_request_that_fails_after_its_variants_still_cost_them(port: Gateway, held: Writer) -> None:
    held.refuses_answers = True
    asked = port.ask(CHAT, "harbour/ask", URLAUB)
    assert asked.status_code >= 400
    assert port.latest().cost_usd == pytest.approx(CALL_USD)


def test_a_plain_search_costs_one_call(port: Gateway) -> None:
    trace = port.trace(port.ask(CHAT, "harbour/plain", URLAUB))
    assert trace.cost_usd == pytest.approx(CALL_USD)
