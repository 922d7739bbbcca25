"""Documents that are not for everybody, by every way in: found for members of their groups, and unseen by others."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import WAIT_S, Gateway, gateway, project
from tests.gateway.served import process
from tests.gateway.surfaces import CHAT, SURFACES, Surface, read_stream
from tests.gateway.test_faults import streams, surfaces

from plimsoll.access import Role
from plimsoll.flows.replay import replay
from plimsoll.tracing import Trace

PAY = "What is the pay of the harbour master?"
SAME_PAY = "Please tell me: what is the pay of the harbour master?"
BOARD = "Which takeover does the board prepare?"
FOR_ALL = "How many days of paid leave has an employee?"
CRANE = "What does the crane lift?"
WAGE = "91,400"
HIDDEN = (WAGE, "harbour master earns", "pay.md", "Brightwater", "minutes.md", "The pay")
"""What stands in documents that are not for everybody, their names and titles too."""
FILES = {
    "prompts/answer.yaml": "system: Answer from the passages.\n",
    "knowledge/papers.yaml": "sources:\n  - {path: documents}\n  - {path: board, access: [board]}\n",
    "routes/default.yaml": "model: builtin/reader\n",
    "endpoints/ask.yaml": "kind: rag\nprompt: answer\nknowledge: papers\nroute: default\n",
    "endpoints/told.yaml": "kind: rag\nprompt: answer\nknowledge: papers\nroute: told\n",
    "endpoints/alike.yaml": "kind: rag\nprompt: answer\nknowledge: papers\nroute: alike\n",
    "documents/leave.md": "# Leave\n\nEvery employee has twenty-six days of paid leave in a year.\n",
    "documents/cranes/old.md": "# Crane\n\nThe crane lifts forty tonnes.\n",
    "documents/cranes/old.md.meta.json": '{"metadata": {"year": 2019}}',
    "documents/cranes/new.md": "# Crane\n\nThe crane lifts ninety tonnes since it was rebuilt.\n",
    "documents/cranes/new.md.meta.json": '{"metadata": {"year": 2025}}',
    "documents/staff/.access.yaml": "access: [hr]\n",
    "documents/staff/pay.md": f"# The pay\n\nThe pay of the harbour master: the harbour master earns {WAGE} euro.\n",
    "board/minutes.md": "# Minutes\n\nThe board prepares the takeover of Brightwater for the spring.\n",
}


def routes(url: str) -> dict[str, str]:
    """Routes to a model that says what it is told to."""
    target = f"model: vllm/e\nbase_url: {url}/v1\nretries: {{attempts: 0}}\n"
    return {
        "routes/told.yaml": f"{target}cache: {{exact: {{ttl_s: 600}}}}\n",
        "routes/alike.yaml": f"{target}cache: {{semantic: {{ttl_s: 600}}}}\n",
    }


def key_of(port: Gateway, name: str, role: Role, *, team: str = "") -> str:
    access, by = port.platform.access, port.platform.acting.by
    access.create_actor(name, kind="service", roles=[role], team=team, by=by)
    return access.create_key(name, by=by).secret


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    files = {**FILES, **routes(echo_server.url)}
    with gateway(tmp_path_factory.mktemp("permissions") / "harbour", files, keys_required=True) as found:
        yield found


@pytest.fixture(scope="module")
def caller(port: Gateway) -> str:
    return key_of(port, "plain", "caller", team="red")


@pytest.fixture(scope="module")
def delegate(port: Gateway) -> str:
    return key_of(port, "front", "delegate", team="red")


def asked(
    port: Gateway,
    key: str,
    text: str,
    *,
    surface: Surface = CHAT,
    model: str = "ask",
    stream: bool = False,
    **more: str,
) -> httpx2.Response:
    return port.post(surface.path, surface.body(model, text, stream=stream), key=key, **more)


def said(surface: Surface, response: httpx2.Response, *, stream: bool) -> str:
    assert response.status_code == 200, response.text
    return read_stream(surface, response.text).text if stream else surface.text(response.json())


def found_in(trace: Trace) -> set[str]:
    """The documents whose passages were retrieved."""
    return {str(passage["document"]) for passage in trace.passages}


def everything(trace: Trace) -> str:
    return json.dumps(
        [trace.passages, trace.messages, trace.citations, trace.answer, [span.attributes for span in trace.spans]],
        default=str,
        ensure_ascii=False,
    )


@surfaces
@streams
@pytest.mark.parametrize("role", ["caller", "delegate"])
def test_who_names_no_group_sees_nothing_of_what_is_not_for_everybody(
    port: Gateway, caller: str, delegate: str, surface: Surface, role: str, *, stream: bool
) -> None:
    key = caller if role == "caller" else delegate
    for question in (PAY, BOARD):
        response = asked(port, key, question, surface=surface, stream=stream)
        assert response.status_code == 200, response.text
        trace = port.trace(response)
        shown = response.text + str(response.headers) + everything(trace)
        assert [secret for secret in HIDDEN if secret in shown] == []
        assert found_in(trace) <= {"documents/leave.md", "documents/cranes/old.md", "documents/cranes/new.md"}
    for_all = asked(port, key, FOR_ALL, surface=surface, stream=stream)
    assert "twenty-six days" in said(surface, for_all, stream=stream)


@surfaces
@streams
@pytest.mark.parametrize("groups", ["hr", "nobody, hr", "hr ,, hr,"])
def test_who_asks_for_members_of_a_group_finds_its_documents_beside_those_for_everybody(
    port: Gateway, delegate: str, surface: Surface, groups: str, *, stream: bool
) -> None:
    response = asked(port, delegate, PAY, surface=surface, stream=stream, x_plimsoll_groups=groups)
    assert WAGE in said(surface, response, stream=stream)
    trace = port.trace(response)
    assert "documents/staff/pay.md" in found_in(trace)
    assert "board/minutes.md" not in found_in(trace)
    assert trace.citations[0]["document"] == "documents/staff/pay.md"
    for_all = asked(port, delegate, FOR_ALL, surface=surface, stream=stream, x_plimsoll_groups=groups)
    assert "twenty-six days" in said(surface, for_all, stream=stream)


def test_groups_of_a_source_are_other_groups_than_those_of_a_folder(port: Gateway, delegate: str) -> None:
    for groups, wanted in (("hr", False), ("board", True), ("hr,board", True), ("Board", False), ("boar", False)):
        response = asked(port, delegate, BOARD, x_plimsoll_groups=groups)
        assert ("Brightwater" in response.text) is wanted, groups
        assert ("board/minutes.md" in found_in(port.trace(response))) is wanted, groups


@surfaces
@streams
def test_who_may_not_ask_for_others_is_refused_by_the_name_of_the_right(
    port: Gateway, caller: str, heard: Echo, surface: Surface, *, stream: bool
) -> None:
    for model in ("ask", "told"):
        response = asked(port, caller, PAY, surface=surface, model=model, stream=stream, x_plimsoll_groups="hr")
        assert response.status_code == 403, response.text
        error = response.json()["error"]
        assert error["type"] == "permission_error"
        assert "`groups`" in error["message"]
        assert WAGE not in response.text
    assert not heard.heard


def test_a_header_that_names_no_group_needs_no_right(port: Gateway, caller: str) -> None:
    for groups in ("", ",", ", ,"):
        response = asked(port, caller, PAY, x_plimsoll_groups=groups)
        assert response.status_code == 200, response.text
        assert WAGE not in response.text


@pytest.mark.parametrize("groups", ["*", "hr,*", "*hr", "g" * 201, ",".join(f"g{n}" for n in range(101))])
def test_groups_that_cannot_be_ones_are_told_in_a_sentence(port: Gateway, delegate: str, groups: str) -> None:
    response = asked(port, delegate, PAY, x_plimsoll_groups=groups)
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert "x-plimsoll-groups" in error["message"]
    assert WAGE not in response.text


@pytest.mark.parametrize("groups", [b"hr\xff", "hr\u202e".encode(), "h\u00a0r".encode()])
def test_groups_that_are_no_plain_text_are_told_in_a_sentence(port: Gateway, delegate: str, groups: bytes) -> None:
    headers = [(b"authorization", f"Bearer {delegate}".encode()), (b"x-plimsoll-groups", groups)]
    response = httpx2.post(f"{port.url}{CHAT.path}", json=CHAT.body("ask", PAY), headers=headers, timeout=WAIT_S)
    assert response.status_code == 400, response.text
    assert "x-plimsoll-groups" in response.json()["error"]["message"]


@surfaces
@streams
def test_a_filter_narrows_what_is_found(port: Gateway, caller: str, surface: Surface, *, stream: bool) -> None:
    for conditions, wanted in (
        ('{"year": {"gte": 2024}}', "documents/cranes/new.md"),
        ('{"year": 2019}', "documents/cranes/old.md"),
        ('{"path": {"starts_with": "documents/cranes/o"}}', "documents/cranes/old.md"),
    ):
        response = asked(port, caller, CRANE, surface=surface, stream=stream, x_plimsoll_filter=conditions)
        lifts = "ninety tonnes" if wanted.endswith("new.md") else "forty tonnes"
        assert lifts in said(surface, response, stream=stream)
        assert found_in(port.trace(response)) == {wanted}


def test_a_filter_opens_nothing(port: Gateway, caller: str) -> None:
    for conditions in ('{"path": "documents/staff/pay.md"}', '{"path": {"ne": "x"}}', '{"access": "hr"}', "{}"):
        response = asked(port, caller, PAY, x_plimsoll_filter=conditions)
        assert response.status_code == 200, response.text
        assert [secret for secret in HIDDEN if secret in response.text + everything(port.trace(response))] == []


@pytest.mark.parametrize(
    "conditions",
    [
        "",
        "year=2024",
        "[]",
        "null",
        '"year"',
        '{"year": null}',
        '{"year": {}}',
        '{"year": {"about": 2024}}',
        '{"year": {"in": 2024}}',
        '{"year": {"gte": [2024]}}',
        '{"title": {"starts_with": 3}}',
        '{"year": NaN}',
        '{"year": 1e999}',
        '{"year": "\\ud800"}',
        "[" * 20_000,
        '{"year": {"in": [' + "[" * 20_000,
        json.dumps({f"field{number}": 1 for number in range(21)}),
    ],
    ids=lambda conditions: conditions[:24],
)
def test_a_filter_that_cannot_be_used_is_told_in_a_sentence(port: Gateway, caller: str, conditions: str) -> None:
    response = asked(port, caller, CRANE, x_plimsoll_filter=conditions)
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert "filter" in error["message"]
    assert error["type"] == "invalid_request_error"


def test_a_filter_that_is_no_text_or_comes_twice_is_told_in_a_sentence(port: Gateway, caller: str) -> None:
    shown = (b"authorization", f"Bearer {caller}".encode())
    for values in ((b'{"year": "\xff"}',), (b'{"\xff": 1}',), (b'{"year": 2019}', b'{"year": 2025}')):
        headers = [shown, *((b"x-plimsoll-filter", value) for value in values)]
        response = httpx2.post(f"{port.url}{CHAT.path}", json=CHAT.body("ask", CRANE), headers=headers, timeout=WAIT_S)
        assert response.status_code == 400, response.text
        assert "x-plimsoll-filter" in response.json()["error"]["message"]


def test_a_number_of_any_size_is_only_a_number(port: Gateway, caller: str) -> None:
    huge = "9" * 400
    response = asked(port, caller, CRANE, x_plimsoll_filter=f'{{"year": {{"lt": {huge}}}}}')
    assert found_in(port.trace(response)) == {"documents/cranes/old.md", "documents/cranes/new.md"}


def test_the_model_is_shown_nothing_that_the_caller_may_not_see(
    port: Gateway, caller: str, delegate: str, heard: Echo
) -> None:
    asked(port, caller, PAY, model="told")
    assert heard.heard
    assert WAGE not in json.dumps(heard.heard)
    asked(port, delegate, PAY, model="told", x_plimsoll_groups="hr")
    assert WAGE in json.dumps(heard.heard)


@streams
@pytest.mark.parametrize("kept", ["exact", "semantic"])
def test_an_answer_that_is_kept_is_not_given_to_who_is_in_other_groups(
    port: Gateway, caller: str, delegate: str, heard: Echo, kept: str, *, stream: bool
) -> None:
    model, other = ("told", PAY) if kept == "exact" else ("alike", SAME_PAY)
    question, again = f"{PAY} ({stream})", f"{other} ({stream})"
    first_body, body = (CHAT.body(model, text, stream=stream) for text in (question, again))
    heard.says(f"It is {WAGE} euro [1].")
    first = port.post(CHAT.path, first_body, key=delegate, x_plimsoll_groups="hr")
    assert WAGE in said(CHAT, first, stream=stream)
    port.platform.answers.flush()
    heard.says("That is not known.")
    reaches: list[tuple[str, dict[str, str]]] = [
        (caller, {}),
        (delegate, {}),
        (delegate, {"x_plimsoll_groups": "board"}),
        (delegate, {"x_plimsoll_groups": "board,hr"}),
        (delegate, {"x_plimsoll_groups": "hr", "x_plimsoll_filter": '{"year": 2019}'}),
    ]
    for key, reach in reaches:
        response = port.post(CHAT.path, body, key=key, **reach)
        assert said(CHAT, response, stream=stream) == "That is not known.", reach
    same = port.post(CHAT.path, body, key=delegate, x_plimsoll_groups="hr")
    assert WAGE in said(CHAT, same, stream=stream)
    assert port.trace(same).cached == kept


def test_a_trace_keeps_for_whom_and_in_what_was_searched(port: Gateway, caller: str, delegate: str) -> None:
    reach = {"x_plimsoll_groups": "hr, board", "x_plimsoll_filter": '{"path": {"starts_with": "documents/staff"}}'}
    trace = port.trace(port.post(CHAT.path, CHAT.body("ask", PAY), key=delegate, **reach))
    assert trace.request["within"] == {
        "groups": ["board", "hr"],
        "filter": {"path": {"starts_with": "documents/staff"}},
    }
    assert found_in(trace) == {"documents/staff/pay.md"}
    assert port.trace(asked(port, caller, PAY)).request["within"] == {"groups": [], "filter": {}}


@pytest.mark.parametrize("surface", SURFACES, ids=str)
@pytest.mark.parametrize("groups", ["", "hr"])
def test_an_answer_that_is_replayed_finds_what_it_found(
    port: Gateway, delegate: str, surface: Surface, groups: str
) -> None:
    trace = port.trace(asked(port, delegate, PAY, surface=surface, x_plimsoll_groups=groups))
    platform = port.platform
    again = asyncio.run(replay(trace, platform.traces, platform.serve_parts(), platform.recorder.flush))
    assert again.proved
    assert [part.same for part in again.parts] == [True] * 4
    assert found_in(again.again) == found_in(trace)
    assert (WAGE in everything(again.again)) is bool(groups)


def test_in_a_process_of_its_own_it_is_the_same(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if name not in {"endpoints/told.yaml", "endpoints/alike.yaml"}}
    with project(tmp_path / "harbour", files) as harbour:
        held = Gateway("", harbour)
        plain, front = key_of(held, "plain", "caller"), key_of(held, "front", "delegate")
        with process(tmp_path / "harbour", {}) as served:

            def ask(key: str, headers: dict[str, str]) -> httpx2.Response:
                shown = {"authorization": f"Bearer {key}", **headers}
                address = f"{served.url}{CHAT.path}"
                return httpx2.post(address, json=CHAT.body("ask", PAY), headers=shown, timeout=WAIT_S)

            answers = [ask(key, headers) for key in (plain, front) for headers in ({}, {"x-plimsoll-groups": "hr"})]
    assert [(answer.status_code, WAGE in answer.text) for answer in answers] == [
        (200, False),
        (403, False),
        (200, False),
        (200, True),
    ]
