"""`plimsoll knowledge refresh`, `knowledge status`, `worker`, and the worker beside a server."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import FILES, TEXTS, Workshop, settings_in
from tests.flows.test_refresh import FailingEmbedder

from plimsoll.cli.nouns.refresh import worker_beside
from plimsoll.worker import Jobs, JobsPlace


@pytest.fixture
def live(run: Run, workshop: Workshop) -> Workshop:
    workshop.write("knowledge/texts.yaml", f"{FILES['knowledge/texts.yaml']}refresh: {{gate: [ask]}}\n")
    made = run("release", "--json", folder=workshop.root)
    assert made.code == 0
    release = made.json["release"]["name"] if isinstance(made.json["release"], dict) else made.json["release"]
    assert run("ship", release, "staging", folder=workshop.root).code == 0
    return workshop


def test_a_refresh_is_waited_for_and_says_how_it_ended(run: Run, live: Workshop) -> None:
    assert run("knowledge", "refresh", folder=live.root).code == 0
    live.write("documents/policies/leave.md", TEXTS["policies/leave.md"] + "\n\nIt is asked for in writing.\n")
    ended = run("knowledge", "refresh", "--json", folder=live.root)
    assert (ended.code, ended.json["result"]["outcome"]) == (0, "candidate")
    assert ended.json["steps"] == ["look", "build", "gate", "release"]
    shown = run("knowledge", "status", folder=live.root)
    assert "candidate" in shown.out
    assert "when asked" in shown.out
    (standing,) = run("knowledge", "status", "--json", folder=live.root).json
    assert standing["job"]["id"] == ended.json["id"]


def test_a_changed_embedder_is_seen_in_both_statuses(run: Run, live: Workshop) -> None:
    shown = run("knowledge", "status", folder=live.root)
    assert "its embedder was not checked" in shown.out, "nobody asked it yet"
    watch = live.open().embedder_watch()
    watch.check()
    assert "embedder" not in run("knowledge", "status", folder=live.root).out

    def turned(settings: Any) -> Any:
        return FailingEmbedder(watch.make_embedder(settings), lambda vectors: np.roll(vectors, 1, axis=1))

    replace(watch, make_embedder=turned).check()
    for command in (("knowledge", "status"), ("status",)):
        said = run(*command, folder=live.root).out.replace("\n", " ")
        assert "the embedder builtin/static is not what it was" in said
        assert "revision" in said
    (standing,) = run("knowledge", "status", "--json", folder=live.root).json
    assert [check["verdict"] for check in standing["embedder"]] == ["changed"]
    assert "finding.raise" in run("audit", "log", folder=live.root).out


def test_a_gate_that_says_no_ends_with_1(run: Run, live: Workshop) -> None:
    live.write("documents/policies/leave.md", "# Canteen\n\nThere is soup on Mondays.\n")
    ended = run("knowledge", "refresh", "texts", folder=live.root)
    assert ended.code == 1
    assert "refused" in ended.out
    assert "retrieval_recall" in ended.out


def test_an_error_ends_with_3_and_its_hint(run: Run, live: Workshop) -> None:
    live.write("knowledge/texts.yaml", f"{FILES['knowledge/texts.yaml']}refresh: {{environment: nowhere}}\n")
    ended = run("knowledge", "refresh", folder=live.root)
    assert ended.code == 3
    assert "nowhere" in ended.out


def test_what_is_only_asked_for_waits_for_a_worker(run: Run, workshop: Workshop) -> None:
    assert run("knowledge", "refresh", "--no-wait", folder=workshop.root).code == 0
    again = run("knowledge", "refresh", "--no-wait", folder=workshop.root)
    assert "joined" in again.out
    assert run("knowledge", "status", "--json", folder=workshop.root).json[0]["job"]["state"] == "waiting"


def test_what_waits_can_be_ended_and_is_seen_to_have_ended(run: Run, workshop: Workshop) -> None:
    assert "no refresh of texts waits" in run("knowledge", "cancel", folder=workshop.root).out
    assert not (workshop.home / "jobs.db").exists()
    run("knowledge", "refresh", "--no-wait", folder=workshop.root)
    assert run("knowledge", "cancel", "texts", "--json", folder=workshop.root).json["job"]["fault"] == "cancelled"
    assert "cancelled" in run("knowledge", "status", folder=workshop.root).out
    assert "no refresh of texts waits" in run("knowledge", "cancel", folder=workshop.root).out
    assert run("knowledge", "refresh", "--no-wait", "--json", folder=workshop.root).json["state"] == "waiting"


def test_a_knowledge_base_that_is_not_there_is_wrong_use(run: Run, workshop: Workshop) -> None:
    ended = run("knowledge", "refresh", "nothing", folder=workshop.root)
    assert ended.code == 2
    assert "texts" in ended.err


def test_status_of_a_project_that_was_never_refreshed_opens_nothing(run: Run, workshop: Workshop) -> None:
    ended = run("knowledge", "status", folder=workshop.root)
    assert "never" in ended.out
    assert not (workshop.home / "jobs.db").exists()


def test_a_worker_does_what_waits_and_ends_when_it_is_told(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    assert run("knowledge", "refresh", "--no-wait", folder=workshop.root).code == 0
    command = [sys.executable, "-P", "-W", "error", "-c", "from plimsoll.cli import main; main()"]
    with (tmp_path / "log").open("w") as log:
        worker = subprocess.Popen([*command, "-C", str(workshop.root), "worker", "--log-format", "json"], stderr=log)
    place = JobsPlace("harbour", workshop.home / "jobs.db")
    with Jobs(place) as jobs:
        while jobs.waiting():
            assert worker.poll() is None, (tmp_path / "log").read_text()
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait(60) == 0
    assert "ended as built" in (tmp_path / "log").read_text()


def test_a_server_has_a_worker_beside_it_only_where_one_is_needed(workshop: Workshop) -> None:
    settings = settings_in(workshop.home)
    place = JobsPlace.of(settings, "harbour")
    with worker_beside(settings, "harbour", workshop.root, "text"):
        assert not place.file.exists()
    with Jobs(place) as jobs:
        jobs.ask("texts", "command")
        with worker_beside(settings, "harbour", workshop.root, "text"):
            while jobs.waiting():
                pass
        last = jobs.last_ended("texts")
    assert last is not None
    assert last.outcome == "built"
