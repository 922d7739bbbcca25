"""Attacking an endpoint from the command line; and `eval` is still the short way to run suites."""

from tests.cli.conftest import Run
from tests.flows.conftest import Workshop


def test_a_report_says_what_succeeded_and_what_was_stopped(run: Run, workshop: Workshop) -> None:
    workshop.write(
        "guardrails/standard.yaml", "checks: [{check: injection, on: [input], action: block, at_least: 0.6}]\n"
    )
    workshop.write(
        "endpoints/ask.yaml", "kind: rag\nprompt: answer\nknowledge: texts\nroute: default\nguardrail: standard\n"
    )
    ended = run("eval", "redteam", "--cases", "40", "--carrier", "message", "--json", folder=workshop.root)
    assert ended.code == 0, ended.err
    told = ended.json
    assert (told["attacks"], told["harmless"]) == (40, 20)
    assert told["attacks_stopped"]["hits"] > 0
    assert set(told["by"]) == {"goal", "disguise", "carrier", "owasp", "atlas"}
    assert set(told["by"]["carrier"]) == {"message"}
    again = run("eval", "redteam", "--cases", "40", "--carrier", "message", "--json", folder=workshop.root)
    assert again.json == told, "the same seed, the same cases, the same figures"
    screen = run("eval", "redteam", "ask", "--cases", "40", "--carrier", "message", folder=workshop.root).out
    assert "attacks on ask" in screen
    assert "LLM01" in screen
    assert "harmless requests that were stopped" in screen


def test_a_limit_is_not_kept_where_nothing_was_measured(run: Run, workshop: Workshop) -> None:
    attack = ("eval", "redteam", "--cases", "4", "--at-most", "0")
    unmeasured = run(*attack, "--carrier", "tool_result", folder=workshop.root)
    assert unmeasured.code == 1
    assert "not measured" in unmeasured.out
    assert "have no answer, and say nothing" in unmeasured.out


def test_an_endpoint_that_is_not_there_is_said_to_be_missing(run: Run, workshop: Workshop) -> None:
    ended = run("eval", "redteam", "asks", folder=workshop.root)
    assert ended.code == 2
    assert "did you mean `ask`?" in ended.err


def test_with_several_endpoints_one_has_to_be_named(run: Run, workshop: Workshop) -> None:
    workshop.write("endpoints/other.yaml", "kind: rag\nprompt: answer\nknowledge: texts\nroute: default\n")
    ended = run("eval", "redteam", folder=workshop.root)
    assert ended.code == 2
    assert "name one of ask, other" in ended.err


def test_eval_with_the_name_of_a_suite_runs_it(run: Run, workshop: Workshop) -> None:
    short = run("eval", "ask", "--json", folder=workshop.root)
    assert (short.code, short.json[0]["suite"]) == (0, "ask")
    assert run("eval", "run", "ask", "--json", folder=workshop.root).json[0]["suite"] == "ask"
    assert run("eval", "--json", folder=workshop.root).json[0]["suite"] == "ask"
    shown = run("eval", "--help", folder=workshop.root).out
    assert "redteam" in shown
    assert "run" in shown
