"""Where a rollback goes: a rule over the moves of one environment, apart from any I/O."""

from collections.abc import Iterable

from plimsoll.kernel.digest import Digest

from ._types import EnvironmentMove


def rollback_target(moves: Iterable[EnvironmentMove]) -> Digest | None:
    """The release that a rollback makes live, from an environment's moves, oldest first; None when there is none.

    - A ship puts a release on top of the ones before it.
    - A rollback takes the top one off, so that rolling back twice goes back two ships.
    - A release that is shipped again after a rollback is on top again.
    - A split changes who meets the candidate, and nothing here.
    """
    stack: list[Digest] = []
    for move in moves:
        if move.move == "ship":
            stack.append(move.to_release)
        elif move.move == "rollback":
            stack.pop()
    return stack[-2] if len(stack) > 1 else None
