"""What is known of a check before it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from plimsoll.kernel.digest import Json

from .._types import Check

OptionType = Literal["text", "texts", "number", "whole", "switch", "group", "list"]


@dataclass(frozen=True, slots=True)
class Option:
    """Something that a policy can set of a check."""

    name: str
    type: OptionType
    says: str
    """What it must be; completes the sentence "must be …"."""
    example: str
    """What a person could write."""
    least: float | None = None
    """The smallest number, or the fewest texts."""
    most: float | None = None
    """The largest number, or the most texts."""
    choices: tuple[str, ...] = ()
    """The only texts that there are; empty for any."""
    required: bool = False
    beside: bool = False
    """Whether it stands beside `check` in a policy, and not in the group `options`."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a policy says to a check, read: names are known, types and limits are right."""

    name: str
    """What its findings are called, where the user may say it; else the name of the check."""
    kinds: tuple[str, ...]
    """The kinds that count; empty for all, or for those that the check finds where nobody says."""
    options: Mapping[str, Any]
    """By their names, those alone that were given; lists are tuples."""
    rule: Mapping[str, Json]
    """All of it, as it stands in the policy."""
    outside: Any = None
    """Whom it can ask, an `Outside` of `plimsoll.checks.outside`; None where there is nobody."""


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """A check that a policy can name. Plug-ins offer one under the entry point group `plimsoll.checks`.

    ```python
    ENTRY = CheckEntry("palindromes", "Finds palindromes.", ("palindrome",), (), lambda given: Palindromes())
    ```
    """

    name: str
    says: str
    """What it is for, in a sentence or two."""
    kinds: tuple[str, ...]
    """All that it can find; empty where the user names them."""
    options: tuple[Option, ...]
    make: Callable[[Given], Check]
    """Makes the check; cheap, and raises CheckOptionsError for options that do not go together."""
    named: bool = False
    """Whether the user may say what its findings are called."""
    reads_options: bool = False
    """Whether it reads `options` itself, and only their names are looked at before."""
    stages: tuple[str, ...] = ()
    """Where what it compares a text with is known; empty where it needs nothing beside the text."""
    by: str = ""
    """The package that brings it; empty for the built-in ones."""
