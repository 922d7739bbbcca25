"""Jobs go on after `kill -9`, after their last finished step; one of a knowledge base at a time."""

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.worker.conftest import Victims

from plimsoll.flows.refresh import STEPS
from plimsoll.worker import Jobs, JobsPlace, Lease
from plimsoll.worker._errors import JobsUnreachableError

NAMES = tuple(name for name, _ in STEPS)
POINTS = tuple(f"{when}:{name}" for name in NAMES for when in ("inside", "after"))
WHOLE = {"knowledge": "texts", "asked_by": "command", "step": NAMES[-1], "seen": "".join(NAMES), "indexed": len(NAMES)}


def inside(log: Path) -> list[str]:
    """The steps that were begun, in their order."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.removeprefix("inside:") for line in lines if line.startswith("inside:")]


def test_a_killed_job_goes_on_after_its_last_finished_step(
    place: JobsPlace, jobs: Jobs, victims: Victims, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    job, is_new = jobs.ask("texts", "command")
    assert is_new
    for point in POINTS:
        assert victims.work(place, log, kill=point) == -signal.SIGKILL, point
        left = jobs.job(job.id)
        assert (left.is_active, left.result) == (True, None)
        when, _, name = point.partition(":")
        assert left.steps == NAMES[: NAMES.index(name) + (when == "after")]
    assert victims.work(place, log) == 0
    ended = jobs.job(job.id)
    assert (ended.state, ended.steps, ended.restarts) == ("done", NAMES, len(POINTS))
    assert ended.result is not None
    assert {key: getattr(ended.result, key) for key in WHOLE} == WHOLE
    assert sorted(inside(log)) == sorted([*NAMES, *NAMES]), "only the step in which it was killed runs twice"


def test_a_worker_that_is_told_to_end_leaves_its_job_to_the_next(
    place: JobsPlace, jobs: Jobs, victims: Victims, tmp_path: Path
) -> None:
    job, _ = jobs.ask("texts", "command")
    assert victims.work(place, tmp_path / "log", until="stopped") == 0
    left = jobs.job(job.id)
    assert (left.is_active, left.steps) == (True, NAMES[:1])
    assert victims.work(place, tmp_path / "log") == 0
    assert jobs.job(job.id).state == "done"


def test_a_second_refresh_of_a_knowledge_base_joins_the_first(jobs: Jobs) -> None:
    first, _ = jobs.ask("texts", "command")
    second, is_new = jobs.ask("texts", "schedule")
    assert (second.id, is_new) == (first.id, False)
    other, is_new = jobs.ask("letters", "schedule")
    assert is_new
    assert other.id != first.id


def test_an_ended_refresh_is_in_nobodys_way(place: JobsPlace, jobs: Jobs, victims: Victims, tmp_path: Path) -> None:
    first, _ = jobs.ask("texts", "command")
    assert victims.work(place, tmp_path / "log") == 0
    second, is_new = jobs.ask("texts", "command")
    assert is_new
    assert second.id != first.id
    assert jobs.latest()["texts"].id == second.id


def test_an_error_that_nobody_expected_is_a_fault_and_the_next_job_runs(
    place: JobsPlace, jobs: Jobs, victims: Victims, tmp_path: Path
) -> None:
    broken, _ = jobs.ask("broken", "command")
    whole, _ = jobs.ask("texts", "command")
    assert victims.work(place, tmp_path / "log") == 0
    assert jobs.job(broken.id).state == "fault"
    assert "nobody expected this" in jobs.job(broken.id).fault
    assert jobs.job(whole.id).state == "done"
    assert jobs.ask("broken", "command")[1], "a fault is in nobody's way"


def test_of_ended_jobs_only_the_newest_are_remembered(
    place: JobsPlace, jobs: Jobs, victims: Victims, tmp_path: Path
) -> None:
    asked = []
    for name in ("one", "two", "three"):
        asked.append(jobs.ask(name, "command")[0])
        assert victims.work(place, tmp_path / "log") == 0
    waiting, _ = jobs.ask("four", "command")
    jobs.forget_old(1)
    assert set(jobs.latest()) == {"three", "four"}
    assert jobs.job(waiting.id).is_active


def test_how_the_last_one_ended_is_known(place: JobsPlace, jobs: Jobs, victims: Victims, tmp_path: Path) -> None:
    assert jobs.last_ended("texts") is None
    jobs.ask("texts", "command")
    assert victims.work(place, tmp_path / "log") == 0
    last = jobs.last_ended("texts")
    assert last is not None
    assert last.outcome == "live"


def test_a_job_that_was_given_up_is_still_known(place: JobsPlace, jobs: Jobs) -> None:
    job, _ = jobs.ask("texts", "schedule")
    jobs.end(job.id)
    known = jobs.latest()["texts"]
    assert (known.id, known.state, known.is_given_up) == (job.id, "fault", True)
    with Jobs(replace(place, app="har")) as others, Jobs(replace(place, app="harbour-2")) as more:
        assert (others.latest(), more.latest()) == ({}, {}), "applications of one home do not see each other's"
    jobs.forget_old(0)
    with pytest.raises(LookupError):
        jobs.job(job.id)


def test_a_database_that_is_damaged_is_told_by_whatever_is_asked(place: JobsPlace) -> None:
    with Jobs(place) as jobs:
        job, _ = jobs.ask("texts", "command")
    for path in place.file.parent.glob("jobs.db*"):
        path.unlink()
    place.file.write_bytes(b"no database at all, but as many bytes as the head of one has: " * 100)
    with Jobs(place) as damaged:
        asked: tuple[Callable[[], object], ...] = (
            lambda: damaged.job(job.id),
            lambda: damaged.end(job.id),
            lambda: damaged.ask("texts", "command"),
            damaged.latest,
            damaged.end_unreadable,
            lambda: damaged.forget_old(0),
        )
        for ask in asked:
            with pytest.raises(JobsUnreachableError):
                ask()


def test_looking_at_jobs_makes_no_database(place: JobsPlace) -> None:
    with Jobs(place) as jobs:
        assert jobs.latest() == {}
        assert not jobs.waiting()
    assert not place.file.exists()


def test_nothing_is_kept_as_a_pickle(place: JobsPlace, jobs: Jobs, victims: Victims, tmp_path: Path) -> None:
    jobs.ask("texts", "command")
    assert victims.work(place, tmp_path / "log") == 0
    content = b"".join(path.read_bytes() for path in place.file.parent.iterdir())
    assert b"portable_json" in content
    assert b"py_pickle" not in content


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    place = JobsPlace("harbour", tmp_path / "home" / "jobs.db")
    with Jobs(place) as jobs, pytest.raises(JobsUnreachableError, match="home"):
        jobs.ask("texts", "command")
    with Lease(place) as lease, pytest.raises(JobsUnreachableError, match="home"):
        lease.take()


def test_a_job_of_another_version_that_nobody_can_take_up_is_ended(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plimsoll.worker._jobs.FORMAT", "0")
    old, _ = jobs.ask("texts", "schedule")
    monkeypatch.undo()
    assert not jobs.ask("texts", "schedule")[1], "it is in the way"
    jobs.end_unreadable()
    assert jobs.job(old.id).state == "fault"
    new, is_new = jobs.ask("texts", "schedule")
    assert is_new
    jobs.end_unreadable()
    assert jobs.job(new.id).is_active


def test_a_job_that_ends_its_process_again_and_again_is_given_up(
    place: JobsPlace, jobs: Jobs, victims: Victims, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    job, _ = jobs.ask("texts", "command")
    kills = 0
    while victims.work(place, log, kill="inside:look", until="few") == -signal.SIGKILL:
        kills += 1
        assert kills < 6
    assert kills == 3, "once, and two restarts"
    assert jobs.job(job.id).state == "fault"
    assert "recovery attempts" in jobs.job(job.id).fault
    assert jobs.latest()["texts"].id == job.id, "a schedule counts from it, else it would begin again at once"
    assert jobs.ask("texts", "command")[1], "it is in nobody's way"
