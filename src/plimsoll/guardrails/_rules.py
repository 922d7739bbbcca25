"""What a policy says: reading its content."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from plimsoll.checks import Check, make_check
from plimsoll.checks.catalogue import check_entry, check_names
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import InvalidError, NotFoundError

from ._errors import PolicyInvalidError
from ._exemptions import Exemption, read_exemption
from ._types import ACTIONS, STAGES, Action, Stage

_OPTIONS = frozenset({"kinds", "name", "words", "pattern", "options"})
_KEYS = _OPTIONS | {
    *("id", "check", "on", "action", "at_least", "with", "numbered", "restore", "on_error", "timeout_s", "exceptions"),
}
_ON_ERROR: tuple[Action, ...] = ("flag", "ask", "block")
_EXCEPTION = 'write `exceptions: [{actors: [tester], until: 2027-03-31, reason: "load test"}]`'
MOST_RULES = 100
_MOST_REPLACEMENT = 200
MOST_SECONDS = 600.0
WAITS_S = 10.0
"""How long a check that asks somebody else may take, where the policy does not say it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of a policy: where it looks, and what its findings lead to."""

    check: Check
    stages: tuple[Stage, ...]
    action: Action
    at_least: float = 0.0
    """Findings that are less sure do not count."""
    replacement: str | None = None
    """What stands in place of a redacted text; None for `[KIND]`."""
    numbered: bool = False
    """Whether the same text gets the same number: `[EMAIL_1]`, `[EMAIL_2]`."""
    restore: bool = False
    """Whether the caller gets back what was taken out of the input, where the answer names its placeholder."""
    on_error: Action = "block"
    """What follows when the check gives no answer: never that it counts as passed."""
    timeout_s: float | None = None
    """After so many seconds there is no answer; None for a check that cannot hang."""
    exemptions: tuple[Exemption, ...] = ()
    id: str = ""
    """What other policies call it, where they inherit it; empty where it has no name."""

    @property
    def waits(self) -> bool:
        """Whether the check asks somebody else, or may take long."""
        return self.timeout_s is not None


def read_rules(name: str, content: Json, checks: Mapping[str, Check], outside: object | None = None) -> Iterator[Rule]:
    """The rules in a policy's content; `outside` is for checks that ask somebody else. Raises PolicyInvalidError."""
    listed = content.get("checks") if isinstance(content, Mapping) else None
    if not isinstance(listed, list | tuple) or not 1 <= len(listed) <= MOST_RULES:
        raise PolicyInvalidError(
            name, "", f"`checks` must be a list of 1 to {MOST_RULES} checks", "write `checks: [{check: pii, …}]`"
        )
    for number, given in enumerate(listed, start=1):
        yield _Reader(name, f"check {number}", given).rule(checks, outside)


class _Reader:
    def __init__(self, name: str, place: str, given: Any) -> None:
        self._name = name
        self._place = place
        if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
            raise self._wrong("it must be a group of keys", "write `{check: pii, on: [output], action: redact}`")
        self._given: Mapping[str, Any] = given
        unknown = sorted(set(given) - _KEYS)
        if unknown:
            raise self._wrong(f"there is no key `{unknown[0]}`", f"keys: {', '.join(sorted(_KEYS))}")

    def rule(self, checks: Mapping[str, Check], outside: object | None) -> Rule:
        check = self._check(checks, outside)
        restore = self._given.get("restore") is True
        return Rule(
            check,
            self._stages(checks),
            self._action(),
            self._at_least(),
            self._replacement(),
            numbered=self._given.get("numbered") is True or restore,
            restore=restore,
            on_error=self._on_error(),
            timeout_s=self._timeout_s(check),
            exemptions=self._exemptions(),
            id=str(self._given.get("id") or ""),
        )

    def _check(self, checks: Mapping[str, Check], outside: object | None) -> Check:
        called = self._given.get("check")
        if not isinstance(called, str):
            raise self._wrong("`check` is missing", f"write one of {', '.join([*check_names(), *checks])}")
        if called in checks:
            return checks[called]
        try:
            return make_check(called, self._given, outside)
        except (InvalidError, NotFoundError) as error:
            raise self._wrong(error.message, error.hint) from error

    def _stages(self, checks: Mapping[str, Check]) -> tuple[Stage, ...]:
        called = str(self._given.get("check"))
        possible = () if called in checks else check_entry(called).stages
        stages = self._given.get("on") or possible or STAGES
        if not isinstance(stages, list | tuple) or not all(stage in STAGES for stage in stages):
            raise self._wrong("`on` must be a list of stages", f"stages: {', '.join(STAGES)}")
        cannot = [stage for stage in stages if possible and stage not in possible]
        if cannot:
            raise self._wrong(
                f"{called} cannot look at `{cannot[0]}`, where nothing is known that it could compare a text with",
                f"its stages: {', '.join(possible)}",
            )
        return cast("tuple[Stage, ...]", tuple(dict.fromkeys(stages)))

    def _action(self) -> Action:
        action = self._given.get("action")
        if action not in ACTIONS:
            raise self._wrong("`action` must be one that there is", f"actions: {', '.join(ACTIONS)}")
        return cast("Action", action)

    def _at_least(self) -> float:
        least = self._given.get("at_least")
        if least is None:
            return 0.0
        if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 1:
            raise self._wrong("`at_least` must be a number from 0 to 1", "write `at_least: 0.8`")
        return float(least)

    def _on_error(self) -> Action:
        action = self._given.get("on_error", "block")
        if action not in _ON_ERROR:
            raise self._wrong(
                "`on_error` must be one that there is",
                f"one of {', '.join(_ON_ERROR)}; a failure never counts as passed",
            )
        return cast("Action", action)

    def _timeout_s(self, check: Check) -> float | None:
        given = self._given.get("timeout_s")
        if given is None:
            return WAITS_S if getattr(check, "waits", False) else None
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= MOST_SECONDS:
            raise self._wrong(
                f"`timeout_s` must be a number of seconds, above 0 and at most {MOST_SECONDS:g}", "write `timeout_s: 5`"
            )
        return float(given)

    def _exemptions(self) -> tuple[Exemption, ...]:
        listed = self._given.get("exceptions") or ()
        if not isinstance(listed, list | tuple):
            raise self._wrong("`exceptions` must be a list", _EXCEPTION)
        try:
            return tuple(read_exemption(one) for one in listed)
        except ValueError as error:
            raise self._wrong(str(error), _EXCEPTION) from error

    def _replacement(self) -> str | None:
        text = self._given.get("with")
        if text is None:
            return None
        if not isinstance(text, str) or len(text) > _MOST_REPLACEMENT:
            raise self._wrong(
                f"`with` must be text of at most {_MOST_REPLACEMENT} characters", 'write `with: "[NAME]"`'
            )
        return text

    def _wrong(self, what: str, instead: str) -> PolicyInvalidError:
        return PolicyInvalidError(self._name, self._place, what, instead)
