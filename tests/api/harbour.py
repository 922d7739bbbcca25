"""A workshop whose builds are shipped and served."""

from tests.flows.conftest import Workshop

from plimsoll.api import PlatformService
from plimsoll.bootstrap import Platform
from plimsoll.flows.promote import Wish, ship
from plimsoll.releases import Evidence, Manifest, Release

LEAVE = "How many days of paid leave has an employee?"


class Harbour:
    """A workshop whose builds are shipped and served."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.platform: Platform = workshop.open()

    def freeze(self) -> Release:
        """A release of the files as they are."""
        draft = self.workshop.build().draft
        evidence = (Evidence("ask", draft.digest, draft.digest, "pass"),)
        manifest = Manifest(draft.app, draft.artifacts, evidence)
        return self.platform.releases.keep_release(manifest, by=self.platform.acting.by, source_commit="")

    def ship(self, environment: str = "staging") -> Release:
        release = self.freeze()
        ship(release, Wish(environment), self.platform.promote_parts())
        return release

    def service(self) -> PlatformService:
        return PlatformService(self.platform, "harbour", ("staging", "production"))
