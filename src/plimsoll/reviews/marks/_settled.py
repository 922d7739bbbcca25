"""What the marks of several people say together."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ._types import Mark, Marked


@dataclass(frozen=True, slots=True)
class Settled:
    """What holds of one trigger."""

    about: Marked
    said: Literal["right", "wrong", "missed", "disputed"]
    """`disputed` where people do not agree; that is neither right nor wrong."""
    marks: tuple[Mark, ...]
    """The last word of each person, oldest first; without those who took it back."""


def settled(marks: Iterable[Mark]) -> tuple[Settled, ...]:
    """What holds of each trigger, in the order in which they were first marked.

    - Of each person the last word counts.
    - Where all of them say the same, that holds; where they do not, it is disputed.
    - A trigger of which everybody took back what they said is left out.
    """
    words: dict[tuple[str, ...], dict[str, Mark]] = {}
    for mark in sorted(marks, key=lambda one: one.sequence):
        words.setdefault((mark.about.app, *mark.about.place), {})[mark.actor] = mark
    return tuple(one for said in words.values() if (one := _together(said.values())) is not None)


def _together(said: Iterable[Mark]) -> Settled | None:
    standing = sorted((mark for mark in said if mark.said != "withdrawn"), key=lambda one: one.sequence)
    if not standing:
        return None
    first = standing[0].said
    agreed = first if first != "withdrawn" and all(mark.said == first for mark in standing) else "disputed"
    return Settled(standing[-1].about, agreed, tuple(standing))
