"""The tests that stand in guardrails: what does not pass them is not built; and exceptions that have ended."""

from collections.abc import Iterator, Mapping
from datetime import date

from plimsoll.guardrails import ExampleOutcome, Policy, run_examples
from plimsoll.kernel.errors import GateError
from plimsoll.project import Project


class GuardrailTestsFailedError(GateError):
    """Texts that stand as tests in guardrails do not become what is written there."""

    code = "guardrail_tests_failed"

    def __init__(self, failed: Mapping[str, tuple[ExampleOutcome, ...]]) -> None:
        count = sum(map(len, failed.values()))
        first, outcomes = next(iter(failed.items()))
        super().__init__(
            f"{count} {'test' if count == 1 else 'tests'} of guardrails failed; the first is test {outcomes[0].number} "
            f"of guardrails/{first}.yaml: {outcomes[0].difference}",
            hint="see all of them with `plimsoll guardrail test`, and correct the checks or the tests",
        )
        self.failed = failed


def try_guardrails(project: Project, *, outside: object | None = None) -> None:
    """Run every test of every guardrail, those that it inherits too.

    `outside` is an `Outside` of `plimsoll.checks.outside`; without it checks that ask somebody else give no answer.
    Raises GuardrailTestsFailedError, and PolicyInvalidError.
    """
    failed: dict[str, tuple[ExampleOutcome, ...]] = {}
    for name, guardrail in project.guardrails.items():
        content = guardrail.content()
        outcomes = run_examples(Policy.from_json(name, content, outside=outside), content)
        wrong = tuple(outcome for outcome in outcomes if not outcome.passed)
        if wrong:
            failed[name] = wrong
    if failed:
        raise GuardrailTestsFailedError(failed)


def ended_exceptions(project: Project, today: date) -> Iterator[str]:
    """A sentence for each exception that no longer holds: it does nothing, and can be taken out of its file."""
    for name, guardrail in project.guardrails.items():
        for check in guardrail.active_checks():
            for exception in check.exceptions:
                if date.fromisoformat(exception.until) < today:
                    called = f"`{check.id}`" if check.id else check.check
                    yield (
                        f"guardrails/{name}.yaml: an exception from {called} ended on {exception.until} "
                        f"({exception.reason}); the check holds for all again"
                    )
