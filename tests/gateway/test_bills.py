"""What is billed is paid: whatever goes wrong, and whenever the caller leaves, billed ≤ settled ≤ reserved."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.api.harbour import Harbour
from tests.gateway.port import WAIT_S, Gateway, ModelServer, gateway, model_server, project, route, serving, until
from tests.gateway.surfaces import CHAT

from plimsoll.kernel.money import to_pico

TEXT = "Say something about the sea. " * 20
BOUND = 500
# The longest window there is: one that ends between two looks is empty at the second.
BUDGET = "name: harbour\nbudgets:\n  - {for: everyone, usd: 100, per: month}\n"
TOLD = (
    "tokens=40",
    "tokens=40~hidden=300",
    "rate=400~tokens=60~hidden=200",
    "latency=0.05~tokens=40",
    "status=429",
    "status=500",
    *(
        f"fault={fault}~tokens=40"
        for fault in (
            "hang_before", "hang_mid", "held", "reset_before", "reset_mid", "cut_mid", "error_mid", "malformed",
            "half_utf8", "no_usage", "no_end", "filtered", "refused",
        )
    ),
)  # fmt: skip
NAMES = {told: f"b{number}" for number, told in enumerate(TOLD)}
PATIENT = "{first_token_s: 0.5, between_tokens_s: 0.3, total_s: 1}"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, models: ModelServer) -> Iterator[Gateway]:
    files = {"plimsoll.yaml": BUDGET}
    for told, name in NAMES.items():
        for cut_off in ("heard", "bound"):
            files[f"routes/{name}-{cut_off}.yaml"] = route(
                models.url,
                told,
                name=f"{name}-{cut_off}",
                serves=f"[{name}-{cut_off}]",
                timeouts=PATIENT,
                breaker="{failures: 100}",
                cut_off=cut_off,
            )
    with gateway(tmp_path_factory.mktemp("bills") / "harbour", files) as found:
        yield found


def call(model: str, *, stream: bool, **more: Any) -> dict[str, Any]:
    return {**CHAT.body(model, TEXT, stream=stream), "max_tokens": BOUND, **more}


@contextmanager
def asking(url: str, body: dict[str, Any]) -> Iterator[socket.socket]:
    """A connection on which a call was sent; it is closed when the block ends."""
    parts, data = urlsplit(url), json.dumps(body).encode()
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=WAIT_S) as connection:
        connection.sendall(
            b"POST %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (CHAT.path.encode(), len(data), data)
        )
        yield connection


def hear(connection: socket.socket, seen: bytes) -> bytes:
    """What comes until these bytes did, or the end."""
    heard = b""
    while seen not in heard:
        piece = connection.recv(4096)
        if not piece:
            break
        heard += piece
    return heard


def amounts(budget: Any, what: str) -> tuple[int, int]:
    return budget[what]["tokens"], to_pico(budget[what]["cost_usd"])


def billed(models: ModelServer, model: str) -> tuple[int, int]:
    models.wait_idle()
    bill = models.of(model)
    return bill["input_tokens"] + bill["output_tokens"], bill["cost_pico"]


def paid(port: Gateway) -> int:
    return port.windows().get("everyone usd", (0, 0, 0))[0]


def latest_after(port: Gateway, before: int) -> Any:
    until(lambda: len(port.traces()) > before)
    return port.latest()


@pytest.mark.parametrize("moment", ["whole", "stream", "leaves whole", "leaves at once", "leaves after a word"])
@pytest.mark.parametrize("told", TOLD)
def test_for_every_fault_and_every_moment_of_leaving(
    port: Gateway, models: ModelServer, told: str, moment: str
) -> None:
    # Nobody would notice: it is what `cut_off: heard` says that the model does not do.
    unheard = "hidden" in told and moment.startswith("leaves")
    model = f"{NAMES[told]}-{'bound' if unheard else 'heard'}"
    paid_before = paid(port)
    before, traces = billed(models, model), len(port.traces())
    body = call(model, stream="whole" not in moment)
    if moment in {"whole", "stream"}:
        port.post(CHAT.path, body)
    else:
        with asking(port.url, body) as connection:
            if moment == "leaves after a word":
                hear(connection, b'"content":"')
            else:
                until(lambda: models.of(model)["requests"] > 0)
    trace = latest_after(port, traces)
    after = billed(models, model)
    settled, reserved = amounts(trace.budget, "settled"), amounts(trace.budget, "reserved")
    for was, now, counted, most in zip(before, after, settled, reserved, strict=True):
        assert now - was <= counted <= most
    assert to_pico(trace.cost_usd or 0.0) == settled[1]
    until(lambda: paid(port) == paid_before + settled[1])


def test_who_stops_a_model_that_shows_everything_pays_for_what_was_heard(port: Gateway) -> None:
    told = "fault=held~tokens=40"
    tokens = {}
    for cut_off in ("heard", "bound"):
        traces = len(port.traces())
        with asking(port.url, call(f"{NAMES[told]}-{cut_off}", stream=True)) as connection:
            hear(connection, b'"content":"')
        trace = latest_after(port, traces)
        assert (trace.status, trace.tokens_estimated) == ("cancelled", True)
        tokens[cut_off] = trace.output_tokens
    assert tokens["bound"] == BOUND
    assert 0 < tokens["heard"] < BOUND / 4


def test_the_end_of_an_answer_is_passed_on_when_its_usage_is_known(port: Gateway) -> None:
    """Many clients close the connection at the `finish_reason`: they pay for what they used, and not for the bound."""
    model, traces = f"{NAMES['tokens=40~hidden=300']}-bound", len(port.traces())
    with asking(port.url, call(model, stream=True)) as connection:
        hear(connection, b'"finish_reason":"stop"')
    trace = latest_after(port, traces)
    assert trace.output_tokens == 340
    assert not trace.tokens_estimated


def harbour_windows(harbour: Harbour) -> tuple[int, int, int]:
    """Spent, leased and overrun, when the server has told everything and ended."""
    return Gateway("", harbour).windows()["everyone usd"]


def whole(port: Gateway, model: str, **more: Any) -> httpx2.Response:
    return port.post(CHAT.path, call(model, stream=False, **more))


def test_a_try_that_broke_is_paid_and_the_next_one_reserved_as_well(tmp_path: Path) -> None:
    with model_server() as models:
        files = {
            "plimsoll.yaml": BUDGET,
            "routes/m.yaml": route(
                models.url, "fault=reset_mid~tokens=400", serves="[m]", retries="{attempts: 2, base_s: 0.01}"
            ),
            "routes/half.yaml": route(
                models.url,
                "fault=reset_mid~tokens=400~every=2",
                name="half",
                serves="[half]",
                retries="{attempts: 2, base_s: 0.01}",
            ),
        }
        with project(tmp_path / "harbour", files) as harbour, serving(harbour) as port:
            assert whole(port, "m").status_code == 503
            failed = port.latest()
            # The first of two is as it should be, the second breaks, its retry does not.
            answers = [whole(port, "half") for _ in range(2)]
            retried = port.latest()
            bills = {name: models.of(name) for name in ("m", "half")}
        spent, leased, overrun = harbour_windows(harbour)
    assert bills["m"]["requests"] == 3
    assert bills["m"]["cost_pico"] <= amounts(failed.budget, "settled")[1] <= amounts(failed.budget, "reserved")[1]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [attempt["outcome"] for attempt in retried.attempts] == ["failed", "ok"]
    assert bills["half"]["requests"] == 3
    once = amounts(retried.budget, "settled")[1]
    assert once > 2 * bills["half"]["cost_pico"] // 3
    assert once <= amounts(retried.budget, "reserved")[1]
    assert bills["m"]["cost_pico"] + bills["half"]["cost_pico"] <= spent
    assert (leased, overrun) == (0, 0)


def test_no_try_is_made_that_the_budget_has_no_room_for(tmp_path: Path) -> None:
    cap_usd = 0.0003
    with model_server() as models:
        files = {
            "plimsoll.yaml": f"name: harbour\nbudgets:\n  - {{for: everyone, usd: {cap_usd}, per: day}}\n",
            "routes/m.yaml": route(
                models.url, "fault=reset_mid~tokens=400", serves="[m]", retries="{attempts: 2, base_s: 0.01}"
            ),
        }
        with project(tmp_path / "harbour", files) as harbour, serving(harbour) as port:
            assert whole(port, "m").status_code == 503
            trace, bill = port.latest(), models.of("m")
        spent, leased, overrun = harbour_windows(harbour)
    assert bill["requests"] == 1
    assert [(attempt["outcome"], attempt["why"]) for attempt in trace.attempts][-1] == ("skipped", "no_budget")
    assert bill["cost_pico"] <= spent <= to_pico(cap_usd)
    assert (leased, overrun) == (0, 0)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_what_a_first_model_was_paid_is_known_when_the_caller_leaves_the_second(
    tmp_path: Path, *, stream: bool
) -> None:
    with model_server() as models:
        files = {
            "plimsoll.yaml": BUDGET,
            "routes/esc.yaml": route(
                models.url,
                "tokens=400",
                "fault=hang_before",
                name="esc",
                serves="[esc]",
                escalate="{when: [json_invalid]}",
                timeouts="{first_token_s: 20, between_tokens_s: 20, total_s: 20}",
            ),
        }
        with project(tmp_path / "harbour", files) as harbour, serving(harbour) as port:
            body = call("esc", stream=stream, response_format={"type": "json_object"})
            with asking(port.url, body):
                until(lambda: models.of("esc1")["requests"] > 0)
            trace = latest_after(port, 0)
            bill = models.of("esc")
    settled, reserved = amounts(trace.budget, "settled"), amounts(trace.budget, "reserved")
    assert bill["output_tokens"] == 400
    # The second may have worked: nobody saw how far.
    assert bill["cost_pico"] + BOUND * 400_000 <= settled[1] <= reserved[1]
    assert trace.input_tokens >= bill["input_tokens"]


def test_nothing_is_paid_for_what_was_never_sent(tmp_path: Path) -> None:
    files = {
        "plimsoll.yaml": BUDGET,
        "routes/m.yaml": route("http://127.0.0.1:9", "", serves="[m]"),
    }
    with gateway(tmp_path / "harbour", files) as port:
        assert whole(port, "m").status_code == 503
        budget: Any = port.latest().budget
        assert budget["settled"] == {"tokens": 0, "cost_usd": 0.0}
        assert paid(port) == 0
