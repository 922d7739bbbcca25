"""Runs for the tests of reports, with texts of strangers in every place where one can stand."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, Retrieved, Run, RunParts, Suite, Threshold, run_suite
from plimsoll.evaluation.scorers import Better, RuleScorer, Score, Scorer, Unit

LEAST = Threshold("right", at_least=0.5, confidence=None)


def right(row: Row, seen: Observation) -> float | None:
    """Whether an expected text stands in the answer."""
    return float(any(text in seen.answer for text in row.answers)) if row.answers else None


class Raising:
    """A scorer that cannot say anything of some rows."""

    name = "raising"
    version = "1"
    unit: Unit = "share"
    better: Better = "more"

    def __init__(self, message: str) -> None:
        self._message = message

    def applies(self, _row: Row) -> bool:
        return True

    def score(self, row: Row, _seen: Observation) -> Score:
        if row.id.endswith("1"):
            raise RuntimeError(self._message)
        return Score(1.0, why=self._message, parts={"said": self._message})


def rows(count: int, text: str = "") -> tuple[Row, ...]:
    return tuple(
        Row(f"row-{at}", f"question {at} {text}", ("yes",), ("a.md",), answerable=True, tags=("odd",) if at % 2 else ())
        for at in range(count)
    )


def suite(
    asked: Sequence[Row], thresholds: Sequence[Threshold] = (LEAST,), scorers: Sequence[Scorer] | None = None
) -> Suite:
    made = scorers if scorers is not None else (RuleScorer("right", right),)
    return Suite("ask", "ask", tuple(made), tuple(thresholds), tuple(asked), "sha256:suite", "sha256:dataset")


def run(made: Suite, answer: Callable[[int], Observation]) -> Run:
    """A run whose answers are given by the place of a row."""
    places = {row.id: place for place, row in enumerate(made.rows)}

    async def ask(row: Row) -> Observation:
        return answer(places[row.id])

    return asyncio.run(run_suite(made, "sha256:draft", RunParts(ask, version="0.1.0")))


def said(text: str, **more: object) -> Observation:
    return replace(Observation(answer=text, latency_ms=10, cost_usd=0.0), **more)  # type: ignore[arg-type]


def hostile(text: str) -> Run:
    """A text in every place of a run that others fill: questions, answers, errors, passages, reasons, tags, ids."""
    asked = [
        replace(row, id=f"{text} row-{place}", tags=(text,), answers=("yes", text))
        for place, row in enumerate(rows(4, text))
    ]
    made = suite(
        asked, (LEAST, Threshold("raising", at_least=0.9, slice=text)), (RuleScorer("right", right), Raising(text))
    )

    def answer(place: int) -> Observation:
        if place == 3:
            return Observation(error=text or "nothing")
        passages = (Retrieved(text, text, 1, text),)
        return said(text, cited=(text,), passages=passages, trace=text, target=text, guardrails=(text,))

    return run(made, answer)
