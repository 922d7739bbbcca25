"""The noun guardrail: how good a policy is on labelled rows, other thresholds, and what another policy would say."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plimsoll.kernel.clock import utc_now

from .._exits import DONE, REFUSED
from .._output import progress
from .._state import State, json_option
from ..show.guardrails import figures, tuned
from ._guarding import guard_parts, need, opened_policy
from .cost import moment_before

if TYPE_CHECKING:
    from plimsoll.flows.guard.changes import Taken
    from plimsoll.flows.guard.tuning import TuneWish
    from plimsoll.guardrails import ExampleOutcome
    from plimsoll.project import Project

_ROWS = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Percent(click.ParamType[float]):
    """A share, written as `1%` or as 0.01; a number above 1 needs its sign."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The share from 0 to 1, neither of them included."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 < share < 1:
            self.fail(f"{value!r} is no share between 0 and 100 %; write 1% or 0.01", param, ctx)
        return share


@click.command("evaluate", epilog="Example: plimsoll guardrail evaluate standard --data rows.jsonl")
@click.argument("name")
@click.option("--data", required=True, type=_ROWS, help='Rows: {"text", "label" or "spans", "stage"?, "slice"?}.')
@click.option("--recall", default=0.9, show_default=True, type=click.FloatRange(0, 1, min_open=True))
@json_option
def evaluate(state: State, name: str, data: Path, recall: float) -> None:
    """Measure a guardrail and each of its checks on labelled rows, by slice, with 95 % intervals.

    Precision, recall, F1, F2, AUROC, average precision, false positives at --recall, and time.
    """
    from plimsoll.flows.guard.measure import MeasureWish, read_guard_rows
    from plimsoll.flows.guard.measure import evaluate as evaluate_flow

    project = state.project()
    need(project, name)
    rows = read_guard_rows(data)
    with opened_policy(state, project, name) as policy, progress(state.output) as advance:
        found = evaluate_flow(policy, rows, MeasureWish(recall, on_progress=partial(advance, "rows")))
    state.output.result(figures.evaluated_json(found), lambda screen: figures.evaluated(screen, found))


@click.command("tune", epilog="Example: plimsoll guardrail tune standard --false-positives 1% --data rows.jsonl")
@click.argument("name")
@click.option("--false-positives", "rate", required=True, type=_Percent(), help="Of harmless texts, such as 1%.")
@click.option("--confidence", default=0.95, show_default=True, type=_Percent(), help="How sure it must be.")
@click.option("--data", type=_ROWS, help="Labelled rows, as for evaluate.")
@click.option("--marks", metavar="TIME", help="Also learn from marked requests since: 24h, 7d, or a date (UTC).")
@click.option("--check", help="Only this check.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the candidate here; a .diff too.")
@click.option("--write", is_flag=True, help="Put the candidate into guardrails/NAME.yaml, to be built and gated.")
@json_option
def tune(state: State, *, name: str, data: Path | None, out: Path | None, write: bool, **wanted: Any) -> int:
    """Propose thresholds under which each check acts on so few harmless texts, with an upper bound that is exact.

    Learns from labelled rows, from marks, or from both; without either it takes the marks of the last 30 days. The
    candidate must pass its own tests (exit 1 where it does not), and changes nothing without --write.
    """
    from plimsoll.flows.guard.tuning import tune_guardrail

    project = state.project()
    _check_out(project, out)
    need(project, name)
    content = project.guardrails[name].content()
    with opened_policy(state, project, name) as policy, progress(state.output) as advance:
        wish = _tune_wish(project, name, data, wanted, partial(advance, "rows"))
        if wish.window is None:
            found = tune_guardrail(policy, content, wish, None)
        else:
            with state.platform(project.root, "trace") as platform:
                found = tune_guardrail(policy, content, wish, guard_parts(platform))
    if out is not None and found.is_candidate:
        out.write_text(found.diff if out.suffix in {".diff", ".patch"} else found.text, "utf-8")
    written = write and found.is_candidate and _taken(state, project, name, found.text).is_written
    places = tuned.Places(str(out or ""), found.file if written else "")
    state.output.result(
        {**tuned.tuned_json(found), "written": written}, lambda screen: tuned.tuned(screen, found, places)
    )
    return REFUSED if found.failing else DONE


@click.command("use", epilog="Example: plimsoll guardrail use standard candidate.yaml")
@click.argument("name")
@click.argument("candidate")
@json_option
def use(state: State, name: str, candidate: str) -> int:
    """Put CANDIDATE in the place of a guardrail of the project: a YAML file, or NAME@NUMBER of the registry.

    The file guardrails/NAME.yaml changes only where the candidate loads with the project and passes its tests (exit 1
    where it does not). `plimsoll build` makes it a version, and the gate judges it like every change.
    """
    from plimsoll.flows.guard.changes import candidate_text

    project = state.project()
    need(project, name)
    if "@" in Path(candidate).name:
        with state.platform(project.root) as platform:
            text = candidate_text(candidate, project, platform.registry)
    else:
        text = candidate_text(candidate, project, None)
    found = _taken(state, project, name, text)
    state.output.result(tuned.taken_json(found), lambda screen: tuned.taken(screen, found))
    return REFUSED if found.failing else DONE


def _check_out(project: "Project", out: Path | None) -> None:
    """Refuse a place where a candidate cannot be written, or would be read as a part of the project."""
    if out is None:
        return
    if not out.parent.is_dir():
        raise click.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    if out.suffix in {".yaml", ".yml"} and out.resolve().is_relative_to(project.root.resolve()):
        raise click.BadParameter(
            "a YAML file inside the project would be read as a part of it; write it elsewhere (../candidate.yaml), "
            "write what differs (--out candidate.diff), or take it over with --write",
            param_hint="--out",
        )


def _taken(state: State, project: "Project", name: str, text: str) -> "Taken":
    from plimsoll.flows.guard.changes import take_over
    from plimsoll.guardrails import run_examples

    def tried(fresh: "Project") -> "tuple[ExampleOutcome, ...]":
        with opened_policy(state, fresh, name) as policy:
            return run_examples(policy, fresh.guardrails[name].content())

    return take_over(project, name, text, tried)


@click.command("diff", epilog="Example: plimsoll guardrail diff standard candidate.yaml --since 1d")
@click.argument("old")
@click.argument("new")
@click.option("--since", default="1d", show_default=True, metavar="TIME", help="24h, 7d, or a date (UTC).")
@click.option("--until", metavar="TIME", help="As --since; now otherwise.")
@click.option("--endpoint", help="Only requests of this endpoint.")
@click.option("--limit", default=10_000, show_default=True, type=click.IntRange(1), help="At most so many requests.")
@json_option
def diff(state: State, old: str, new: str, **wanted: Any) -> None:
    """Which past requests would get another verdict, replayed from their traces as far as their texts were kept.

    OLD and NEW are guardrails of the project, NAME@NUMBER of the registry, or YAML files. No model is asked.
    """
    from plimsoll.flows.guard import Window
    from plimsoll.flows.guard.changes import DiffWish, diff_policies, load_policy
    from plimsoll.guardrails import Policy

    project, now = state.project(), utc_now()
    until = now if wanted["until"] is None else moment_before(wanted["until"], now)
    window = Window(moment_before(wanted["since"], now), until, wanted["endpoint"])
    with state.platform(project.root, "trace") as platform, progress(state.output) as advance:
        compiled = partial(Policy.from_json, outside=platform.outside(project))
        before, after = (load_policy(one, project, platform.registry, compiled) for one in (old, new))
        wish = DiffWish(window, wanted["limit"], partial(advance, "requests"))
        found = diff_policies(before, after, wish, guard_parts(platform))
    state.output.result(tuned.diffed_json(found), lambda screen: tuned.diffed(screen, found))


def _tune_wish(
    project: "Project", name: str, data: Path | None, wanted: dict[str, Any], on_progress: "partial[None]"
) -> "TuneWish":
    from plimsoll.flows.guard import Window
    from plimsoll.flows.guard.measure import read_guard_rows
    from plimsoll.flows.guard.tuning import Budget, TuneWish

    now = utc_now()
    since = wanted["marks"] or (None if data is not None else "30d")
    file = f"guardrails/{name}.yaml"
    return TuneWish(
        file,
        (project.root / file).read_text("utf-8"),
        Budget(wanted["rate"], wanted["confidence"]),
        rows=() if data is None else read_guard_rows(data),
        window=None if since is None else Window(moment_before(since, now), now),
        check=wanted["check"],
        on_progress=on_progress,
    )


FIGURES: tuple[click.Command, ...] = (evaluate, tune, use, diff)
