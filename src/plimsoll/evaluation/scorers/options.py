"""What can be set of a scorer or a figure, and reading what a suite sets: unknown names and wrong values are told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from plimsoll.kernel.digest import Json
from plimsoll.kernel.words import nearest

from ._errors import Kind, ScorerOptionsError

Options = Mapping[str, Any]
"""Options that were read: all of them, those that a suite leaves out with their defaults; lists are tuples."""

_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Option:
    """Something that a suite can set."""

    name: str
    says: str
    """What it must be; completes the sentence "must be …"."""
    example: str
    """What a person could write."""
    holds: Callable[[Any], bool]
    """Whether a value can be what it is set to."""
    default: Any = None
    required: bool = False


def whole(name: str, default: int | None, *, least: int = 1, most: int = _MOST) -> Option:
    """A whole number."""
    example = f"{name}: {default or max(5, least)}"
    return Option(
        name, f"a whole number from {least} to {most}", example, lambda value: _is_whole(value, least, most), default
    )


def number(name: str, default: float | None, *, least: float, most: float) -> Option:
    """A number."""
    says = f"a number from {least:g} to {most:g}"
    return Option(
        name,
        says,
        f"{name}: {default if default is not None else most:g}",
        lambda value: _is_number(value, least, most),
        default,
    )


def choice(name: str, choices: Sequence[str], default: str) -> Option:
    """One of some words; the first that comes is no default by itself."""
    return Option(
        name, f"one of {', '.join(choices)}", f"{name}: {choices[-1]}", lambda value: value in choices, default
    )


def switch(name: str, *, default: bool) -> Option:
    """Yes or no."""
    return Option(
        name, "true or false", f"{name}: {str(not default).lower()}", lambda value: isinstance(value, bool), default
    )


def text(name: str, example: str, default: str = "", *, required: bool = False) -> Option:
    """Words that are not empty."""
    return Option(name, "text that is not empty", f"{name}: {example}", _is_text, default, required)


def texts(name: str, example: str) -> Option:
    """A list of texts."""
    return Option(name, "a list of at least one text", f"{name}: {example}", _are_texts, ())


def group(name: str, example: str) -> Option:
    """A group of keys."""
    return Option(name, "a group of keys", f"{name}: {example}", lambda value: isinstance(value, Mapping), {})


def read_options(of: str, known: Sequence[Option], given: Mapping[str, Json], kind: Kind = "scorer") -> dict[str, Any]:
    """What a suite sets, with defaults for the rest; null is the same as leaving it out. Raises ScorerOptionsError."""
    names = [option.name for option in known]
    for name in given:
        if name not in names:
            _unknown(of, str(name), names, kind)
    return {option.name: _read(of, option, given.get(option.name), kind) for option in known}


def _unknown(of: str, name: str, names: Sequence[str], kind: Kind) -> NoReturn:
    what = f"it has no option {name[:80]!r}"
    if not names:
        raise ScorerOptionsError(of, what, f"take it away: this {kind} has no options", kind)
    near = nearest(name, names)
    listed = f"options: {', '.join(names)}"
    raise ScorerOptionsError(of, what, f"did you mean `{near}`? {listed}" if near else listed, kind)


def _read(of: str, option: Option, value: Json, kind: Kind) -> Any:
    if value is None:
        if option.required:
            raise ScorerOptionsError(of, f"`{option.name}` is missing", f"write `{option.example}`", kind)
        return option.default
    if not option.holds(value):
        what = f"`{option.name}` must be {option.says}"
        raise ScorerOptionsError(of, what, f"write `{option.example}`", kind)
    return tuple(value) if isinstance(value, list) else value


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_number(value: Any, least: float, most: float) -> bool:
    # NaN is not between any two numbers.
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(_is_text(one) for one in value)
