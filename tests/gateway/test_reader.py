"""What `builtin/reader` can do, as a caller gets it: how sure it is, and summaries of a text in the message."""

import json
from collections.abc import Iterator

import pytest
from tests.gateway.port import Gateway, gateway
from tests.gateway.surfaces import CHAT, MESSAGES, RESPONSES, Surface

REPORT = """The harbour board met on Monday and decided to rebuild the northern pier before the winter storms come.
The work on the pier costs 4.2 million euros and is paid from the reserve of the harbour fund.
Several members asked whether the ferries could use the southern pier while the work goes on.
The chair of the board answered that the ferries will move to the southern pier from 1 October."""

LEAVE = "How many days of paid leave has an employee?"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    files = {
        "plimsoll.yaml": "name: harbour\n",
        "prompts/summary.yaml": 'template: "Summarise the text below.\\n\\n{{ question }}"\n',
        "prompts/bare.yaml": 'template: "{{ question }}"\n',
        "routes/reader.yaml": "model: builtin/reader\nserves: [reader]\n",
        "endpoints/summary.yaml": "kind: chat\nprompt: summary\nroute: reader\n",
        "knowledge/papers.yaml": "sources: [{path: documents}]\n",
        "documents/leave.md": "# Leave\n\nEvery employee has twenty-six days of paid leave in a year.\n",
        "prompts/papers.yaml": "system: Answer from the passages.\n",
        "endpoints/papers.yaml": "kind: rag\nprompt: papers\nknowledge: papers\nroute: reader\n",
        "endpoints/bare.yaml": "kind: chat\nprompt: bare\nroute: reader\n",
    }
    with gateway(tmp_path_factory.mktemp("reader") / "harbour", files) as found:
        found.key = found.make_key("one", team="red")
        yield found


def test_how_sure_it_is_reaches_the_caller_and_the_trace(port: Gateway) -> None:
    response = port.ask(CHAT, "papers", LEAVE)
    told = response.json()["plimsoll"]
    assert told["answered"] is True
    assert 0.4 <= told["probability"] <= 1
    spans = port.trace(response).spans
    assert [span.attributes.get("plimsoll.answer.probability") for span in spans if span.name.startswith("chat ")] == [
        told["probability"]
    ]


def test_a_refusal_tells_how_likely_an_answer_was(port: Gateway) -> None:
    told = port.ask(CHAT, "papers", "Who painted the ceiling of the chapel?").json()["plimsoll"]
    assert told["answered"] is False
    assert 0 <= told["probability"] < 0.4


def test_it_is_told_at_the_end_of_a_stream_too(port: Gateway) -> None:
    response = port.ask(CHAT, "papers", LEAVE, stream=True)
    events = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: {")]
    (told,) = [event["plimsoll"] for event in map(json.loads, events) if event.get("plimsoll")]
    assert told["probability"] >= 0.4


@pytest.mark.parametrize("surface", [CHAT, RESPONSES, MESSAGES])
@pytest.mark.parametrize(
    ("endpoint", "text"),
    [("summary", REPORT), ("bare", f"Summarise this:\n\n{REPORT}"), ("reader", f"{REPORT}\n\nSummarise the text.")],
)
def test_a_text_in_the_message_is_summarised(port: Gateway, surface: Surface, endpoint: str, text: str) -> None:
    response = port.ask(surface, endpoint, text)
    assert response.status_code == 200, response.text
    told = response.json()["plimsoll"]
    assert told["citations"]
    for citation in told["citations"]:
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        assert citation["quote"] in REPORT
    assert told["probability"] is None


def test_what_a_caller_pastes_is_no_source_where_documents_were_searched(port: Gateway) -> None:
    response = port.ask(CHAT, "papers", f"What does the work on the pier cost?\n{REPORT}")
    assert all(one["document"] != "your message" for one in response.json()["plimsoll"]["citations"])
