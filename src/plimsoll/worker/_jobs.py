"""Asking for jobs, and looking at them, from any process."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from msgspec import ValidationError, convert

from plimsoll.flows.refresh import RefreshState
from plimsoll.kernel.ids import new_trace_id

from ._place import FORMAT, PROGRESS, WORKFLOW, JobsPlace
from ._store import reaching
from ._types import Job, JobState, Progress

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

_STATES: Final[Mapping[str, JobState]] = {
    "ENQUEUED": "waiting",
    "DELAYED": "waiting",
    "PENDING": "running",
    "SUCCESS": "done",
}
_ACTIVE: Final = ["ENQUEUED", "DELAYED", "PENDING"]
_MS: Final = 1000


class Jobs(AbstractContextManager["Jobs"]):
    """The jobs of one application.

    Every method raises WorkerPartsMissingError where the library of the worker is not installed, and
    JobsUnreachableError.
    """

    def __init__(self, place: JobsPlace) -> None:
        self._place = place
        self._opened: DBOSClient | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _client(self) -> "DBOSClient":
        if self._opened is None:
            with reaching(str(self._place)):
                self._opened = self._place.client()
        return self._opened

    def ask(self, knowledge: str, asked_by: str) -> tuple[Job, bool]:
        """A refresh of a knowledge base, and whether it is a new one: while one waits or runs, that one is joined."""
        from dbos import WorkflowHandle, error

        while True:
            try:
                with reaching(str(self._place)):
                    handle: WorkflowHandle[Any] = self._client.enqueue(
                        {
                            "workflow_id": f"{self._place.mark}{new_trace_id()}",
                            "queue_name": self._place.queue,
                            "workflow_name": WORKFLOW,
                            "app_version": FORMAT,
                            "deduplication_id": knowledge,
                        },
                        knowledge,
                        asked_by,
                    )
            except error.DBOSQueueDeduplicatedError:
                # The one that was in the way may have ended by now; then this one is asked for again.
                if active := self.active(knowledge):
                    return active, False
            else:
                return self.job(handle.workflow_id), True

    def job(self, job_id: str) -> Job:
        """A job with its finished steps and its progress. Raises LookupError when it was forgotten."""
        with reaching(str(self._place)):
            found = self._client.list_workflows(workflow_ids=[job_id])
            if not found:
                raise LookupError(job_id)
            job = read_job(found[0])
            steps = self._client.list_workflow_steps(job_id)
            progress = self._client.get_event(job_id, PROGRESS, 0) if job.is_active else None
        names = tuple(step["function_name"] for step in steps if not step["function_name"].startswith("DBOS."))
        return _with(job, names, progress)

    def active(self, knowledge: str) -> Job | None:
        """The job of a knowledge base that waits or runs. Makes no database where there is none."""
        if not self._place.exists:
            return None
        found = self._list(status=_ACTIVE, newest=None)
        return next((self.job(job.id) for job in found if job.knowledge == knowledge), None)

    def running(self) -> Job | None:
        """The job that is kept as running. Makes no database where there is none."""
        found = self._list(status=["PENDING"], newest=1) if self._place.exists else []
        return found[0] if found else None

    def waiting(self) -> bool:
        """Whether any job waits or was left unfinished. Makes no database where there is none."""
        return self._place.exists and bool(self._list(status=_ACTIVE, newest=1))

    def latest(self, newest: int = 200, *, until: datetime | None = None) -> dict[str, Job]:
        """The newest job of each knowledge base, of the newest jobs.

        Ended ones that were asked for after `until` are left out: a clock was wrong then.
        """
        if not self._place.exists:
            return {}
        found: dict[str, Job] = {}
        for job in self._list(status=None, newest=newest):
            if job.is_active or until is None or job.asked_at <= until:
                found.setdefault(job.knowledge, job)
        return {name: self.job(job.id) if job.is_active else job for name, job in found.items()}

    def last_ended(self, knowledge: str) -> RefreshState | None:
        """How the newest refresh of a knowledge base ended that did end."""
        found = self._list(status=["SUCCESS"], newest=None)
        return next((job.result for job in found if job.knowledge == knowledge and job.result), None)

    def forget_old(self, keep: int) -> None:
        """Forget every ended job but the newest ones."""
        ended = [job.id for job in self._list(status=None, newest=None) if not job.is_active]
        if len(ended) > keep:
            with reaching(str(self._place)):
                self._client.delete_workflows(ended[keep:])

    def end(self, job_id: str) -> None:
        """Give a job up: one that waits never begins, and one that runs ends where it next says how far it is."""
        with reaching(str(self._place)):
            self._client.cancel_workflow(job_id)

    def end_unreadable(self) -> None:
        """End jobs that were begun by another version of Plimsoll and that nobody can take up any more."""
        with reaching(str(self._place)):
            stuck = self._client.list_workflows(queue_name=self._place.queue, status=_ACTIVE)
            if ids := [status.workflow_id for status in stuck if status.app_version not in {FORMAT, None}]:
                self._client.cancel_workflows(ids)

    def close(self) -> None:
        """Let go of the database."""
        if self._opened is not None:
            self._opened.destroy()
            self._opened = None

    def _list(self, *, status: list[str] | None, newest: int | None) -> list[Job]:
        with reaching(str(self._place)):
            # Not by the queue: jobs that were given up have left it, and would begin again at once if nobody knew them.
            found = self._client.list_workflows(
                workflow_id_prefix=self._place.mark, name=WORKFLOW, status=status, limit=newest, sort_desc=True
            )
        return [read_job(one) for one in found]


def read_job(status: "WorkflowStatus") -> Job:
    """What DBOS remembers of a job."""
    arguments: Any = status.input["args"] if status.input else ("", "")
    state = _STATES.get(status.status, "fault")
    return Job(
        id=status.workflow_id,
        knowledge=arguments[0],
        asked_by=arguments[1],
        asked_at=_moment(status.created_at) or datetime.fromtimestamp(0, UTC),
        state=state,
        ended_at=None if state in {"waiting", "running"} else _moment(status.updated_at),
        result=_result(status.output) if state == "done" else None,
        restarts=max(0, (status.recovery_attempts or 0) - 1),
        fault=_fault(status) if state == "fault" else "",
    )


def _with(job: Job, steps: tuple[str, ...], progress: object) -> Job:
    try:
        return replace(job, steps=steps, progress=convert(progress, Progress) if progress else None)
    except ValidationError:
        return replace(job, steps=steps)


def _result(output: object) -> RefreshState | None:
    try:
        return convert(output, RefreshState)
    except ValidationError:  # of another version of Plimsoll
        return None


def _fault(status: "WorkflowStatus") -> str:
    return str(status.error) if status.error else status.status.lower().replace("_", " ")


def _moment(epoch_ms: int | None) -> datetime | None:
    return None if epoch_ms is None else datetime.fromtimestamp(epoch_ms / _MS, UTC)
