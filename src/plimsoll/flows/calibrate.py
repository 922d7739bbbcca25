"""Holding judges against what people say, and refusing those that do not agree enough."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, Retrieved
from plimsoll.evaluation.calibration import (
    Calibration,
    Calibrations,
    Drift,
    Floor,
    Labelled,
    calibrate,
    judge_anchors,
    judge_rows,
    refused_judges,
)
from plimsoll.evaluation.judges import Judge
from plimsoll.evaluation.scorers import Scorer
from plimsoll.kernel.errors import InvalidError
from plimsoll.ledger import By
from plimsoll.reviews.annotations import Annotations, Settled, Task


class LabelsDifferError(InvalidError):
    """The labels of a queue are not those of the judge."""

    code = "labels_differ"

    def __init__(self, judge: str, said: Sequence[str], asked: Sequence[str]) -> None:
        super().__init__(
            f"{judge} says one of {', '.join(said)}, and people were asked for one of {', '.join(asked)}",
            hint="both need as many labels, from the worst to the best: open a queue with --judge",
        )


@dataclass(frozen=True, slots=True)
class CalibrateParts:
    """Where labels and calibrations are kept."""

    app: str
    annotations: Annotations
    calibrations: Calibrations


@dataclass(frozen=True, slots=True)
class Judging:
    """A judge that is to be calibrated."""

    scorer: Scorer
    labels: tuple[str, ...]
    """What it can say, the worst first."""
    model: str = ""
    """Its model's name, to see whether it prefers answers of its own."""
    repeats: int = 1
    at_once: int = 4


async def calibrate_judge(
    judging: Judging, queue: str, parts: CalibrateParts, *, by: By, on_row: Callable[[int, int], None] = lambda *_: None
) -> Calibration:
    """Judge the answers of a queue that people labelled, compare, and keep what came of it as evidence.

    Answers on which people disagree and that nobody settled are counted, and neither judged nor compared.
    Raises LabelsDifferError, QueueMissingError, and IntegrityError where the labels are not those of the ledger.
    """
    task = parts.annotations.queue(parts.app, queue).task
    if len(judging.labels) != len(task.labels):
        raise LabelsDifferError(judging.scorer.name, judging.labels, task.labels)
    rows = labelled(task, parts.annotations.trusted(parts.app, queue))
    done = iter(range(1, len(rows) + 1))
    judged = await judge_rows(
        judging.scorer,
        rows,
        repeats=judging.repeats,
        at_once=judging.at_once,
        on_row=lambda: on_row(next(done), len(rows)),
    )
    scorer = judging.scorer
    found = calibrate(judged, judge=scorer.name, version=scorer.version, labels=judging.labels, model=judging.model)
    found = replace(found, source=queue)
    parts.calibrations.keep(parts.app, found, by=by)
    return found


async def judges_refused(scorers: Iterable[Scorer], floor: Floor, parts: CalibrateParts) -> dict[str, str]:
    """The judges among scorers whose word decides nothing now, with why not, by their names.

    The anchors of those that were calibrated in this version are judged again first, which costs as much as so many
    rows. Nothing is asked where no scorer is a judge. Raises IntegrityError where a calibration is not that of the
    ledger.
    """
    judges = [scorer for scorer in scorers if isinstance(scorer, Judge)]
    if not judges:
        return {}
    known = parts.calibrations.by_version(parts.app)
    drifts: dict[str, Drift] = {}
    for judge in judges:
        calibration = known.get(judge.version)
        if calibration is not None:
            drifts[judge.version], _ = await judge_anchors(judge, calibration, _rows_of(calibration, parts))
    return refused_judges(judges, known, floor, drifts=drifts)


def _rows_of(calibration: Calibration, parts: CalibrateParts) -> tuple[Labelled, ...]:
    names = {queue.name for queue in parts.annotations.queues(parts.app)}
    if calibration.source not in names:
        return ()
    task = parts.annotations.queue(parts.app, calibration.source).task
    return labelled(task, parts.annotations.trusted(parts.app, calibration.source))


def labelled(task: Task, settled: Sequence[Settled]) -> tuple[Labelled, ...]:
    """The answers of a queue that all annotators labelled and that were not erased, as a judge is shown them."""
    return tuple(
        Labelled(
            Row(
                id=one.item.id,
                question=one.item.question,
                answers=one.item.reference,
                documents=(),
                answerable=bool(one.item.reference),
                tags=one.item.tags,
                group=one.item.group,
            ),
            Observation(answer=one.item.answer, passages=tuple(Retrieved("", text) for text in one.item.passages)),
            tuple(task.share(label) for label in one.labels.values()),
            task.share(one.label) if one.label else None,
            one.item.author,
        )
        for one in settled
        if one.item is not None and one.is_complete
    )
