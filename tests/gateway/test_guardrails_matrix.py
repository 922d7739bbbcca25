"""Every check of the catalogue at every stage, on every API, streamed or not: what it finds is stopped and noted there.

A cell that cannot be, such as citations in a question, is refused when the project is loaded.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.api.conftest import running
from tests.checks.outside.fakes import FakeOutside
from tests.checks.outside.test_classifier import write
from tests.checks.test_conformance import CASES
from tests.gateway.echo import Echo
from tests.gateway.port import CHEAP, Gateway, gateway
from tests.gateway.surfaces import CHAT, MESSAGES, SURFACES, Surface, read_stream

from plimsoll.checks.catalogue import check_entry, check_names
from plimsoll.checks.moderation import CATEGORIES
from plimsoll.checks.outside._classifier_files import digest_of
from plimsoll.guardrails import STAGES, Policy, PolicyInvalidError, Stage
from plimsoll.kernel.errors import PlimsollError
from plimsoll.project import ProjectInvalidError, load_project
from plimsoll.tracing import Trace

BAD = "the kestrel is out"
"""What those find that ask somebody else."""
ASKED = "When does the harbour open in winter?"
SOURCE = "The harbour closes at five."


@dataclass(frozen=True)
class Texts:
    """What a check finds, and what it does not."""

    bad: str = BAD
    good: str = SOURCE
    bad_call: str = ""
    """Arguments of a call; empty for the text as an argument."""
    good_call: str = ""


ENGLISH = "The harbour opens at nine and closes at five in winter. After that nobody is let in until the next morning."
GERMAN = "Der Hafen öffnet um neun Uhr und schließt im Winter um fünf. Danach kommt niemand mehr bis zum Morgen herein."
TEXTS: Mapping[str, Texts] = {
    **{name: Texts(samples[0].text) for name, (_, samples) in CASES.items()},
    "language": Texts(CASES["language"][1][0].text, "Der Hafen schließt um fünf.", json.dumps({"a": ENGLISH})),
    "output_language": Texts(GERMAN, bad_call=json.dumps({"a": GERMAN}, ensure_ascii=False)),
    "json_schema": Texts('{"total": "one"}', '{"total": 1}', '{"total": "one"}', '{"total": 1}'),
    "length": Texts("It closes at five.", "Five.", '{"at": "five o\'clock"}', '{"at": 5}'),
}
ALL = [(name, stage) for name in check_names() for stage in STAGES]
REFUSED = [(name, stage) for name, stage in ALL if check_entry(name).stages and stage not in check_entry(name).stages]
NEEDS = {"presidio": "presidio_analyzer"}
ABSENT = [(name, stage) for name, stage in ALL if name in NEEDS and find_spec(NEEDS[name]) is None]
PASSAGES = [name for name, stage in ALL if stage == "retrieved" and (name, stage) not in [*REFUSED, *ABSENT]]
CELLS = [cell for cell in ALL if cell not in [*REFUSED, *ABSENT] and cell[1] != "retrieved"]


def texts_of(check: str) -> Texts:
    return TEXTS.get(check, Texts())


def called(check: str, stage: str) -> str:
    """The guardrail, and whoever has it."""
    return f"{check}-{stage}".replace("_", "-")


def word_of(check: str, how: str) -> str:
    """A word that one document has and nothing else."""
    return f"q{check_names().index(check):02}{how[0]}"


def marked(check: str, how: str, text: str) -> str:
    """A text with the word of its document, and of the same form."""
    word = word_of(check, how)
    return text.replace("}", f', "word": "{word}"}}') if text.startswith("{") else f"{word} {text}"


class Others:
    """Whom checks ask: a judge, a service, and a server of moderation. All of them know one bird."""

    async def judge(self, request: Request) -> Response:
        said = (await request.json())["messages"][-1]["content"]
        verdict = json.dumps({"reason": "", "verdict": "yes" if BAD in said else "no", "score": 1})
        choice = {"index": 0, "message": {"role": "assistant", "content": verdict}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        return JSONResponse({"id": "x", "model": "judge", "choices": [choice], "usage": usage})

    async def find(self, request: Request) -> Response:
        text = (await request.json())["text"]
        at = text.find(BAD)
        return JSONResponse({"findings": [{"start": at, "end": at + 3, "kind": "bird"}] if at >= 0 else []})

    async def moderate(self, request: Request) -> Response:
        results = []
        for text in (await request.json())["input"]:
            is_bad = BAD in text
            results.append(
                {
                    "flagged": is_bad,
                    "categories": dict.fromkeys(CATEGORIES, is_bad),
                    "category_scores": dict.fromkeys(CATEGORIES, 0.9 if is_bad else 0.01),
                }
            )
        return JSONResponse({"id": "x", "model": "m", "results": results})

    @property
    def routes(self) -> list[Route]:
        posts = {"/v1/chat/completions": self.judge, "/find": self.find, "/v1/moderations": self.moderate}
        return [Route(path, each, methods=["POST"]) for path, each in posts.items()]


def rules(url: str, folder: Path) -> dict[str, dict[str, Any]]:
    """What a policy says of each check beside its stage."""
    near = {"allow_http": True, "private_addresses": True}
    # One that makes something of every text: what it says is tried elsewhere.
    labels = dict.fromkeys(("SAFE", "INJECTION", "JAILBREAK"), "bird")
    model = {"path": str(folder), "digest": digest_of(folder, "x"), "labels": labels}
    return {
        **{name: said for name, (said, _) in CASES.items()},
        "judge": {"name": "bird", "options": {"route": "judge", "question": "Is there a bird?"}},
        "http": {"name": "bird", "options": {"url": f"{url}/find", "kinds": ["bird"], **near}},
        "openai_moderation": {"options": {"base_url": f"{url}/v1", "api_key": None, **near}},
        "classifier": {"name": "bird", "at_least": 0.01, "options": model},
        "presidio": {"kinds": ["email"]},
    }


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    with running(Starlette(routes=Others().routes)) as url:
        target = f'model: "vllm/e"\nbase_url: {echo_server.url}/v1\nprice: {CHEAP}\nretries: {{attempts: 0}}\n'
        said = rules(url, write(tmp_path_factory.mktemp("model") / "bird"))
        files = {"routes/default.yaml": target, "routes/judge.yaml": target.replace(echo_server.url, url)}
        for check, stage in [*CELLS, *((name, "retrieved") for name in PASSAGES)]:
            rule = {"check": check, "on": [stage], "action": "block", **said[check]}
            files[f"guardrails/{called(check, stage)}.yaml"] = json.dumps({"checks": [rule]})
        for check, stage in CELLS:
            name = called(check, stage)
            files[f"routes/{name}.yaml"] = f"{target}serves: [{name}]\nguardrail: {name}\n"
        for check in PASSAGES:
            texts = texts_of(check)
            words = {"good": texts.good, "bad": texts.bad}
            # A word that nothing else has, so that the question finds this document.
            files |= {f"documents/{check}-{how}.txt": marked(check, how, text) for how, text in words.items()}
            parts = "kind: rag\nprompt: papers\nknowledge: papers\nroute: default\nguardrail: "
            name = called(check, "retrieved")
            files[f"endpoints/{name}.yaml"] = f"{parts}{name}\n"
        files["prompts/papers.yaml"] = "system: Answer from the passages.\n"
        files["knowledge/papers.yaml"] = "sources: [{path: documents}]\nsearch: {mode: text, top_k: 1}\n"
        with gateway(tmp_path_factory.mktemp("matrix") / "harbour", files) as found:
            yield found


def conversation(surface: Surface, said: str, result: str) -> dict[str, Any]:
    """What somebody asks after a tool has said something."""
    if surface is CHAT:
        call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        turns: list[Any] = [
            {"role": "user", "content": said},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": result},
            {"role": "user", "content": said},
        ]
        return {"messages": turns}
    if surface is MESSAGES:
        told = {"type": "tool_result", "tool_use_id": "c1", "content": result}
        turns = [
            {"role": "user", "content": said},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "look", "input": {}}]},
            {"role": "user", "content": [told, {"type": "text", "text": said}]},
        ]
        return {"messages": turns, "max_tokens": 100}
    return {
        "input": [
            {"role": "user", "content": said},
            {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": result},
            {"role": "user", "content": said},
        ]
    }


def ask(port: Gateway, heard: Echo, cell: tuple[str, Stage], text: str, call: str, **how: Any) -> httpx2.Response:
    """A call in which a text stands at one stage."""
    surface, stream = how["surface"], how["stream"]
    check, stage = cell
    # Where the policy does not name `tool_result`, what it has at `input` looks at that too.
    result = text if stage == "tool_result" else texts_of(check).good if stage == "input" else SOURCE
    heard.finish, heard.message = "stop", {"role": "assistant", "content": text if stage == "output" else "Good."}
    if stage == "tool_call":
        made = {
            "id": "c2",
            "type": "function",
            "function": {"name": "mail", "arguments": call or json.dumps({"a": text})},
        }
        heard.finish, heard.message = "tool_calls", {"role": "assistant", "content": None, "tool_calls": [made]}
    asked = text if stage == "input" else ASKED
    body = {"model": called(*cell), **conversation(surface, asked, result)}
    return port.post(surface.path, {**body, **({"stream": True} if stream else {})})


def is_stopped(response: httpx2.Response, surface: Surface) -> bool:
    if response.status_code != 200:
        return response.status_code == 400
    return read_stream(surface, response.text).error is not None


def noted(trace: Trace) -> set[tuple[str, str, str]]:
    return {(str(note["stage"]), str(note["check"]), str(note["action"])) for note in trace.guardrails}


def name_of(check: str) -> str:
    """What findings of a check are called by."""
    return {"http": "bird", "classifier": "bird"}.get(check, check)


WAYS = [(surface, stream) for surface in SURFACES for stream in (False, True)]


@pytest.mark.parametrize(("check", "stage"), CELLS)
def test_every_cell(port: Gateway, heard: Echo, check: str, stage: Stage) -> None:
    texts = texts_of(check)
    for surface, stream in WAYS:
        way = f"{surface}, streamed: {stream}"
        asked = ask(port, heard, (check, stage), texts.bad, texts.bad_call, surface=surface, stream=stream)
        assert is_stopped(asked, surface), f"{way}: {asked.text}"
        trace = port.latest()
        assert noted(trace) == {(stage, name_of(check), "block")}, way
        assert all(note["kind"] != "check_failed" for note in trace.guardrails), way
        if check == "classifier":
            continue
        asked = ask(port, heard, (check, stage), texts.good, texts.good_call, surface=surface, stream=stream)
        assert not is_stopped(asked, surface), f"{way}: {asked.text}"
        assert not noted(port.latest()), way


@pytest.mark.parametrize("check", PASSAGES)
def test_every_check_of_passages(port: Gateway, heard: Echo, check: str) -> None:
    heard.says("Good.")
    endpoint = f"harbour/{called(check, 'retrieved')}"
    for surface, stream in WAYS:
        way = f"{surface}, streamed: {stream}"
        trace = port.trace(port.ask(surface, endpoint, word_of(check, "bad"), stream=stream))
        assert not trace.passages, f"{way}: what is stopped is shown to no model"
        assert noted(trace) == {("retrieved", name_of(check), "block")}, way
        if check != "classifier":
            trace = port.trace(port.ask(surface, endpoint, word_of(check, "good"), stream=stream))
            assert (len(trace.passages), noted(trace)) == (1, set()), way


@pytest.mark.parametrize(("check", "stage"), REFUSED)
def test_what_cannot_look_somewhere_is_refused_there(tmp_path: Path, check: str, stage: Stage) -> None:
    rule = {"check": check, "on": [stage], "action": "block", **CASES[check][0]}
    with pytest.raises(PolicyInvalidError, match=f"{check} cannot look at `{stage}`"):
        Policy.from_json("p", {"checks": [rule]})
    (tmp_path / "guardrails").mkdir()
    (tmp_path / "plimsoll.yaml").write_text("name: harbour\n")
    (tmp_path / "guardrails/p.yaml").write_text(json.dumps({"checks": [rule]}))
    with pytest.raises(ProjectInvalidError) as told:
        load_project(tmp_path)
    assert f"{check} cannot look at `{stage}`" in " ".join(str(one) for one in told.value.mistakes)


@pytest.mark.parametrize(("check", "stage"), ABSENT)
def test_what_lacks_its_package_lets_nothing_pass(check: str, stage: Stage) -> None:
    content: Any = {"checks": [{"check": check, "on": [stage], "action": "flag"}]}
    with pytest.raises(PlimsollError, match="is not installed"):
        Policy.from_json("p", content, outside=FakeOutside())
    assert Policy.load("p", content, outside=FakeOutside()).review("Hello", stage).reason == "policy_invalid"


def test_no_cell_is_left_out() -> None:
    assert {*CELLS, *((name, "retrieved") for name in PASSAGES), *REFUSED, *ABSENT} == set(ALL)
    assert {check for check, _ in REFUSED} == {"grounded", "citations", "output_language", "prompt_leak"}
