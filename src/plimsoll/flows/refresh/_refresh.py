"""The steps in their order, each run through whoever remembers what came of it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from plimsoll.kernel.errors import PlimsollError
from plimsoll.project import Project

from ._build import build_step, look_step
from ._gate import gate_step
from ._release import release_step, ship_step
from ._types import RefreshParts, RefreshState

Step = Callable[[RefreshState, Project, RefreshParts], RefreshState]
Run = Callable[[str, Callable[[], RefreshState]], RefreshState]
"""Runs a step, given its name, or gives back what came of it when it was run before."""

STEPS: Final[tuple[tuple[str, Step], ...]] = (
    ("look", look_step),
    ("build", build_step),
    ("gate", gate_step),
    ("release", release_step),
    ("ship", ship_step),
)


def straight(_name: str, step: Callable[[], RefreshState]) -> RefreshState:
    """Run a step and remember nothing."""
    return step()


def refresh(state: RefreshState, project: Project, parts: RefreshParts, run: Run = straight) -> RefreshState:
    """Make a knowledge base anew, as its `refresh` section says; the state in which it ended.

    An expected error ends it with the outcome `failed`, its sentence and its hint. What is live changes only in the
    last step, in one transaction.
    """
    for name, step in STEPS:
        state = run(name, partial(_attempt, name, step, state, (project, parts)))
        if state.outcome:
            break
    return state


def _attempt(name: str, step: Step, state: RefreshState, given: tuple[Project, RefreshParts]) -> RefreshState:
    try:
        return replace(step(state, *given), step=name)
    except PlimsollError as error:
        return replace(state, step=name, outcome="failed", why=error.message, hint=error.hint)
