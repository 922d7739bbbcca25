"""The tests that stand in a policy's file: a text, and what must become of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from plimsoll.checks import NO_CONTEXT, Context
from plimsoll.kernel.digest import Json

from ._policy import Policy
from ._types import Action, Review, Stage


@dataclass(frozen=True, slots=True)
class Example:
    """A text at a stage, with the verdict that is expected."""

    text: str
    stage: Stage
    expect: Action
    becomes: str | None = None
    """The text as it must go on; None where that is not said."""
    context: Context = NO_CONTEXT
    """What the checks may know beside the text."""


@dataclass(frozen=True, slots=True)
class ExampleOutcome:
    """What became of an example."""

    number: int
    """From 1, in the order of the file."""
    example: Example
    review: Review

    @property
    def passed(self) -> bool:
        """Whether it is what was expected."""
        expected = self.example.becomes
        return self.review.action == self.example.expect and (expected is None or expected == self.review.text)

    @property
    def difference(self) -> str:
        """What is not as expected, in one sentence; empty when all is."""
        if self.review.action != self.example.expect:
            why = f" ({self.review.reason})" if self.review.reason else ""
            return f"expected {self.example.expect}, and it is {self.review.action}{why}"
        return "" if self.passed else "the text that goes on is not the one in `becomes`"


def examples_of(content: Json) -> Iterator[Example]:
    """The tests in a policy's content."""
    listed = content.get("tests") if isinstance(content, Mapping) else None
    for given in listed if isinstance(listed, list | tuple) else ():
        test = cast("Mapping[str, Any]", given)
        stage: Stage = test["on"]
        context = Context(
            stage, test.get("question") or "", test.get("instructions") or "", tuple(test.get("passages") or ())
        )
        yield Example(test["text"], stage, test["expect"], test.get("becomes"), context)


def run_examples(policy: Policy, content: Json) -> tuple[ExampleOutcome, ...]:
    """Every test of a policy's content, and what became of it."""
    return tuple(
        ExampleOutcome(
            number,
            example,
            policy.review(example.text, policy.stage_for(example.stage) or example.stage, example.context),
        )
        for number, example in enumerate(examples_of(content), start=1)
    )
