"""Endpoint by stage by check: what looks where, and where nothing does."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from plimsoll.guardrails import STAGES, Action, Covered, Policy, Stage, coverage

from ._places import Place, ReleasePlaces
from ._types import GuardParts

_READS_ANSWERS: Final[Stage] = "output"
_HELD: Final = "held"


@dataclass(frozen=True, slots=True)
class Cell:
    """One check at one stage."""

    check: str
    kinds: tuple[str, ...]
    action: Action
    at_least: float
    on_error: Action
    timeout_s: float | None
    reads: str
    """`piece by piece` (streams), `by sentence`, `at the end` (an answer is held back for it), or `whole` where
    nothing streams; calls of tools are always held."""
    version: str
    exceptions: tuple[str, ...]
    """Whom it leaves alone, and until when, as sentences without a full stop."""


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of one endpoint."""

    stage: Stage
    cells: tuple[Cell, ...]
    hole: str
    """Why nothing is looked at here; empty where something is."""
    instead: Stage | None = None
    """The stage whose checks look here, because the policy does not name this one."""
    blocked: str = ""
    """Why everything is blocked here: the policy cannot be compiled. Then there are no cells, and no hole."""


@dataclass(frozen=True, slots=True)
class PlaceMatrix:
    """All stages of one endpoint."""

    environment: str
    """Empty for the files of a project."""
    release: str
    """Full digest; empty for the files of a project."""
    endpoint: str
    guardrail: str
    stages: tuple[StageLine, ...]

    @property
    def holes(self) -> tuple[Stage, ...]:
        """The stages at which nothing is looked at."""
        return tuple(line.stage for line in self.stages if line.hole)


def matrix(places: Iterable[Place], *, environment: str = "", release: str = "") -> tuple[PlaceMatrix, ...]:
    """The matrix of some places, in their order."""
    return tuple(
        PlaceMatrix(environment, release, one.endpoint, one.guardrail, tuple(_lines(one.policy))) for one in places
    )


def live_matrix(parts: GuardParts) -> tuple[PlaceMatrix, ...]:
    """The matrix of what is live in each environment, and of what is on trial there."""
    known = ReleasePlaces(parts.registry, parts.releases, parts.make_policy)
    found: list[PlaceMatrix] = []
    for place in parts.environments.environments(parts.app):
        for release in dict.fromkeys(one for one in (place.live, place.candidate) if one is not None):
            found += matrix(known.of(release).values(), environment=place.name, release=release)
    return tuple(found)


def _lines(policy: Policy | None) -> Iterator[StageLine]:
    covered = () if policy is None or policy.fault else coverage(policy)
    for stage in STAGES:
        if policy is None:
            yield StageLine(stage, (), "no guardrail is named")
        elif policy.fault:
            yield StageLine(stage, (), "", blocked=policy.fault)
        else:
            yield _line(policy, covered, stage)


def _line(policy: Policy, covered: tuple[Covered, ...], stage: Stage) -> StageLine:
    looks = policy.stage_for(stage)
    if looks is None:
        return StageLine(stage, (), "no check looks here")
    cells = tuple(_cell(one, stage, one.at[looks]) for one in covered if looks in one.at)
    return StageLine(stage, cells, "", None if looks == stage else looks)


def _cell(one: Covered, stage: Stage, action: Action) -> Cell:
    reads = one.reads if stage == _READS_ANSWERS else _HELD if stage == "tool_call" else "whole"
    return Cell(
        one.check,
        one.kinds,
        action,
        one.at_least,
        one.on_error,
        one.timeout_s,
        reads,
        one.version,
        tuple(_exceptions(one)),
    )


def _exceptions(one: Covered) -> Iterator[str]:
    for exemption in one.exemptions:
        actors, endpoints = ", ".join(sorted(exemption.actors)), ", ".join(sorted(exemption.endpoints))
        whom = " ".join(part for part in (actors, f"at {endpoints}" if endpoints else "") if part)
        yield f"not for {whom} until {exemption.until.isoformat()}: {exemption.reason}"
