"""What may stand in `evals/*.yaml`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from plimsoll.evaluation.scorers.choices import Choice, choice_content
from plimsoll.kernel.digest import Json

from .._fields import Confidence, Figure, Finite, Scorer, Text, check_unique, refuse
from ._section import Definition, Section

_CONFIDENCE = "a number from 0.5 to 0.9999, or `estimate`"


class ThresholdSection(Section):
    """A condition on one measure."""

    at_least: Finite | None = Field(None, description="a number", examples=["at_least: 0.8"])
    at_most: Finite | None = Field(None, description="a number", examples=["at_most: 2000"])
    confidence: Confidence | None = Field(None, description=_CONFIDENCE, examples=["confidence: 0.9"])

    @model_validator(mode="after")
    def _check_bounds(self) -> "ThresholdSection":
        if self.at_least is None and self.at_most is None:
            refuse("the threshold has no bound", "write {at_least: 0.8} or {at_most: 2000}")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            refuse("nothing can be at least and at most so much", "write one bound, or the lower one in `at_least`")
        return self


def _check_names(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    check_unique(tuple(choice.name for choice in choices))
    return choices


class SuiteDefinition(Definition):
    """`evals/*.yaml`: an evaluation."""

    dataset: str = Field(description="the name of a dataset", examples=["dataset: ask"])
    endpoint: str = Field(description="the name of an endpoint", examples=["endpoint: ask"])
    scorers: Annotated[tuple[Scorer, ...], AfterValidator(_check_names)] = Field(
        min_length=1, description="a list of at least one scorer", examples=["scorers: [answer_contains]"]
    )
    figures: Annotated[tuple[Figure, ...], AfterValidator(_check_names)] = Field(
        (), description="a list of figures of the whole run", examples=["figures: [macro_f1]"]
    )
    thresholds: Mapping[Text, ThresholdSection] = Field(
        {}, description="measures with their bounds", examples=["thresholds: {answer_contains: {at_least: 0.8}}"]
    )
    slices: Mapping[Text, Mapping[Text, ThresholdSection]] = Field(
        {}, description="tags of rows, each with thresholds", examples=["slices: {long: {token_f1: {at_least: 0.5}}}"]
    )
    confidence: Confidence = Field(0.95, description=_CONFIDENCE, examples=["confidence: 0.95", "confidence: estimate"])
    repeats: int = Field(1, ge=1, le=100, description="how often each row is asked, 1 to 100", examples=["repeats: 3"])
    seed: int = Field(0, ge=0, le=2**31, description="a whole number of at least 0", examples=["seed: 7"])

    def content(self) -> dict[str, Json]:
        """The canonical content; a threshold holds only the bounds that were given."""
        content: dict[str, Json] = self.model_dump(mode="json", exclude={"scorers", "figures", "thresholds", "slices"})
        content["scorers"] = [choice_content(choice) for choice in self.scorers]
        if self.figures:
            content["figures"] = [choice_content(choice, "figure") for choice in self.figures]
        slices: dict[str, Json] = {name: _bounds(bounds) for name, bounds in self.slices.items()}
        return {**content, "thresholds": _bounds(self.thresholds), **({"slices": slices} if slices else {})}


def _bounds(thresholds: Mapping[str, ThresholdSection]) -> dict[str, Json]:
    return {name: bound.model_dump(mode="json", exclude_none=True) for name, bound in thresholds.items()}
