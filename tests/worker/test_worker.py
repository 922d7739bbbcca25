"""The worker begins what is due, and nothing twice; a refresh that is asked for is waited for."""

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.flows.conftest import FILES, Workshop, settings_in

from plimsoll.flows.refresh import RefreshState
from plimsoll.worker import Job, Jobs, JobsPlace, Lease, Worker, WorkerBusyError, beside, refresh_now, worker_needed
from plimsoll.worker._errors import JobLostError, JobsUnreachableError

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Clock:
    """The wall clock, moved by hand."""

    def __init__(self) -> None:
        # Jobs are stamped by the library that keeps them, so hand-moved time begins now.
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)


class Watch:
    """A project with a schedule, and a worker of it whose jobs nobody runs."""

    def __init__(self, workshop: Workshop, refresh: str) -> None:
        self.workshop = workshop
        self.clock = Clock()
        self.place = JobsPlace("harbour", workshop.home / "jobs.db")
        workshop.write("knowledge/texts.yaml", f"{FILES['knowledge/texts.yaml']}refresh: {refresh}\n")
        self.worker = Worker(self.place, settings_in(workshop.home), workshop.root, now=self.clock)

    def tick(self) -> list[tuple[str, str]]:
        return [(job.knowledge, job.asked_by) for job in self.worker.tick()]

    def end_all(self) -> None:
        """As if the jobs had been run."""
        with Jobs(self.place) as jobs:
            active = jobs.active("texts")
            assert active is not None
            jobs.end(active.id)


def test_a_refresh_begins_when_it_is_due_and_not_while_one_waits(workshop: Workshop) -> None:
    watch = Watch(workshop, "{every: 6h}")
    assert watch.tick() == [("texts", "schedule")]
    watch.clock.forward(hours=7)
    assert watch.tick() == [], "the first still waits"
    watch.end_all()
    assert watch.tick() == [("texts", "schedule")]
    watch.end_all()
    watch.clock.forward(hours=5, minutes=50)
    watch.worker.jobs.close()


def test_a_refresh_begins_when_the_sources_change(workshop: Workshop) -> None:
    watch = Watch(workshop, "{on_change: 5m}")
    assert watch.tick() == [("texts", "change")], "nobody knows what changed while no worker ran"
    watch.end_all()
    watch.clock.forward(minutes=6)
    assert watch.tick() == []
    workshop.write("documents/policies/leave.md", "# Leave\n\nThirty days.\n")
    assert watch.tick() == [], "it is looked at every five minutes"
    watch.clock.forward(minutes=6)
    assert watch.tick() == [("texts", "change")]
    watch.worker.jobs.close()


def test_a_job_that_was_given_up_counts_for_the_schedule(workshop: Workshop) -> None:
    watch = Watch(workshop, "{every: 6h}")
    assert watch.tick() == [("texts", "schedule")]
    watch.end_all()
    assert watch.tick() == [], "it does not begin again at once"
    watch.worker.jobs.close()


def test_a_clock_that_was_set_back_puts_nothing_off(workshop: Workshop) -> None:
    watch = Watch(workshop, "{every: 6h}")
    watch.tick()
    watch.end_all()
    watch.clock.forward(days=-400)
    assert watch.tick() == [("texts", "schedule")]
    watch.worker.jobs.close()


def test_a_cron_text_is_waited_for_from_the_time_that_a_clock_was_set_back_to(workshop: Workshop) -> None:
    watch = Watch(workshop, '{cron: "*/5 * * * *"}')
    watch.clock.forward(days=-400)
    assert watch.tick() == []
    watch.clock.forward(minutes=6)
    assert watch.tick() == [("texts", "schedule")]
    watch.worker.jobs.close()


def test_sources_are_looked_at_also_after_a_clock_was_set_back(workshop: Workshop) -> None:
    watch = Watch(workshop, "{on_change: 5m}")
    assert watch.tick() == [("texts", "change")]
    watch.end_all()
    watch.clock.forward(days=-1)
    workshop.write("documents/policies/leave.md", "# Leave\n\nThirty days.\n")
    assert watch.tick() == [("texts", "change")]
    watch.worker.jobs.close()


def test_a_refresh_on_change_that_failed_is_tried_again_ten_minutes_later(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(workshop, "{on_change: 10s}")
    watch.tick()
    with Jobs(watch.place) as jobs:
        job = jobs.latest()["texts"]
    watch.end_all()
    state = RefreshState("texts", "change", outcome="failed", why="the embedding server does not answer")
    failed = replace(job, state="done", ended_at=watch.clock(), result=state)
    monkeypatch.setattr(watch.worker.jobs, "latest", lambda **_: {"texts": failed})
    watch.clock.forward(minutes=9)
    assert watch.tick() == []
    watch.clock.forward(minutes=2)
    assert watch.tick() == [("texts", "change")], "no file changed since"
    watch.end_all()
    passed = replace(failed, result=replace(state, outcome="candidate"))
    monkeypatch.setattr(watch.worker.jobs, "latest", lambda **_: {"texts": passed})
    assert watch.tick() == []
    watch.worker.jobs.close()


def test_a_place_of_jobs_that_cannot_be_used_for_a_while_ends_no_worker(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(workshop, "{every: 6h}")

    def full(**_: object) -> dict[str, Job]:
        raise JobsUnreachableError(str(watch.place), "OperationalError")

    monkeypatch.setattr(watch.worker.jobs, "latest", full)
    assert (watch.tick(), watch.tick()) == ([], [])
    assert caplog.text.count("no refresh begins: jobs cannot be kept") == 1, "it is not said again every two seconds"
    monkeypatch.undo()
    assert watch.tick() == [("texts", "schedule")]
    watch.worker.jobs.close()


def test_a_worker_ends_when_its_job_is_kept_as_running_and_does_not_run(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, moment = Watch(workshop, "{every: 6h}"), [0.0]
    watch.worker._monotonic = lambda: moment[0]
    watch.worker.require_running()
    watch.tick()
    with Jobs(watch.place) as jobs:
        running = replace(jobs.latest()["texts"], state="running")
    monkeypatch.setattr(watch.worker.jobs, "running", lambda: running)
    watch.worker.require_running()
    moment[0] = 29.0
    watch.worker.require_running()
    with watch.worker._engine._running:
        moment[0] = 31.0
        watch.worker.require_running()
    watch.worker.require_running()
    moment[0] = 62.0
    with pytest.raises(JobLostError, match="texts"):
        watch.worker.require_running()
    watch.worker.jobs.close()


def test_whoever_waits_for_another_worker_is_the_worker_when_that_one_ends(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plimsoll.worker._now._LOOK_S", 0.05)
    settings, place = settings_in(workshop.home), JobsPlace("harbour", workshop.home / "jobs.db")
    other = Lease(place)
    assert other.take()
    job = refresh_now(place, settings, workshop.root, "texts", lambda _job: other.release())
    assert job.state == "done"
    assert job.result is not None
    assert job.result.outcome == "built"


def test_a_source_that_is_gone_begins_nothing_and_is_logged(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(workshop, "{on_change: 5m}")
    elsewhere = workshop.documents.rename(workshop.root / "elsewhere")
    assert watch.tick() == []
    assert "no refresh begins" in caplog.text
    elsewhere.rename(workshop.documents)
    watch.clock.forward(minutes=2)
    assert watch.tick() == [("texts", "change")], "it came back, and no project file was changed"
    watch.worker.jobs.close()


def test_a_project_with_mistakes_begins_nothing_and_the_worker_goes_on(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(workshop, "{every: 6h}")
    workshop.write("knowledge/texts.yaml", "sources: nowhere\n")
    assert (watch.tick(), watch.tick()) == ([], [])
    assert caplog.text.count("no refresh begins") == 1, "it is not said again every two seconds"
    workshop.write("knowledge/texts.yaml", f"{FILES['knowledge/texts.yaml']}refresh: {{every: 1h}}\n")
    assert watch.tick() == [("texts", "schedule")]
    watch.worker.jobs.close()


def test_a_worker_is_needed_where_something_is_scheduled_or_waits(workshop: Workshop) -> None:
    place = JobsPlace("harbour", workshop.home / "jobs.db")
    assert not worker_needed(place, workshop.root)
    assert not place.file.exists()
    with Jobs(place) as jobs:
        jobs.ask("texts", "command")
    assert worker_needed(place, workshop.root)
    with Jobs(place) as jobs:
        active = jobs.active("texts")
        assert active is not None
        jobs.end(active.id)
    assert not worker_needed(place, workshop.root)
    workshop.write("knowledge/texts.yaml", f"{FILES['knowledge/texts.yaml']}refresh: {{every: 6h}}\n")
    assert worker_needed(place, workshop.root)


def test_whoever_asks_is_the_worker_for_as_long_and_tells_how_it_ended(workshop: Workshop) -> None:
    settings, place = settings_in(workshop.home), JobsPlace("harbour", workshop.home / "jobs.db")
    seen: list[Job] = []
    job = refresh_now(place, settings, workshop.root, "texts", seen.append)
    assert job.state == "done"
    assert job.result is not None
    assert job.result.outcome == "built"
    assert all(one.id == job.id for one in seen)
    with Lease(place) as lease:
        assert lease.take(), "and is the worker no longer"


def test_a_second_worker_is_refused(workshop: Workshop) -> None:
    place = JobsPlace("harbour", workshop.home / "jobs.db")
    with Lease(place) as lease:
        assert lease.take()
        with (
            pytest.raises(WorkerBusyError, match="harbour"),
            Worker(place, settings_in(workshop.home), workshop.root),
        ):
            pytest.fail("there are two")


def test_a_worker_whose_lease_is_lost_ends(workshop: Workshop) -> None:
    watch = Watch(workshop, "{every: 6h}")
    watch.worker.run(threading.Event())  # it never had one, so this comes back


CHILD = """
import sys
from pathlib import Path
with Path(sys.argv[1]).open("a") as log:
    log.write("begun\\n")
while sys.stdin.read(1):
    pass
with Path(sys.argv[1]).open("a") as log:
    log.write("ended\\n")
"""
PARENT = """
import sys
from plimsoll.worker import beside
with beside([sys.executable, "-c", sys.argv[1], sys.argv[2]]):
    print("up", flush=True)
    sys.stdin.read()
"""


def test_a_process_beside_ends_with_the_one_that_began_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    command = [sys.executable, "-c", PARENT, CHILD, str(log)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        wait_for(log, "begun\n")
        parent.kill()
    wait_for(log, "begun\nended\n")


def test_a_process_beside_is_started_again_when_it_ends(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    note = "import sys; open(sys.argv[1], 'a').write('begun\\n')"
    with beside([sys.executable, "-W", "ignore", "-c", note, str(log)]):
        wait_for(log, "begun\nbegun\n")


def wait_for(log: Path, text: str) -> None:
    """Wait until a file says so; the test's own time limit ends a wait in vain."""
    pause = threading.Event()
    for _ in range(3000):
        if log.read_text().startswith(text):
            return
        pause.wait(0.02)
    pytest.fail(f"{log.read_text()!r}")
