"""The verb tune: better settings are looked for and proposed, and never shipped."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .._output import progress
from .._state import State, json_option
from ..show import tunings as show

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.flows.tune import Proposal, TuneParts
    from plimsoll.project import Project

_OUT = click.Path(dir_okay=False, path_type=Path)


@click.group(short_help="Look for better settings")
def tune() -> None:
    """Look for better settings on questions whose answers are known. Nothing is shipped: you get a proposal."""


@tune.command("knowledge", epilog="Example: plimsoll tune knowledge contracts --dataset ask --trials 60")
@click.argument("name")
@click.option("--dataset", help="Questions that name the documents of their answers; the project's only dataset.")
@click.option("--trials", default=40, show_default=True, type=click.IntRange(1, 10_000), help="How many are tried.")
@click.option("--budget-s", type=click.FloatRange(1), help="No trial begins when so many seconds have passed.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**31), help="For the same search again.")
@click.option("--embedder", "embedders", multiple=True, metavar="MODEL", help="Try this embedder too; repeatable.")
@click.option("--reranker", "rerankers", multiple=True, metavar="MODEL", help="Try this reranker too; repeatable.")
@click.option("--out", type=_OUT, help="Write what differs into this file, for `patch -p1`.")
@click.option("--draft", is_flag=True, help="Make the proposal the working draft, to be asked with `plimsoll ask`.")
@json_option
def knowledge(state: State, *, name: str, out: Path | None, draft: bool, **wanted: Any) -> None:
    """Try chunkers, embedders and ways to search; shows what quality costs, and proposes what did best.

    A third of the questions is held back: the proposal's figures come from them. Stopped or killed, the same command
    goes on where it was.
    """
    from plimsoll.flows.refresh import KnowledgeUnknownError
    from plimsoll.flows.tune import TuneWish
    from plimsoll.flows.tune import tune as tune_flow

    if out is not None and not out.parent.is_dir():
        # Not after hours, when there is something to write.
        raise click.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    project = state.project()
    if name not in project.knowledge:
        raise KnowledgeUnknownError(name, sorted(project.knowledge))
    wish = TuneWish(name, **wanted)
    with state.platform(project.root) as platform:
        with progress(state.output) as advance:
            found = tune_flow(project, wish, _parts(platform, partial(advance, "trials")))
        if draft and found.proposal is not None:
            _keep_draft(project, name, found.proposal, platform)
    if out is not None and found.proposal is not None:
        out.write_text(found.proposal.diff, "utf-8")
    state.output.result(show.tuned_json(found), lambda screen: show.tuned(screen, found, out))


def _parts(platform: "Platform", on_trial: "partial[None]") -> "TuneParts":
    from plimsoll.flows.tune import TrialParts, TuneParts

    return TuneParts(
        trial=TrialParts(
            build=platform.build_parts(lambda *_: None),
            open_index=platform.serve_parts().open_index,
            segment_bytes=platform.blobs.size,
        ),
        folder=platform.settings.home / "tuning",
        on_trial=on_trial,
    )


def _keep_draft(project: "Project", name: str, proposal: "Proposal", platform: "Platform") -> None:
    from plimsoll.flows.tune import keep_draft

    keep_draft(project, name, proposal, platform.build_parts(lambda *_: None))


COMMANDS: tuple[click.Command, ...] = (tune,)
