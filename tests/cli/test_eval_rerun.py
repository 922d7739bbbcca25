"""The command that repeats a release's evaluation."""

import json

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop

from plimsoll.cli._output import Output
from plimsoll.cli._state import State
from plimsoll.cli.nouns.evaluation_rerun import rerun


def _rerun(workshop: Workshop, *arguments: str) -> int:
    state = State(Output(), workshop.root)
    return int(rerun.main(list(arguments), obj=state, standalone_mode=False))


def test_a_release_is_held_against_its_evidence_again(
    workshop: Workshop, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workshop.root)
    name = run("release", "--json", folder=workshop.root).json["release"]["name"]
    assert _rerun(workshop, name) == 0
    said = capsys.readouterr().out
    assert "pass now: the same verdict" in said
    assert "none has another score" in said
    assert "its thresholds were published before the run" in said
    assert _rerun(workshop, name, "ask", "--kept", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["same_verdict"]
    assert found["registered"]["problems"] == []
