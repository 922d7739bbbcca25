"""The verbs that move releases, ship and rollback, and the nouns that say whether they may: review, policy."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from plimsoll.kernel.errors import PlimsollError

from ._state import State, json_option
from .nouns.review import LABELLING
from .show import verdicts

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.flows.label import Placing
    from plimsoll.registry import Version
    from plimsoll.reviews import Answer

_REASON = click.option("--reason", default="", help="Why; kept with the move.")


@click.command(
    short_help="Make a release live", epilog="Example: plimsoll ship r-3f9c2a staging --reason 'new contracts'"
)
@click.argument("name", metavar="RELEASE")
@click.argument("environment")
@click.option(
    "--share",
    type=click.FloatRange(0, 100, min_open=True, max_open=True),
    help="Give it only this percentage of the traffic, beside the live release.",
)
@click.option("--override", is_flag=True, help="Break the glass: without approvals, or in a freeze. It is recorded.")
@_REASON
@json_option
def ship(state: State, *, name: str, environment: str, share: float | None, override: bool, reason: str) -> None:
    """Make a release live in an environment, in one transaction; exit 1 when approvals are missing or it is frozen."""
    from plimsoll.flows.promote import Wish
    from plimsoll.flows.promote import ship as ship_flow

    wish = Wish(environment, reason, override, None if share is None else share / 100)
    with state.platform(state.project_root()) as platform:
        found = platform.releases.release(platform.app, name)
        move = ship_flow(found, wish, platform.promote_parts())
        with suppress(PlimsollError):  # said when it is served, if it is all of them
            for missing in platform.check_routes(found.manifest):
                state.output.say(f"[yellow]note[/] {missing.message}; until then that target does not answer")
    state.output.result(verdicts.move_json(move), lambda screen: verdicts.move(screen, move))


@click.command(
    short_help="Go back to the release before",
    epilog="Example: plimsoll rollback staging --reason 'wrong answers about leases'",
)
@click.argument("environment")
@click.option("--share", "share_only", is_flag=True, help="Only take the candidate's share of the traffic away.")
@_REASON
@json_option
def rollback(state: State, environment: str, *, share_only: bool, reason: str) -> None:
    """Make the release live again that was there before, in one transaction. No freeze and no approval stops it."""
    from plimsoll.flows.promote import Wish, end_share, roll_back

    with state.platform(state.project_root()) as platform:
        back = end_share if share_only else roll_back
        move = back(platform.app, Wish(environment, reason), platform.promote_parts())
    state.output.result(verdicts.move_json(move), lambda screen: verdicts.move(screen, move))


@click.group(short_help="Approvals: who said yes, what is missing")
def review() -> None:
    """What waits for people's approval, and their answers: list, approve, refuse, withdraw."""


@review.command("list", epilog="Example: plimsoll review list")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many releases.")
@json_option
def list_reviews(state: State, limit: int) -> None:
    """Where the newest releases stand in each environment, and what each still needs."""
    from plimsoll.flows.promote import promotions

    with state.platform(state.project_root(), "read") as platform:
        parts = platform.promote_parts()
        found = [
            (release, place, promotion.standing())
            for release in platform.releases.releases(platform.app, limit)
            for place, promotion in promotions(release, parts).items()
        ]
    state.output.result(verdicts.standings_json(found), lambda screen: verdicts.standings(screen, found))


def _answer_command(given: "Answer", does: str) -> click.Command:
    @click.command(given, help=does, epilog=f"Example: plimsoll review {given} r-3f9c2a production --reason 'read it'")
    @click.argument("what", metavar="WHAT")
    @click.argument("place", metavar="PLACE")
    @_REASON
    @json_option
    def command(state: State, what: str, place: str, *, reason: str) -> None:
        with state.platform(state.project_root()) as platform:
            answered = _answer(platform, (what, place), given, reason)
        state.output.result(answered, lambda screen: verdicts.answered(screen, answered, what))

    return command


for _given, _does in (
    ("approve", "Say that a release may run in an environment, or a version come under a protected label (@LABEL)."),
    ("refuse", "Say that it may not; until you withdraw that, it cannot."),
    ("withdraw", "Take your own approval or refusal back."),
):
    review.add_command(_answer_command(_given, _does))  # type: ignore[arg-type]  # the three words are literals


def _answer(platform: "Platform", asked: tuple[str, str], given: "Answer", reason: str) -> Any:
    from plimsoll.flows.label import answer_label
    from plimsoll.flows.promote import Wish, answer

    what, place = asked
    if not place.startswith("@"):
        release = platform.releases.release(platform.app, what)
        return answer(release, Wish(place, reason), given, platform.promote_parts())
    version = platform.labels.resolve(platform.app, what)
    return answer_label(platform.app, _placing(version, place, reason), version, given, platform.label_parts())


def _placing(version: "Version", place: str, reason: str) -> "Placing":
    from plimsoll.flows.label import Placing

    return Placing(version.ref.key, place.removeprefix("@"), reason)


@click.group(short_help="What environments ask for")
def policy() -> None:
    """What each environment asks before a release may run in it: show, adopt."""


@policy.command("show", epilog="Example: plimsoll policy show")
@json_option
def show_policies(state: State) -> None:
    """The policies that hold, and how plimsoll.yaml differs from them."""
    from plimsoll.flows.policy import policies

    with state.platform(state.project_root(), "read") as platform:
        found = policies(platform.app, platform.policy_parts())
    state.output.result(verdicts.policies_json(found), lambda screen: verdicts.policies(screen, found))


@policy.command("adopt", epilog="Example: plimsoll policy adopt production --reason 'the team grew'")
@click.argument("environment", metavar="ENVIRONMENT|@LABEL")
@_REASON
@json_option
def adopt_policy(state: State, environment: str, *, reason: str) -> None:
    """Make what plimsoll.yaml asks of an environment, or of a label, the policy that holds."""
    from plimsoll.flows.policy import adopt

    with state.platform(state.project_root()) as platform:
        changes = adopt(platform.app, environment, reason, platform.policy_parts())
    content = {"environment": environment, "changes": changes}
    state.output.result(content, lambda screen: verdicts.adopted(screen, environment, changes))


for _command in LABELLING:
    review.add_command(_command)

COMMANDS: tuple[click.Command, ...] = (ship, rollback, review, policy)
