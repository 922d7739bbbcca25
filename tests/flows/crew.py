"""People with roles in one home, each at a platform of their own, and small releases for them to move."""

from plimsoll.access import Role
from plimsoll.bootstrap import Platform
from plimsoll.ledger import Entry
from plimsoll.registry import Publication, Version
from plimsoll.releases import Evidence, Manifest, Release

from .conftest import FILES, Workshop

APP = "harbour"


class Crew:
    """Ada comes first and is the admin; what she publishes and freezes is hers."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.ada = workshop.open("ada")
        assert self.ada.acting.rights

    def join(self, name: str, *roles: Role) -> Platform:
        """A new actor, at a platform of their own."""
        self.ada.access.create_actor(name, kind="person", roles=roles, by=self.ada.acting.by)
        return self.workshop.open(name)

    def with_key(self, name: str) -> Platform:
        """An actor again, who proves with a key who they are."""
        made = self.ada.access.create_key(name, by=self.ada.acting.by)
        return self.workshop.open("nobody", key=made.secret)

    def declare(self, text: str) -> Platform:
        """Write more into plimsoll.yaml; Ada's platform as a new process would open it."""
        self.workshop.write("plimsoll.yaml", FILES["plimsoll.yaml"] + text)
        self.ada = self.workshop.open("ada")
        return self.ada

    def prompt(self, text: str, by: Platform | None = None) -> Version:
        """A version of the one prompt, published by Ada or somebody else."""
        author = (by or self.ada).acting.by
        publication = Publication("prompt", "answer", {"system": text})
        return self.ada.registry.publish(APP, [publication], by=author, source_commit="")[0]

    def release(self, text: str = "Answer.", verdict: str = "pass") -> Release:
        """A release of Ada's with that prompt and nothing else."""
        version = self.prompt(text)
        evidence = (Evidence("ask", version.digest, version.digest, verdict),)
        manifest = Manifest(APP, {version.ref.key: version.digest}, evidence)
        return self.ada.releases.keep_release(manifest, by=self.ada.acting.by, source_commit="")

    def entries(self, act: str) -> list[Entry]:
        """What the ledger says of one act, oldest first."""
        return list(self.ada.ledger.entries(act=act))

    def live(self, environment: str) -> str:
        """The digest of the live release."""
        return self.ada.environments.live(APP, environment)
