"""The tests that stand in guardrails: what does not pass them is not built."""

from collections.abc import Mapping

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


def try_guardrails(project: Project) -> None:
    """Run every test of every guardrail. Raises GuardrailTestsFailedError, and PolicyInvalidError."""
    failed: dict[str, tuple[ExampleOutcome, ...]] = {}
    for name, guardrail in project.guardrails.items():
        content = guardrail.content()
        outcomes = run_examples(Policy.from_json(name, content), content)
        wrong = tuple(outcome for outcome in outcomes if not outcome.passed)
        if wrong:
            failed[name] = wrong
    if failed:
        raise GuardrailTestsFailedError(failed)
