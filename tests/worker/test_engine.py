"""How far a job is can be seen while it runs; one that was told to end leaves no thread behind."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from plimsoll.flows.refresh import RefreshState, Run
from plimsoll.worker import Jobs, JobsPlace, Progress
from plimsoll.worker._engine import Engine, Perform, wait_until
from plimsoll.worker._types import Tell


@contextmanager
def working(place: JobsPlace, perform: Perform) -> Iterator[None]:
    engine = Engine(place, perform, poll_s=0.1)
    engine.start()
    try:
        yield
    finally:
        assert engine.stop(10)


def test_how_far_a_job_is_can_be_seen_also_from_inside_an_event_loop(place: JobsPlace, jobs: Jobs) -> None:
    seen = threading.Event()

    def perform(state: RefreshState, run: Run, tell: Tell) -> RefreshState:
        async def told() -> None:
            tell("gate", 3, 9)
            await asyncio.to_thread(seen.wait)

        def step() -> RefreshState:
            asyncio.run(told())
            return replace(state, step="gate")

        return replace(run("gate", step), outcome="candidate")

    with working(place, perform):
        job, _ = jobs.ask("texts", "command")
        wait_until(lambda: jobs.job(job.id).progress is not None, every_s=0.05)
        assert jobs.job(job.id).progress == Progress("gate", 3, 9)
        assert jobs.latest()["texts"].progress == Progress("gate", 3, 9)
        seen.set()
        wait_until(lambda: not jobs.job(job.id).is_active, every_s=0.05)
    assert jobs.job(job.id).progress is None


def test_jobs_run_one_after_the_other(place: JobsPlace, jobs: Jobs) -> None:
    together: list[int] = []
    now = threading.Semaphore(0)

    def perform(state: RefreshState, run: Run, tell: Tell) -> RefreshState:
        def step() -> RefreshState:
            now.release()
            together.append(now._value)
            tell("build", 1, 1)
            now.acquire()
            return state

        return replace(run("build", step), outcome="built")

    with working(place, perform):
        for name in ("one", "two", "three"):
            jobs.ask(name, "command")
        wait_until(lambda: not jobs.waiting(), every_s=0.05)
    assert together == [1, 1, 1]


def told_that_it_goes_on(tell: Tell) -> bool:
    """Never the end; telling is what ends it."""
    tell("build", 1, 2)
    return False


def test_a_job_that_runs_ends_where_it_says_how_far_it_is_when_somebody_ends_it(place: JobsPlace, jobs: Jobs) -> None:
    begun, ended = threading.Event(), threading.Event()

    def perform(state: RefreshState, run: Run, tell: Tell) -> RefreshState:
        def step() -> RefreshState:
            begun.set()
            try:
                wait_until(lambda: told_that_it_goes_on(tell), every_s=0.01)
            finally:
                ended.set()
            return state

        return state if state.knowledge == "next" else run("build", step)

    with working(place, perform):
        job, _ = jobs.ask("texts", "command")
        begun.wait()
        following, _ = jobs.ask("next", "command")
        jobs.end(job.id)
        ended.wait()
        wait_until(lambda: not jobs.job(following.id).is_active, every_s=0.05)
    assert jobs.job(job.id).is_given_up
    assert jobs.job(following.id).state == "done", "the worker goes on"
    with working(place, perform):
        pass
    assert jobs.job(job.id).is_given_up, "nobody takes it up"


def test_an_engine_that_was_stopped_leaves_no_thread(place: JobsPlace) -> None:
    before = set(threading.enumerate())
    with working(place, lambda state, _run, _tell: state):
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before
