"""Asking a judge about rows that people labelled."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import isawaitable

from plimsoll.datasets import Row
from plimsoll.kernel.digest import Digest, Json, digest_json

from .._observation import Observation
from ..scorers import Score, Scorer
from ._anchors import Drift, drift
from ._types import Calibration, JudgedRow


@dataclass(frozen=True, slots=True)
class Labelled:
    """An answer, and what people said of it; labels are shares of the judge's scale."""

    row: Row
    seen: Observation
    people: tuple[float, ...]
    truth: float | None
    author: str = ""
    """The model that gave the answer, where it is known."""

    @property
    def content(self) -> Digest:
        """Of everything that a judge may be shown."""
        passages: list[Json] = [one.text for one in self.seen.passages]
        return digest_json([self.row.question, list[Json](self.row.answers), self.seen.answer, passages])


async def judge_rows(
    judge: Scorer,
    rows: Sequence[Labelled],
    *,
    repeats: int = 1,
    at_once: int = 4,
    on_row: Callable[[], None] = lambda: None,
) -> tuple[JudgedRow, ...]:
    """What a judge says of labelled rows, each asked `repeats` times; in the order of the rows.

    Rows that people disagree on, and that nobody settled, are not judged: nothing could be learned from that.
    Whatever it raises makes a row not judged, with the reason; it ends nothing.
    """
    done: list[JudgedRow | None] = [None] * len(rows)
    waiting = iter(range(len(rows)))

    async def work_on() -> None:
        for place in waiting:
            done[place] = await _judged(judge, rows[place], repeats)
            on_row()

    await asyncio.gather(*(work_on() for _ in range(min(at_once, len(rows)))))
    return tuple(row for row in done if row is not None)


async def judge_anchors(
    judge: Scorer, calibration: Calibration, rows: Sequence[Labelled], *, at_once: int = 4
) -> tuple[Drift, float | None]:
    """Judge the anchors of a calibration again: how many got the same verdict, and what asking cost.

    `rows` are the labelled rows of the queue from which it was made; those that are no anchors are not judged.
    """
    wanted = {anchor.row for anchor in calibration.anchors}
    again = await judge_rows(judge, [one for one in rows if one.row.id in wanted], at_once=at_once)
    costs = [row.cost_usd for row in again]
    spent = None if None in costs else math.fsum(cost for cost in costs if cost is not None)
    return drift(calibration, {row.row: row for row in again}), spent


async def _judged(judge: Scorer, one: Labelled, repeats: int) -> JudgedRow:
    scores = [await _score(judge, one) for _ in range(repeats if one.truth is not None else 0)]
    told = [score for score in scores if score.value is not None]
    costs = [score.cost_usd for score in scores]
    consistent = scores[0].parts.get("consistent") if scores else None
    return JudgedRow(
        row=one.row.id,
        content=one.content,
        people=one.people,
        truth=one.truth,
        judged=tuple(score.value for score in told if score.value is not None),
        why=next((score.why for score in scores if score.value is None), ""),
        consistent=consistent if isinstance(consistent, bool) else None,
        slices=one.row.tags,
        group=one.row.group,
        author=one.author,
        cost_usd=None if None in costs else math.fsum(cost for cost in costs if cost is not None),
    )


async def _score(judge: Scorer, one: Labelled) -> Score:
    try:
        found = judge.score(one.row, one.seen)
        score = await found if isawaitable(found) else found
    except Exception as error:  # noqa: BLE001  # a scorer is a plug-in: whatever it raises is one row not judged
        return Score(None, f"{judge.name} failed: {type(error).__name__}: {error}")
    return Score(None, f"{judge.name} does not apply to it") if score is None else score
