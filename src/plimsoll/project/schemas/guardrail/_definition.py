"""What may stand in `guardrails/*.yaml`."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, field_validator

from plimsoll.kernel.digest import Json

from ..._fields import NAME_PATTERN, Name, Text, check_unique, refuse
from .._section import Definition, Section
from ._rule import ACTIONS, ID_RULE, STAGES, Action, CheckSection, Id, OffSection, Stage, off_section

MOST_CHECKS = 100


class TestSection(Section):
    """A text, and what must become of it."""

    __test__ = False

    id: Id | None = Field(None, description=ID_RULE, examples=["id: card-goes"])
    text: Text = Field(description="text that is not empty", examples=["text: My number is 4111 1111 1111 1111"])
    on: Stage = Field(description=f"one stage ({STAGES})", examples=["on: input"])
    expect: Action = Field(description=f"one of {ACTIONS}", examples=["expect: redact"])
    becomes: str | None = Field(
        None, description="the text as it goes on", examples=['becomes: "My number is [CREDIT_CARD]"']
    )
    question: str | None = Field(None, description="what the person asked", examples=["question: Where is it?"])
    instructions: str | None = Field(
        None, description="what the model was told (its system prompt)", examples=["instructions: Be brief."]
    )
    passages: tuple[str, ...] = Field(
        (), description="a list of texts on which the answer is to rest", examples=["passages: [It is in Oslo.]"]
    )

    @field_validator("becomes")
    @classmethod
    def _check_goes_on(cls, becomes: str | None, info: ValidationInfo) -> str | None:
        if becomes is not None and info.data.get("expect") in {"block", "ask"}:
            refuse("a text that is stopped becomes nothing", "take `becomes` away")
        return becomes


def _read(section: type[CheckSection] | type[TestSection]) -> Callable[[Any], Section]:
    """What stands in a list: a section, or that an inherited one is taken away."""
    return lambda data: (
        off_section(data) if isinstance(data, dict) and data.get("off") is not None else section.model_validate(data)
    )


def _as_list(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


class GuardrailDefinition(Definition):
    """`guardrails/*.yaml`: ordered checks with actions, and the tests that they must pass."""

    extends: Annotated[tuple[Name, ...], AfterValidator(check_unique)] = Field(
        (),
        max_length=20,
        description=f"the name of a guardrail, or a list of names ({NAME_PATTERN})",
        examples=["extends: standard"],
    )
    checks: tuple[Annotated[CheckSection | OffSection, PlainValidator(_read(CheckSection))], ...] = Field(
        (),
        validate_default=True,
        max_length=MOST_CHECKS,
        description=f"a list of 1 to {MOST_CHECKS} checks",
        examples=["checks: [{check: pii, on: [input, output], action: redact}]"],
    )
    tests: tuple[Annotated[TestSection | OffSection, PlainValidator(_read(TestSection))], ...] = Field(
        (), description="a list of tests", examples=["tests: [{text: …, on: input, expect: allow}]"]
    )

    _one_name = field_validator("extends", mode="before")(_as_list)

    @field_validator("checks")
    @classmethod
    def _check_any(cls, checks: tuple[Section, ...], info: ValidationInfo) -> tuple[Section, ...]:
        if not checks and not info.data.get("extends", True):
            refuse("a guardrail needs a check", "write `checks: [{check: pii, on: [output], action: redact}]`")
        return checks

    def active_checks(self) -> tuple[CheckSection, ...]:
        """The checks, without what is only said to take inherited ones away."""
        return tuple(one for one in self.checks if isinstance(one, CheckSection))

    def content(self) -> dict[str, Json]:
        """The canonical content, which `plimsoll.guardrails.Policy` reads; what is not given is absent.

        It stands for itself: to be asked of a definition in which what it inherits has been put.
        """
        tests = [one for one in self.tests if isinstance(one, TestSection)]
        return {
            "checks": [_dumped(one, one.options) for one in self.active_checks()],
            "tests": [one.model_dump(mode="json", exclude_none=True) for one in tests],
        }


def _dumped(one: CheckSection, options: Mapping[str, Any] | None) -> dict[str, Json]:
    content: dict[str, Json] = one.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"options"})
    # As they stand: a null in a schema means something.
    return content if options is None else {**content, "options": options}
