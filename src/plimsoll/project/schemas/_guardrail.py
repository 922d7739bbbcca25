"""What may stand in `guardrails/*.yaml`."""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from plimsoll.checks import CHECKS, CheckOptionsError, PatternInvalidError, make_check
from plimsoll.kernel.digest import Json

from .._fields import Finite, Text, check_unique, refuse
from .._mistakes import did_you_mean, shown
from ._section import Definition, Section

Stage = Literal["input", "retrieved", "tool_call", "output"]
Action = Literal["allow", "flag", "redact", "ask", "block"]
_STAGES = ", ".join(get_args(Stage))
_ACTIONS = ", ".join(get_args(Action))
_OWN = ("blocklist", "pattern")
"""Checks whose kinds the user names."""


def _known_check(name: str) -> str:
    if name not in CHECKS:
        refuse(f"there is no check {shown(name)}", did_you_mean(name, CHECKS, all_of_them="checks"))
    return name


def _known_kind(kind: str, info: ValidationInfo) -> str:
    check = str(info.data.get("check", ""))
    if CHECKS.get(check) and kind not in CHECKS[check]:
        refuse(f"{check} finds no {shown(kind)}", did_you_mean(kind, CHECKS[check], all_of_them="kinds"))
    return kind


def _only_for(info: ValidationInfo, key: str, checks: tuple[str, ...]) -> None:
    check = info.data.get("check")
    if check is not None and check not in checks:
        refuse(f"the check {check} takes no `{key}`", f"take it away; it is for {' and '.join(checks)}")


def _only_redacting(info: ValidationInfo, key: str) -> None:
    if info.data.get("action") not in {"redact", None}:
        refuse(f"nothing is redacted, and so `{key}` has no effect", "write `action: redact`, or take it away")


class CheckSection(Section):
    """One check of a guardrail: what it looks for, where, and what a finding leads to."""

    check: Annotated[str, AfterValidator(_known_check)] = Field(
        description=f"one of {', '.join(CHECKS)}", examples=["check: pii"]
    )
    kinds: Annotated[tuple[Annotated[str, AfterValidator(_known_kind)], ...], AfterValidator(check_unique)] = Field(
        (), description="a list of kinds that the check finds", examples=["kinds: [email, iban]"]
    )
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")] | None = Field(
        None,
        description="a name of lower-case letters, digits, `-` and `_` that begins with a letter",
        examples=["name: codename"],
    )
    words: Annotated[tuple[Text, ...], AfterValidator(check_unique)] = Field(
        (), validate_default=True, description="a list of words and phrases", examples=["words: [acme, zeus]"]
    )
    pattern: Text | None = Field(
        None,
        validate_default=True,
        description="an expression in RE2's syntax",
        examples=[r'pattern: "(?i)project\\s+atlas"'],
    )
    on: Annotated[tuple[Stage, ...], AfterValidator(check_unique)] = Field(
        min_length=1, description=f"a list of stages ({_STAGES})", examples=["on: [input, output]"]
    )
    action: Action = Field(description=f"one of {_ACTIONS}", examples=["action: redact"])
    at_least: Finite | None = Field(None, ge=0, le=1, description="a number from 0 to 1", examples=["at_least: 0.8"])
    replacement: str | None = Field(
        None, alias="with", max_length=200, description="text of at most 200 characters", examples=['with: "[NAME]"']
    )
    numbered: bool = Field(default=False, description="true or false", examples=["numbered: true"])

    @field_validator("kinds")
    @classmethod
    def _check_kinds(cls, kinds: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if kinds:
            _only_for(info, "kinds", tuple(name for name in CHECKS if name not in _OWN))
        return kinds

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name is not None:
            _only_for(info, "name", _OWN)
        return name

    @field_validator("words")
    @classmethod
    def _check_words(cls, words: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if words:
            _only_for(info, "words", ("blocklist",))
        if info.data.get("check") == "blocklist":
            _try_check("blocklist", {"words": list(words)})
        return words

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, pattern: str | None, info: ValidationInfo) -> str | None:
        if pattern is not None:
            _only_for(info, "pattern", ("pattern",))
        if info.data.get("check") == "pattern":
            _try_check("pattern", {"pattern": pattern})
        return pattern

    @field_validator("replacement")
    @classmethod
    def _check_replaces(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is not None:
            _only_redacting(info, "with")
        return text

    @field_validator("numbered")
    @classmethod
    def _check_numbers(cls, numbered: object, info: ValidationInfo) -> object:
        if numbered:
            _only_redacting(info, "numbered")
        return numbered


class TestSection(Section):
    """A text, and what must become of it."""

    __test__ = False

    text: Text = Field(description="text that is not empty", examples=["text: My number is 4111 1111 1111 1111"])
    on: Stage = Field(description=f"one stage ({_STAGES})", examples=["on: input"])
    expect: Action = Field(description=f"one of {_ACTIONS}", examples=["expect: redact"])
    becomes: str | None = Field(
        None, description="the text as it goes on", examples=['becomes: "My number is [CREDIT_CARD]"']
    )

    @field_validator("becomes")
    @classmethod
    def _check_goes_on(cls, becomes: str | None, info: ValidationInfo) -> str | None:
        if becomes is not None and info.data.get("expect") in {"block", "ask"}:
            refuse("a text that is stopped becomes nothing", "take `becomes` away")
        return becomes


class GuardrailDefinition(Definition):
    """`guardrails/*.yaml`: ordered checks with actions, and the tests that they must pass."""

    checks: tuple[CheckSection, ...] = Field(
        min_length=1,
        max_length=100,
        description="a list of 1 to 100 checks",
        examples=["checks: [{check: pii, on: [input, output], action: redact}]"],
    )
    tests: tuple[TestSection, ...] = Field(
        (), description="a list of tests", examples=["tests: [{text: …, on: input, expect: allow}]"]
    )

    def content(self) -> dict[str, Json]:
        """The canonical content, which `plimsoll.guardrails.Policy` reads; what is not given is absent."""
        content: dict[str, Json] = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return content


def _try_check(name: str, options: dict[str, Json]) -> None:
    try:
        make_check(name, options)
    except CheckOptionsError as error:
        refuse(error.what, error.hint)
    except PatternInvalidError as error:
        refuse(f"the pattern cannot be used: {error.reason}", error.hint)
