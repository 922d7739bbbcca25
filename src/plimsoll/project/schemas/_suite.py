"""What may stand in `evals/*.yaml`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from plimsoll.kernel.digest import Json

from .._fields import Finite, Measure, Scorer, check_unique, refuse
from ._section import Definition, Section


class ThresholdSection(Section):
    """A condition on one measure."""

    at_least: Finite | None = Field(None, description="a number", examples=["at_least: 0.8"])
    at_most: Finite | None = Field(None, description="a number", examples=["at_most: 2000"])

    @model_validator(mode="after")
    def _check_bounds(self) -> "ThresholdSection":
        if self.at_least is None and self.at_most is None:
            refuse("the threshold has no bound", "write {at_least: 0.8} or {at_most: 2000}")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            refuse("nothing can be at least and at most so much", "write one bound, or the lower one in `at_least`")
        return self


class SuiteDefinition(Definition):
    """`evals/*.yaml`: an evaluation."""

    dataset: str = Field(description="the name of a dataset", examples=["dataset: ask"])
    endpoint: str = Field(description="the name of an endpoint", examples=["endpoint: ask"])
    scorers: Annotated[tuple[Scorer, ...], AfterValidator(check_unique)] = Field(
        min_length=1, description="a list of at least one scorer", examples=["scorers: [answer_contains]"]
    )
    thresholds: Mapping[Measure, ThresholdSection] = Field(
        {}, description="measures with their bounds", examples=["thresholds: {answer_contains: {at_least: 0.8}}"]
    )

    def content(self) -> dict[str, Json]:
        """The canonical content; a threshold holds only the bounds that were given."""
        content: dict[str, Json] = self.model_dump(mode="json", exclude={"thresholds"})
        bounds = {name: bound.model_dump(mode="json", exclude_none=True) for name, bound in self.thresholds.items()}
        return {**content, "thresholds": bounds}
