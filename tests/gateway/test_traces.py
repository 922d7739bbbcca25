"""What is kept of requests and of spans: as the project says, by every way in."""

import time
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import Gateway, gateway
from tests.gateway.surfaces import CHAT

from plimsoll.flows.erase import erase, plan_erasure
from plimsoll.kernel.ids import new_trace_id

MAIL = "bob@example.org"
DAY_NS = 86_400 * 10**9


def sent(trace: str, **more: Any) -> dict[str, Any]:
    """One span of a process that names somebody."""
    now = time.time_ns()
    span = {"traceId": trace, "spanId": "ab" * 8, "name": "s", "startTimeUnixNano": now, "endTimeUnixNano": now, **more}
    about = [{"key": "process.owner", "value": {"stringValue": MAIL}}]
    return {"resourceSpans": [{"resource": {"attributes": about}, "scopeSpans": [{"spans": [span]}]}]}


def files(url: str, content: str) -> dict[str, str]:
    return {
        "plimsoll.yaml": f"name: harbour\ntraces:\n  content: '{content}'\nretention:\n  traces_days: 2\n",
        "routes/default.yaml": f"model: vllm/e\nbase_url: {url}/v1\nserves: [e]\n",
    }


def kept(port: Gateway, root: Path) -> bytes:
    """Everything in the files of the databases."""
    port.platform.recorder.flush()
    return b"".join(path.read_bytes() for path in root.rglob("*.db*") if path.is_file())


@pytest.mark.parametrize("content", ["off", "redacted"])
def test_nobody_is_named_on_disk_where_content_may_not_be(tmp_path: Path, echo_server: Echo, content: str) -> None:
    with gateway(tmp_path / "harbour", files(echo_server.url, content)) as port:
        answer = port.ask(CHAT, "e", f"I am {MAIL}", metadata={MAIL: "x"})
        assert port.post("/v1/feedback", {"trace": answer.json()["id"], "comment": f"I am {MAIL}"}).status_code == 200
        event = {"timeUnixNano": 1, "name": f"told {MAIL}"}
        span = sent(new_trace_id(), traceState=f"x={MAIL}", parentSpanId=None, events=[event])
        assert port.post("/v1/traces", span).json() == {}
        assert len(port.traces()) == 2
        assert MAIL.encode() not in kept(port, tmp_path)


def test_a_person_is_found_in_resources_and_feedback_and_forgotten(tmp_path: Path, echo_server: Echo) -> None:
    with gateway(tmp_path / "harbour", files(echo_server.url, "full")) as port:
        judged = port.ask(CHAT, "e", "How long?").headers["x-plimsoll-trace"]
        assert port.post("/v1/feedback", {"trace": judged, "comment": f"I am {MAIL}"}).status_code == 200
        assert port.post("/v1/traces", sent(new_trace_id())).json() == {}
        parts = port.platform.erase_parts()
        plan = plan_erasure(MAIL, parts)
        assert (plan.traces, plan.elsewhere["feedback"], plan.judged) == (1, 1, (judged,))
        assert erase(MAIL, parts).complete
        assert [line.id for line in port.traces()] == [judged]
        assert MAIL.encode() not in kept(port, tmp_path)


def test_what_is_older_than_the_project_keeps_traces_is_not_taken(tmp_path: Path, echo_server: Echo) -> None:
    with gateway(tmp_path / "harbour", files(echo_server.url, "full")) as port:
        old, young = (sent(new_trace_id(), startTimeUnixNano=time.time_ns() - days * DAY_NS) for days in (3, 1))
        assert port.post("/v1/traces", old).json()["partialSuccess"]["rejectedSpans"] == "1"
        assert port.post("/v1/traces", young).json() == {}
