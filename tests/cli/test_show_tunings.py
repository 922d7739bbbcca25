"""What a person is told of a proposal: how sure it is, and whether to take it."""

from pathlib import Path

import pytest
from rich.console import Console

from plimsoll.cli.show import tunings
from plimsoll.flows.tune import Figures, Interval, Measured, Proposal, TuneReport, TuneWish

QUALITY = Interval(0.8, 0.7, 0.9)
FIGURES = Figures(12, QUALITY, QUALITY, QUALITY)
BEST = Measured({"chunk.size": 300}, FIGURES, (0.8,) * 12, 4.0, 1000, 10, 0.1, 3)


def said(gain: Interval, chance: float, out: Path | None = None) -> str:
    proposal = Proposal(BEST, FIGURES, FIGURES, gain, chance, "knowledge/texts.yaml", "", "-size: 1\n+size: 2\n")
    report = TuneReport(TuneWish("texts"), 18, 6, 8, 0, BEST, (BEST,), proposal)
    screen = Console(width=300, force_terminal=False)
    with screen.capture() as captured:
        tunings.tuned(screen, report, out)
    return captured.get()


@pytest.mark.parametrize(
    ("gain", "chance", "doubt", "take"),
    [
        (Interval(0.1, 0.05, 0.15), 0.001, "no trial has seen\n", "\ntake it: write this"),
        (Interval(0.1, 0.05, 0.15), 0.125, "brings as much in 12% of cases", "\ntake it: write this"),
        (Interval(0.1, -0.05, 0.25), 0.001, "brings as much in 1% of cases", "\ntake it: write this"),
        (Interval(0.0, 0.0, 0.0), 1.0, "it is not better there, so do not take it", "\nto take it all the same: write"),
        (Interval(-0.1, -0.2, 0.1), 0.9, "it is not better there, so do not take it", "\nto take it all the same"),
    ],
)
def test_how_sure_a_proposal_is_is_said_beside_its_gain(gain: Interval, chance: float, doubt: str, take: str) -> None:
    shown = said(gain, chance)
    assert doubt in shown
    assert take in shown
    assert "+size: 2" in shown


def test_a_file_with_what_differs_is_named_in_its_place() -> None:
    shown = said(Interval(0.1, 0.05, 0.15), 0.001, Path("better.diff"))
    assert "take it: patch -p1 < better.diff" in shown
    assert "+size: 2" not in shown
