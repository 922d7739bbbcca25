"""How a suite names a scorer or a figure: by its name alone, or as a group with a name of its own and options.

`token_f1` and `{scorer: recall_at_k, name: recall_5, k: 5}`; figures say `figure` instead of `scorer`. Pure: nothing is
made, and options are not looked at.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from plimsoll.kernel.digest import Json

from ._errors import Kind, ScorerOptionsError

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a suite says of one scorer or figure."""

    of: str
    """The scorer's, or the figure's, name in the catalogue."""
    name: str
    """What the suite calls it, and thresholds name."""
    options: Mapping[str, Any] = field(default_factory=dict)


def read_choice(value: Json, kind: Kind = "scorer") -> Choice:
    """What a suite says. Raises ScorerOptionsError for anything but a name, or a group with one."""
    if isinstance(value, str):
        return Choice(_name(value, value, kind), value)
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ScorerOptionsError("?", f"a {kind} is a name, or a group of keys", _example(kind), kind)
    of = value.get(kind)
    if not isinstance(of, str):
        what = f"`{kind}` must be the name of a {kind}" if kind in value else f"`{kind}` is missing"
        raise ScorerOptionsError(str(value.get("name") or "?"), what, _example(kind), kind)
    given = value.get("name")
    name = of if given is None else given
    options = {key: each for key, each in value.items() if key not in {kind, "name"} and each is not None}
    return Choice(_name(of, of, kind), _name(name, of, kind), options)


def choice_content(choice: Choice, kind: Kind = "scorer") -> Json:
    """The canonical form, which `read_choice` reads back: the name alone where that says it all."""
    if choice.name == choice.of and not choice.options:
        return choice.of
    called: dict[str, Json] = {} if choice.name == choice.of else {"name": choice.name}
    return {kind: choice.of, **called, **{key: choice.options[key] for key in sorted(choice.options)}}


def _name(value: Any, of: str, kind: Kind) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        what = "a name is a small letter, then small letters, digits, `_` and `-`, at most 63"
        raise ScorerOptionsError(of or "?", what, _example(kind), kind)
    return value


def _example(kind: Kind) -> str:
    if kind == "scorer":
        return "write `token_f1`, or `{scorer: recall_at_k, name: recall_5, k: 5}`"
    return "write `macro_f1`, or `{figure: latency, name: latency_p99, share: 0.99}`"
