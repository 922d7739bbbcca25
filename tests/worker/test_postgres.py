"""Jobs on a PostgreSQL server, with workers on several machines."""

from dataclasses import replace
from pathlib import Path

from plimsoll.flows.refresh import STEPS, RefreshState, Run
from plimsoll.worker import Jobs, JobsPlace, Lease
from plimsoll.worker._engine import Engine, wait_until
from plimsoll.worker._types import Tell


def perform(state: RefreshState, run: Run, _tell: Tell) -> RefreshState:
    for name, _ in STEPS:
        state = run(name, lambda state=state, name=name: replace(state, step=name))  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
    return replace(state, outcome="candidate")


def test_of_workers_on_several_machines_one_works(postgres_url: str, tmp_path: Path) -> None:
    ours = JobsPlace("lease", tmp_path / "ours" / "jobs.db", postgres_url)
    theirs = JobsPlace("lease", tmp_path / "theirs" / "jobs.db", postgres_url)
    other = JobsPlace("another", tmp_path / "theirs" / "jobs.db", postgres_url)
    with Lease(ours) as first, Lease(theirs) as second, Lease(other) as third:
        assert (first.take(), second.take(), third.take()) == (True, False, True)
        assert first.is_held
        first.release()
        assert (second.take(), first.is_held) == (True, False)


def test_what_is_asked_on_one_machine_is_done_on_another(postgres_url: str, tmp_path: Path) -> None:
    asking = JobsPlace("cranes", tmp_path / "ours" / "jobs.db", postgres_url)
    working = JobsPlace("cranes", tmp_path / "theirs" / "jobs.db", postgres_url)
    with Jobs(asking) as jobs:
        job, _ = jobs.ask("texts", "command")
        assert jobs.ask("texts", "schedule") == (jobs.job(job.id), False)
        engine = Engine(working, perform, poll_s=0.1)
        engine.start()
        try:
            wait_until(lambda: not jobs.waiting(), every_s=0.05)
        finally:
            assert engine.stop(10)
        ended = jobs.job(job.id)
    assert (ended.state, ended.steps) == ("done", tuple(name for name, _ in STEPS))
    assert ended.result is not None
    assert ended.result.outcome == "candidate"
    assert not working.file.exists(), "nothing of it is on this machine"


def test_a_password_is_in_no_text(tmp_path: Path) -> None:
    place = JobsPlace("cranes", tmp_path / "jobs.db", "postgresql://user:hunter22@db/name")
    assert "hunter22" not in f"{place} {place!r}"
