"""Which policy holds where: at each endpoint of a project, or of a release."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import PlimsollError
from plimsoll.project import Project
from plimsoll.registry import Kind, Registry
from plimsoll.releases import Manifest, Releases


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint, or a name that a route serves, and the policy that holds for calls of it."""

    endpoint: str
    guardrail: str = ""
    """Empty where none holds."""
    policy: Policy | None = None
    version: Digest = ""
    """Of the guardrail; empty for files that were not built."""


def places_of_project(project: Project, make_policy: Callable[[str, Json], Policy] = Policy.load) -> tuple[Place, ...]:
    """Every place of the files as they are; a policy that cannot be compiled blocks everything, and says why."""
    policies = {name: make_policy(name, one.content()) for name, one in project.guardrails.items()}
    named = [(name, one.guardrail) for name, one in sorted(project.endpoints.items())]
    served = [
        (called, route.guardrail) for _, route in sorted(project.routes.items()) for called in sorted(route.serves)
    ]
    return tuple(Place(name, used or "", policies.get(used or "")) for name, used in (*named, *served))


@dataclass(slots=True)
class ReleasePlaces:
    """The places of releases, each read once."""

    registry: Registry
    releases: Releases
    make_policy: Callable[[str, Json], Policy]
    _known: dict[Digest, Mapping[str, Place]] = field(default_factory=dict)
    _policies: dict[tuple[str, Digest], Policy] = field(default_factory=dict)

    def of(self, release: Digest) -> Mapping[str, Place]:
        """The places of a release (or draft) by their names; none where it cannot be read any more."""
        if release not in self._known:
            try:
                self._known[release] = self._read(self.releases.manifest(release))
            except (PlimsollError, KeyError):
                # It was collected, or a content of it is damaged: the verification of the records says which.
                self._known[release] = {}
        return self._known[release]

    def _read(self, manifest: Manifest) -> dict[str, Place]:
        places: dict[str, Place] = {}
        for _, content in self._contents(manifest, "route"):
            for called in content.get("serves", ()):
                places[called] = self._place(manifest, called, content)
        # An endpoint's name goes before that of a route.
        for name, content in self._contents(manifest, "endpoint"):
            places[name] = self._place(manifest, name, content)
        return places

    def _contents(self, manifest: Manifest, kind: Kind) -> list[tuple[str, dict[str, Any]]]:
        keys = [key for key in sorted(manifest.artifacts) if key.startswith(f"{kind}:")]
        return [
            (key.partition(":")[2], cast("dict[str, Any]", self.registry.content(manifest.artifacts[key])))
            for key in keys
        ]

    def _place(self, manifest: Manifest, called: str, content: Mapping[str, Any]) -> Place:
        name = content.get("guardrail")
        if not name:
            return Place(called)
        digest = manifest.artifacts[f"guardrail:{name}"]
        known = self._policies.get((name, digest))
        if known is None:
            known = self._policies[name, digest] = self.make_policy(name, self.registry.content(digest))
        return Place(called, name, known, digest)
