"""What may stand in the list `checks` of `guardrails/*.yaml`."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from plimsoll.checks import (
    CheckOptionsError,
    CheckPlugInError,
    CheckUnknownError,
    KindUnknownError,
    PatternInvalidError,
    make_check,
)
from plimsoll.checks.catalogue import CheckEntry, check_entry, check_names

from ..._errors import did_you_mean, shown
from ..._fields import SENTENCE, Finite, Text, check_unique, refuse
from .._section import Section

Stage = Literal["input", "retrieved", "tool_call", "tool_result", "output"]
Action = Literal["allow", "flag", "redact", "ask", "block"]
OnError = Literal["block", "ask", "flag"]
STAGES = ", ".join(get_args(Stage))
ACTIONS = ", ".join(get_args(Action))

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
ID_RULE = "a name of lower-case letters, digits, `-` and `_` that begins with a letter or digit"
_TRIED = ("kinds", "name", "words", "pattern")
"""Keys that shape a check beside its options; where one of them is wrong the options are not looked at."""
_NAMED = ("blocklist", "pattern")


def _known_check(name: str) -> str:
    try:
        check_entry(name)
    except CheckUnknownError:
        refuse(f"there is no check {shown(name)}", did_you_mean(name, check_names(), all_of_them="checks"))
    except CheckPlugInError as error:
        refuse(error.message, error.hint)
    return name


def _entry(info: ValidationInfo) -> CheckEntry | None:
    """What is known of the check that the section names; None where it names none that there is."""
    name = info.data.get("check")
    return None if name is None else check_entry(name)


def _known_kind(kind: str, info: ValidationInfo) -> str:
    entry = _entry(info)
    if entry is not None and entry.kinds and kind not in entry.kinds:
        refuse(f"{entry.name} finds no {shown(kind)}", did_you_mean(kind, entry.kinds, all_of_them="kinds"))
    return kind


def _possible(stage: Stage, info: ValidationInfo) -> Stage:
    entry = _entry(info)
    if entry is not None and entry.stages and stage not in entry.stages:
        refuse(
            f"{entry.name} cannot look at `{stage}`, where nothing is known that it could compare a text with",
            f"its stages: {', '.join(entry.stages)}",
        )
    return stage


def _takes(info: ValidationInfo, key: str, allowed: bool, whose: str) -> None:  # noqa: FBT001  # it is what is asked
    entry = _entry(info)
    if entry is not None and not allowed:
        refuse(f"the check {entry.name} takes no `{key}`", f"take it away; it is for {whose}")


def _only_redacting(info: ValidationInfo, key: str) -> None:
    if info.data.get("action") not in {"redact", None}:
        refuse(f"nothing is redacted, and so `{key}` has no effect", "write `action: redact`, or take it away")


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        refuse(f"{shown(text)} is no day", "write the last day on which it holds: until: 2027-03-31")
    return text


class ExceptionSection(Section):
    """Whom a check leaves alone, where, and until when."""

    actors: Annotated[tuple[Text, ...], AfterValidator(check_unique)] = Field(
        (), description="a list of names of actors", examples=["actors: [load-test]"]
    )
    endpoints: Annotated[tuple[Text, ...], AfterValidator(check_unique)] = Field(
        (), validate_default=True, description="a list of names of endpoints", examples=["endpoints: [ask]"]
    )
    until: Annotated[str, AfterValidator(_day)] = Field(
        description="the last day (UTC) on which it holds", examples=["until: 2027-03-31"]
    )
    reason: Text = Field(description="text that is not empty", examples=["reason: load test of March"])

    @field_validator("endpoints")
    @classmethod
    def _check_whom(cls, endpoints: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not endpoints and not info.data.get("actors", True):
            refuse("an exception for everybody would leave nothing of the check", "write `actors` or `endpoints`")
        return endpoints


class CheckSection(Section):
    """One check of a guardrail: what it looks for, where, and what a finding leads to."""

    id: Id | None = Field(None, description=ID_RULE, examples=["id: no-secrets"])
    check: Annotated[str, AfterValidator(_known_check)] = Field(
        description=f"one of {', '.join(check_names())}", examples=["check: pii"]
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
    options: Mapping[str, Any] | None = Field(
        None,
        validate_default=True,
        description="a group with the options of the check",
        examples=["options: {hosts: [example.org]}"],
    )
    on: Annotated[tuple[Annotated[Stage, AfterValidator(_possible)], ...], AfterValidator(check_unique)] = Field(
        min_length=1, description=f"a list of stages ({STAGES})", examples=["on: [input, output]"]
    )
    action: Action = Field(description=f"one of {ACTIONS}", examples=["action: redact"])
    at_least: Finite | None = Field(None, ge=0, le=1, description="a number from 0 to 1", examples=["at_least: 0.8"])
    replacement: str | None = Field(
        None, alias="with", max_length=200, description="text of at most 200 characters", examples=['with: "[NAME]"']
    )
    numbered: bool = Field(default=False, description="true or false", examples=["numbered: true"])
    restore: bool = Field(default=False, description="true or false", examples=["restore: true"])
    on_error: OnError = Field("block", description="one of block, ask, flag", examples=["on_error: block"])
    timeout_s: Finite | None = Field(
        None, gt=0, le=600, description="a number of seconds above 0 and at most 600", examples=["timeout_s: 5"]
    )
    exceptions: tuple[ExceptionSection, ...] = Field(
        (),
        max_length=100,
        description="a list of exceptions",
        examples=["exceptions: [{actors: [load-test], until: 2027-03-31, reason: …}]"],
    )

    @field_validator("kinds")
    @classmethod
    def _check_kinds(cls, kinds: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        entry = _entry(info)
        if kinds and entry is not None:
            _takes(info, "kinds", bool(entry.kinds), "checks that have kinds of their own")
        return kinds

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str | None, info: ValidationInfo) -> str | None:
        entry = _entry(info)
        if name is not None and entry is not None:
            _takes(info, "name", entry.named, " and ".join(_NAMED))
        return name

    @field_validator("words")
    @classmethod
    def _check_words(cls, words: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if words:
            _takes(info, "words", info.data.get("check") == "blocklist", "blocklist")
        if info.data.get("check") == "blocklist":
            _try("blocklist", {"words": list(words)})
        return words

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, pattern: str | None, info: ValidationInfo) -> str | None:
        if pattern is not None:
            _takes(info, "pattern", info.data.get("check") == "pattern", "pattern")
        if info.data.get("check") == "pattern":
            _try("pattern", {"pattern": pattern})
        return pattern

    @field_validator("options")
    @classmethod
    def _check_options(cls, options: Mapping[str, Any] | None, info: ValidationInfo) -> Mapping[str, Any] | None:
        entry = _entry(info)
        tried = entry is not None and all(key in info.data for key in _TRIED)
        if entry is not None and tried and entry.name not in _NAMED and (options or entry.options):
            _try(entry.name, {"kinds": list(info.data["kinds"]), "options": options})
        elif options and entry is not None and entry.name in _NAMED:
            refuse(f"the check {entry.name} takes no `options`", "take it away")
        return options

    @field_validator("replacement")
    @classmethod
    def _check_replaces(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is not None:
            _only_redacting(info, "with")
        return text

    @field_validator("numbered", "restore")
    @classmethod
    def _check_numbers(cls, wanted: object, info: ValidationInfo) -> object:
        if wanted:
            _only_redacting(info, str(info.field_name))
        if wanted and info.field_name == "restore" and "input" not in info.data.get("on", ("input",)):
            refuse(
                "only what was taken out of the input can be put back, and so `restore` has no effect",
                "add `input` to `on`, or take it away",
            )
        return wanted


class OffSection(Section):
    """A check or a test that is inherited and taken away."""

    id: Id
    off: Literal[True]
    reason: Text


def off_section(data: Mapping[str, Any]) -> OffSection:
    """What says that something inherited is taken away; a mistake is told in a sentence of its own."""
    example = 'write `{id: NAME, off: true, reason: "…"}`'
    more = [key for key in data if key not in OffSection.model_fields]
    if data["off"] is not True:
        refuse("`off` must be true", f"{example}, or take `off` away")
    if more:
        refuse(f"what is taken away has no `{shown(more[0])[1:-1]}`", example)
    for key in ("id", "reason"):
        if not isinstance(data.get(key), str) or not data[key].strip():
            refuse(f"what is taken away needs {'its' if key == 'id' else 'a'} `{key}`", example)
    return OffSection.model_validate(data)


def _try(name: str, said: dict[str, Any]) -> None:
    """Make the check as it is described; what is wrong is told at the option that it is about."""
    try:
        make_check(name, said)
    except CheckOptionsError as error:
        what = error.what if name in _NAMED else f"{name}: {error.what}"
        _refuse_at(error.option, said, what, error.hint)
    except PatternInvalidError as error:
        refuse(f"the pattern cannot be used: {error.reason}", error.hint)
    except (CheckPlugInError, KindUnknownError) as error:
        refuse(error.message, error.hint)


def _refuse_at(option: str, said: dict[str, Any], what: str, instead: str) -> None:
    if option not in (said.get("options") or ()):
        refuse(what, instead)
    wrong = PydanticCustomError(SENTENCE, "{what}", {"what": what, "instead": instead})
    raise ValidationError.from_exception_data("options", [InitErrorDetails(type=wrong, loc=(option,), input=None)])
