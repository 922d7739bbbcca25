"""Which models a key may use: a list of names as callers write them, in which `*` stands for anything.

What is asked of the list is the name of what would answer, never the text that a caller wrote: an endpoint by both of
its names (`my-app/ask` and `ask`), a route by the name that it serves. So no other spelling leads around it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from ._errors import ModelForbiddenError, ModelNameUnfitError, NoModelsError

__all__ = ["AllowedModels", "ModelForbiddenError", "model_names"]

_ANYTHING = "*"
_MOST_NAMES = 100
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class AllowedModels:
    """A list of names, ready to be asked. Whoever has no list may use everything."""

    names: tuple[str, ...]
    exact: frozenset[str]
    patterns: tuple[tuple[str, ...], ...]
    """What stands between the wildcards of each name that has some."""
    prefixes: tuple[str, ...]
    """How those names begin: most of what does not fit is told by that alone, in one step for all of them."""

    @classmethod
    def of(cls, names: Sequence[str]) -> Self | None:
        """The list for a key's names; None for a key that may use everything."""
        if not names:
            return None
        patterns = tuple(tuple(name.split(_ANYTHING)) for name in names if _ANYTHING in name)
        exact = frozenset(name for name in names if _ANYTHING not in name)
        return cls(tuple(names), exact, patterns, tuple(parts[0] for parts in patterns))

    def allows(self, *names: str) -> bool:
        """Whether something that is called by any of these names may be used."""
        for name in names:
            if name in self.exact:
                return True
            if name.startswith(self.prefixes):
                for parts in self.patterns:
                    if _fits(name, parts):
                        return True
        return False


def model_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names for a key as they are kept: each once, in order. Raises NoModelsError and ModelNameUnfitError.

    - There are 1 to 100, each of 1 to 200 printable characters without spaces, as in the files of routes.
    - A comma stands between names, so none has one; a served name with a comma is meant by a wildcard in its place.
    """
    checked = sorted({_checked(name) for name in names})
    if not checked:
        raise NoModelsError
    if len(checked) > _MOST_NAMES:
        raise ModelNameUnfitError(f"list of {len(checked)} models", f"may have {_MOST_NAMES} at most")
    return tuple(checked)


def _checked(name: str) -> str:
    if not name:
        raise ModelNameUnfitError("name of a model", "is empty")
    if len(name) > _LONGEST:
        raise ModelNameUnfitError("name of a model", f"has {len(name)} characters, and {_LONGEST} are the most")
    if not name.isprintable() or " " in name or "," in name:
        raise ModelNameUnfitError("name of a model", "has spaces, commas or characters that cannot be printed")
    return name


def _fits(name: str, parts: Sequence[str]) -> bool:
    """Whether a name is these parts in their order, with anything between them; one pass, whatever the pattern."""
    first, last = parts[0], parts[-1]
    at, end = len(first), len(name) - len(last)
    if at > end or not name.startswith(first) or not name.endswith(last):
        return False
    for part in parts[1:-1]:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
