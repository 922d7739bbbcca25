"""What tuning found, for people and for programs."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ._text import line, table

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from plimsoll.flows.tune import Figures, Interval, Measured, Proposal, TuneReport

_MB = 1_000_000


def tuned(screen: "Console", found: "TuneReport", out: "Path | None") -> None:
    """The trade-off, and the proposal."""
    tuned_on = found.questions - found.held_back
    line(screen, f"{found.trials} trials on {tuned_on} questions ({found.given_up} given up early)", style="bold")
    right = [("nDCG@10", "right"), ("recall", "right"), ("MRR", "right"), ("p50 ms", "right")]
    cost = [("MB", "right"), ("chunks", "right"), ("embed s", "right")]
    rows = [_row(one) for one in (found.current, *(one for one in found.front if one.number >= 0))]
    title = "what is not beaten in quality, latency, size and cost at once"
    table(screen, title, ["", *right, *cost], rows)
    for one in found.front:
        if one.number >= 0:
            line(screen, f"trial {one.number}: {_settings(one)}")
    line(screen, f"these questions chose the settings, so their figures flatter; {found.held_back} were held back")
    for error in found.errors:
        line(screen, f"left out: {error}", style="yellow")
    if found.proposal is None:
        line(screen, "no trial was better than the settings as they are: nothing is proposed", style="bold")
        return
    _proposal(screen, found.proposal, out)


def _row(one: "Measured") -> tuple[str, ...]:
    name = "as it is" if one.number < 0 else f"trial {one.number}"
    figures = one.figures
    return (
        name,
        _figure(figures.ndcg),
        f"{figures.recall.value:.3f}",
        f"{figures.mrr.value:.3f}",
        f"{one.p50_ms:.1f}",
        f"{one.index_bytes / _MB:.2f}",
        str(one.chunks),
        f"{one.embedding_s:.1f}",
    )


def _settings(one: "Measured") -> str:
    return ", ".join(f"{place} {value}" for place, value in one.settings.items())


def _proposal(screen: "Console", proposal: "Proposal", out: "Path | None") -> None:
    style = "bold green" if proposal.is_certain else "bold yellow"
    line(screen, f"proposal: trial {proposal.best.number}", style=style)
    for name, figures in (("as it is", proposal.current_held_back), ("proposed", proposal.held_back)):
        line(screen, f"  {name:<9} {_said(figures)}")
    line(screen, f"  gain      nDCG@10 {_figure(proposal.gain)} on questions that no trial has seen{_doubt(proposal)}")
    take = "take it" if proposal.gain.value > 0 else "to take it all the same"
    if out is not None:
        line(screen, f"{take}: patch -p1 < {out}; then `plimsoll release` brings it before its gates")
        return
    for row in proposal.diff.splitlines():
        line(screen, f"  {row}")
    line(screen, f"{take}: write this into the file; then `plimsoll release` brings it before its gates")


def _doubt(proposal: "Proposal") -> str:
    if proposal.is_certain:
        return ""
    if proposal.gain.value <= 0:
        return ": it is not better there, so do not take it"
    chance = max(0.01, proposal.chance)
    return f", and chance alone brings as much in {chance:.0%} of cases: ask more questions, or do not take it"


def _said(figures: "Figures") -> str:
    recall, mrr = figures.recall.value, figures.mrr.value
    return f"nDCG@10 {_figure(figures.ndcg)}, recall {recall:.3f}, MRR {mrr:.3f} on {figures.questions} questions"


def _figure(figure: "Interval") -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def tuned_json(found: "TuneReport") -> dict[str, Any]:
    """For programs. The scores of single questions are left out."""
    return {
        "knowledge": found.wish.knowledge,
        "questions": found.questions,
        "held_back": found.held_back,
        "trials": found.trials,
        "given_up": found.given_up,
        "current": _measured_json(found.current),
        "front": [_measured_json(one) for one in found.front],
        "errors": list(found.errors),
        "proposal": None if found.proposal is None else _proposal_json(found.proposal),
    }


def _measured_json(one: "Measured") -> dict[str, Any]:
    content = asdict(one)
    del content["scores"]
    return content


def _proposal_json(proposal: "Proposal") -> dict[str, Any]:
    content = asdict(proposal)
    del content["best"]["scores"]
    return {**content, "certain": proposal.is_certain}
