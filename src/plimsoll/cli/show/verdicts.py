"""Gates, releases, and the moves between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import short_name

from ._text import Column, cost, heading, line, share, table, when
from .budgets import costs_json, use_json
from .evaluations.runs import runs
from .traces import told

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.access.limits import WindowUse
    from plimsoll.flows.policy import PolicyHeld
    from plimsoll.flows.ship import Gated
    from plimsoll.registry import Version
    from plimsoll.releases import Release, Standing
    from plimsoll.releases.environments import Environment, EnvironmentMove
    from plimsoll.reviews import ReviewAnswer
    from plimsoll.tracing import CostLine, TraceSummary

_TOLD_LISTED = 5


def gated(screen: "Console", result: "Gated") -> None:
    """What came of a release."""
    if result.existed and result.release is not None:
        line(screen, f"nothing changed since {result.release.manifest.name}; that is your release", style="bold green")
        return
    runs(screen, result.runs)
    if result.release is not None:
        name = result.release.manifest.name
        line(screen, f"release {name} {result.release.manifest.digest}", style="bold green")
        line(screen, f"next: plimsoll ship {name} staging")
        return
    line(screen, f"refused: draft {result.draft.name} did not pass its gates", style="bold red")
    for verdict in result.verdicts:
        for condition in verdict.conditions:
            if condition.outcome != "pass":
                line(screen, f"  {verdict.suite}: {condition.threshold.place}: {condition.why}", style="red")
        if verdict.why:
            line(screen, f"  {verdict.suite}: {verdict.why}", style="red")
    line(
        screen, "hint: `plimsoll trace show TRACE` explains a row; improve the search, the prompt or the model, or set"
    )
    line(screen, "      limits in evals/ that your users can live with")


def gated_json(result: "Gated") -> dict[str, Any]:
    """For programs."""
    return {
        "draft": result.draft.digest,
        "release": None if result.release is None else release_json(result.release),
        "existed": result.existed,
        "runs": [run.to_json() for run in result.runs],
    }


def releases(screen: "Console", found: "Sequence[Release]", environments: "Sequence[Environment]") -> None:
    """The releases of an application, newest first."""
    rows = [
        (
            release.manifest.name,
            when(release.created_at),
            release.author,
            release.source_commit[:12],
            ", ".join(f"{evidence.suite} {evidence.verdict}" for evidence in release.manifest.evidence),
            ", ".join(place.name for place in environments if place.live == release.manifest.digest),
        )
        for release in found
    ]
    table(screen, "releases", ["release", "made (UTC)", "author", "commit", "evidence", "live in"], rows)
    if not rows:
        line(screen, "there is no release yet: run `plimsoll release`")


def release(
    screen: "Console",
    found: "Release",
    versions: "Sequence[Version]",
    about: "tuple[Sequence[Mapping[str, Any]], Sequence[tuple[Release, str, Standing]]]",
) -> None:
    """One release, whole: its versions, its evidence, and where it stands in each environment."""
    evidence, stands = about
    line(screen, f"{found.manifest.name}  {found.manifest.digest}", style="bold")
    line(screen, f"made by {found.author}, {when(found.created_at)} UTC  ·  commit {found.source_commit or '(none)'}")
    if found.origin:
        line(screen, f"imported from {found.origin}")
    rows = [(version.kind, version.label, version.digest) for version in versions]
    table(screen, "versions", ["kind", "version", "digest"], rows)
    standings(screen, stands)
    for run in evidence:
        heading(screen, f"suite {run['suite']}: {run['verdict']} ({run['started_at']})")
        for condition in run["conditions"]:
            line(screen, f"  {condition['measure']}: {condition['why']} → {condition['outcome']}")


def release_json(found: "Release") -> dict[str, Any]:
    """For programs."""
    return {
        "name": found.manifest.name,
        "digest": found.manifest.digest,
        "created_at": to_text(found.created_at),
        "author": found.author,
        "source_commit": found.source_commit,
        "manifest": found.manifest.to_json(),
    }


def move(screen: "Console", made: "EnvironmentMove") -> None:
    """A pointer that was moved."""
    before = short_name("r", made.from_release) if made.from_release else "nothing"
    after = short_name("r", made.to_release)
    shared = f" ({percent(made.share)} of the traffic)" if made.move == "split" else ""
    line(screen, f"{made.environment}: {before} → {after}{shared}", style="bold green")
    line(screen, f"by {made.actor}, {when(made.moved_at)} UTC{': ' + made.reason if made.reason else ''}")


def percent(share: float) -> str:
    """A share from 0 to 1, as people say it."""
    return f"{share * 100:.6g} %"


def move_json(made: "EnvironmentMove") -> dict[str, Any]:
    """For programs."""
    return {
        "environment": made.environment,
        "move": made.move,
        "from": made.from_release,
        "to": made.to_release,
        "name": short_name("r", made.to_release),
        "share": made.share,
        "moved_at": to_text(made.moved_at),
        "actor": made.actor,
        "reason": made.reason,
    }


def standings(screen: "Console", found: "Sequence[tuple[Release, str, Standing]]") -> None:
    """Where releases stand in each environment."""
    rows = [
        (release.manifest.name, place, stands.state, ", ".join(stands.approved_by), "; ".join(stands.why))
        for release, place, stands in found
    ]
    table(screen, "releases and what they still need", ["release", "environment", "state", "approved by", "why"], rows)
    if not rows:
        line(screen, "there is no release yet: run `plimsoll release`")


def standings_json(found: "Sequence[tuple[Release, str, Standing]]") -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "release": release.manifest.digest,
            "name": release.manifest.name,
            "environment": place,
            "state": stands.state,
            "approved_by": stands.approved_by,
            "expired": stands.expired,
            "refused_by": stands.refused_by,
            "missing": stands.missing,
            "why": stands.why,
        }
        for release, place, stands in found
    ]


def answered(screen: "Console", answer: "ReviewAnswer", what: str) -> None:
    """An answer that was written down."""
    verb = {"approve": "approved", "refuse": "refused", "withdraw": "withdrawn"}[answer.answer]
    until = f", until {when(answer.expires_at)} UTC" if answer.expires_at else ""
    line(screen, f"{what} {verb} for {answer.place} by {answer.actor}{until}", style="bold green")


def policies(screen: "Console", found: "Sequence[PolicyHeld]") -> None:
    """What each environment and each protected label asks."""
    rows = [
        (
            held.environment,
            str(held.policy.approvals),
            ", ".join(held.policy.approvers) or "(whoever may approve)",
            "yes" if held.policy.protected else "no",
            "; ".join(freeze.why for freeze in held.policy.freezes),
            _policy_state(held),
        )
        for held in found
    ]
    columns: list[Column] = [
        "place",
        ("approvals", "right"),
        "of",
        "protected",
        "freezes",
        "plimsoll.yaml differs",
    ]
    table(screen, "policies", columns, rows)


def _policy_state(held: "PolicyHeld") -> str:
    if held.adopted:
        return "; ".join(held.changes)
    return "(holds from its first use on)" if held.asks else "(asks for nothing)"


def policies_json(found: "Sequence[PolicyHeld]") -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "environment": held.environment,
            "adopted": held.adopted,
            "policy": held.policy.to_json(),
            "digest": held.policy.digest,
            "changes": held.changes,
        }
        for held in found
    ]


def adopted(screen: "Console", environment: str, changes: Sequence[str]) -> None:
    """A policy that holds now."""
    line(screen, f"the policy of {environment} holds: {'; '.join(changes) or 'nothing changed'}", style="bold green")


@dataclass(frozen=True, slots=True)
class LastDay:
    """What the gateway did in the last 24 hours, and which budgets are nearly used up now."""

    ended: "Sequence[CostLine]"
    """One line for each way in which requests ended."""
    told: "Sequence[WindowUse]"
    """Present windows that reached the share at which it is told."""


def status(
    screen: "Console",
    places: "Sequence[Environment]",
    found: "Sequence[TraceSummary]",
    notes: Sequence[str],
    day: LastDay | None = None,
) -> None:
    """Environments, the latest requests and what they cost at a glance."""
    rows = [(place.name, place.live_name or "(nothing live)", when(place.moved_at), place.actor) for place in places]
    table(screen, "environments", ["environment", "live", "since (UTC)", "by"], rows)
    if found:
        errors = sum(trace.status == "error" for trace in found)
        without = sum(trace.answered is False for trace in found)
        spent = sum(trace.cost_usd or 0 for trace in found)
        line(
            screen,
            f"the last {len(found)} requests: {without} without an answer, {errors} failed, known cost {cost(spent)}; "
            f"the latest at {when(found[0].started_at)} UTC",
        )
    if day is not None:
        _last_day(screen, day)
    for note in notes:
        line(screen, note, style="yellow")


def status_json(
    places: "Sequence[Environment]",
    found: "Sequence[TraceSummary]",
    notes: Sequence[str],
    day: LastDay | None = None,
    *,
    with_content: bool = True,
) -> dict[str, Any]:
    """For programs; without content it does not say what was asked, by whom and for whom."""
    latest = told(found, with_content=with_content).found
    more = {} if day is None else {"last_day": costs_json(day.ended), "budgets": [use_json(use) for use in day.told]}
    return {"environments": places, "latest_requests": latest, **more, "notes": notes}


def _last_day(screen: "Console", day: LastDay) -> None:
    """A line of what was asked, and one of budgets, where there is something to say."""
    total = costs_json(day.ended)["total"]
    if total["requests"]:
        failed = sum(one.requests for one in day.ended if one.key == "error")
        unknown = f", {total['unknown']:,} of unknown price" if total["unknown"] else ""
        many = f"{total['requests']:,} {'request' if total['requests'] == 1 else 'requests'}"
        spent = "unknown price" if total["cost_usd"] is None else cost(total["cost_usd"])
        line(screen, f"the last day: {many}, {failed:,} failed, {spent}{unknown}")
        line(screen, "  suites, replays and what others sent count too", style="dim")
    if day.told:
        windows = sorted(day.told, key=lambda use: use.fullness, reverse=True)
        named = [f"{use.window.scope} {share(use.fullness)} ({use.window.span})" for use in windows[:_TOLD_LISTED]]
        more = f" and {len(windows) - len(named)} more" if len(windows) > len(named) else ""
        line(screen, f"budgets nearly used up: {', '.join(named)}{more}; see `plimsoll budget show`", style="yellow")
