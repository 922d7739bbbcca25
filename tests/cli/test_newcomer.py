"""What somebody runs into who tries things for the first time."""

from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop


def test_a_list_without_a_line_is_a_sentence_and_no_empty_table(run: Run, workshop: Workshop) -> None:
    assert run("build", folder=workshop.root).code == 0
    for command, says in (
        (("budget", "list"), "there is no budget"),
        (("key", "list"), "there is no key yet"),
        (("trace", "list"), "nothing was asked yet"),
        (("cost", "--since", "2999-01-01"), "there are no requests in that time"),
    ):
        printed = run(*command, folder=workshop.root).out
        assert printed.startswith(says), printed
        assert "──" not in printed


def test_a_backup_that_cannot_be_written_says_so(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    assert run("build", folder=workshop.root).code == 0
    ended = run("storage", "backup", tmp_path / "nowhere" / "monday.tar", "--json", folder=workshop.root)
    assert (ended.code, ended.json["error"]["code"]) == (3, "backup_unwritable")
    assert "No such file or directory" in ended.json["error"]["message"]


def test_an_empty_question_is_wrong_use(run: Run, workshop: Workshop) -> None:
    ended = run("ask", "  ", folder=workshop.root)
    assert (ended.code, "the question is empty" in ended.err) == (2, True)


def test_a_fault_is_told_to_programs_too(run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("plimsoll.access.limits.Budgets.held", fail)
    ended = run("budget", "list", "--json", folder=workshop.root)
    assert (ended.code, ended.json["error"]["code"]) == (70, "fault")
    assert "ZeroDivisionError" in ended.json["error"]["message"]
    assert "Traceback" in ended.err


def test_a_server_that_cannot_listen_makes_and_shows_no_key(run: Run, workshop: Workshop) -> None:
    root = workshop.root
    release = run("release", "--json", folder=root).json["release"]["name"]
    assert run("ship", release, "staging", folder=root).code == 0
    # An address for documentation (RFC 5737), which no machine has.
    ended = run("serve", "--host", "203.0.113.7", "--port", "0", folder=root)
    assert (ended.code, "cannot listen on 203.0.113.7" in ended.err) == (2, True)
    assert "plim_" not in ended.err + ended.out
    assert run("key", "list", "--json", folder=root).json == []
