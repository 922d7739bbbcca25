"""Why an evaluation does not begin, or ends early."""

from collections.abc import Sequence

from plimsoll.evaluation import Run
from plimsoll.kernel.errors import BudgetError, NotFoundError


class SuiteMissingError(NotFoundError):
    """The project has no suite of that name."""

    code = "suite_missing"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        names = ", ".join(known) or "none"
        super().__init__(f"evals/ has no suite `{name}`", hint=f"the suites are: {names}")


class EvaluationStoppedError(BudgetError):
    """A budget was used up before every row was asked; what was answered until then is in `runs`."""

    code = "evaluation_stopped"

    def __init__(self, runs: tuple[Run, ...], why: BudgetError) -> None:
        rows = [row for run in runs for row in run.rows]
        left = sum(not row.observation.was_asked for row in rows)
        super().__init__(
            f"the evaluation stopped with {left} of {len(rows)} rows not asked: {why.message}",
            hint=f"{why.hint}; what was answered until then is kept",
            retry_after_s=why.retry_after_s,
        )
        self.runs = runs
