"""What a job does: the flow, with the project and the platform as they are now."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from plimsoll.flows.refresh import RefreshParts, RefreshState, Run, refresh
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import PlimsollError, UnavailableError
from plimsoll.settings import Settings

from ._types import Tell

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform


@dataclass(frozen=True, slots=True)
class Performer:
    """Refreshes knowledge bases of a project folder. Every job reads the project's files again."""

    root: Path
    settings: Settings

    def refresh(self, state: RefreshState, run: Run, tell: Tell, last: RefreshState | None = None) -> RefreshState:
        """Make one knowledge base anew; `last` is how the refresh before ended."""
        from plimsoll.bootstrap import open_platform
        from plimsoll.project import load_project

        try:
            project = load_project(self.root)
            platform = open_platform(self.settings, self.root)
            try:
                ended = refresh(state, project, _parts(platform, tell, last), run)
            finally:
                _close(platform)
        except PlimsollError as error:
            # Of reading the project and opening its records; what goes wrong in a step is in its state.
            return replace(state, outcome="failed", why=error.message, hint=error.hint)
        return ended

    def seen(self, knowledge: str) -> Digest:
        """What the sources of a knowledge base hold now. Raises what looking at them raises."""
        from plimsoll.bootstrap import open_platform
        from plimsoll.flows.build.one import look
        from plimsoll.project import load_project

        project = load_project(self.root)
        platform = open_platform(self.settings, self.root)
        try:
            return look(knowledge, project, platform.build_parts(lambda *_: None)).digest
        finally:
            _close(platform)


def _parts(platform: "Platform", tell: Tell, last: RefreshState | None) -> RefreshParts:
    return RefreshParts(
        build=platform.build_parts(tell),
        registry=platform.registry,
        releases=platform.releases,
        environments=platform.environments,
        cache=platform.cache,
        declared=platform.declared,
        evaluate=platform.evaluate_parts,
        freeze=platform.freeze_parts(),
        promote=platform.promote_parts(),
        last=last,
    )


def _close(platform: "Platform") -> None:
    """An anchor that does not answer holds nothing up: the next checkpoint covers this one too."""
    with suppress(UnavailableError):
        platform.leave_checkpoint()
    platform.close()
