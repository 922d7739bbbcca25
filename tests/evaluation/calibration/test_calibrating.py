"""From labels of people to whether a judge may decide."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from plimsoll.evaluation.calibration import Calibrations, Floor
from plimsoll.evaluation.judges import Asked, JudgeModel, PassJudge, Reply
from plimsoll.evaluation.scorers import make_scorer
from plimsoll.flows.calibrate import CalibrateParts, Judging, LabelsDifferError, calibrate_judge, judges_refused
from plimsoll.kernel.errors import IntegrityError
from plimsoll.ledger import By, Ledger
from plimsoll.reviews.annotations import Annotations, Item, Task
from plimsoll.storage import Database

TASK = Task("Is it polite?", ("fail", "pass"))
ITEMS = tuple(Item(f"r{at}", "", f"{'Dear' if at % 2 else 'Hey'} number {at}") for at in range(60))


@dataclass
class Polite:
    """Passes what begins politely, until it turns."""

    turned: bool = False
    asked: int = 0

    async def ask(self, asked: Asked) -> Reply:
        self.asked += 1
        passes = "\nDear " in asked.messages[1].text and not self.turned
        return Reply(json.dumps({"reason": "r", "verdict": "pass" if passes else "fail"}), 0.01)


@pytest.fixture
def parts(records: Database, ledger: Ledger) -> CalibrateParts:
    return CalibrateParts("app", Annotations(records, ledger), Calibrations(records, ledger))


@pytest.fixture
def who(ledger: Ledger) -> Callable[[str], By]:
    return lambda name: By(ledger.subject(name))


def collect(parts: CalibrateParts, who: Callable[[str], By]) -> None:
    parts.annotations.open("app", "first", TASK, ITEMS, by=who("lea"))
    for place, item in enumerate(ITEMS):
        for name in ("anna", "ben"):
            differs = place == 7 and name == "ben"
            label = "pass" if (place % 2 == 1) != differs else "fail"
            parts.annotations.label("app", "first", item.id, label, by=who(name))


def judge(model: Polite) -> PassJudge:
    return PassJudge("polite", TASK.question, JudgeModel(model, "judge", "sha256:0", "m"), ())


def test_a_judge_may_decide_from_labels_to_gate_and_not_once_it_turned(
    parts: CalibrateParts, who: Callable[[str], By]
) -> None:
    collect(parts, who)
    model = Polite()
    scorers = [judge(model), make_scorer("token_f1")]
    floor = Floor(at_least=0.7)
    assert set(asyncio.run(judges_refused(scorers, floor, parts))) == {"polite"}
    assert model.asked == 0
    steps: list[int] = []
    found = asyncio.run(
        calibrate_judge(
            Judging(judge(model), TASK.labels, "m"),
            "first",
            parts,
            by=who("lea"),
            on_row=lambda done, _: steps.append(done),
        )
    )
    assert (found.rows, found.disputed, found.source, len(steps), model.asked) == (59, 1, "first", 60, 59)
    assert found.cost_usd == pytest.approx(0.59)
    assert asyncio.run(judges_refused(scorers, floor, parts)) == {}
    assert model.asked == 59 + 50
    assert set(asyncio.run(judges_refused([replace(judge(model), samples=3)], floor, parts))) == {"polite"}
    model.turned = True
    assert "drifted" in asyncio.run(judges_refused(scorers, floor, parts))["polite"]


def test_a_suite_without_judges_asks_nothing(parts: CalibrateParts) -> None:
    assert asyncio.run(judges_refused([make_scorer("token_f1")], Floor(), parts)) == {}


def test_labels_that_were_changed_calibrate_nothing(
    parts: CalibrateParts, records: Database, who: Callable[[str], By]
) -> None:
    collect(parts, who)
    with records.write() as connection:
        connection.exec_driver_sql("UPDATE annotation SET label = 'pass' WHERE item = 'r0'")
    with pytest.raises(IntegrityError):
        asyncio.run(calibrate_judge(Judging(judge(Polite()), TASK.labels), "first", parts, by=who("lea")))
    assert parts.calibrations.by_version("app") == {}


def test_a_judge_with_other_labels_than_people_had_is_refused(parts: CalibrateParts, who: Callable[[str], By]) -> None:
    collect(parts, who)
    with pytest.raises(LabelsDifferError):
        asyncio.run(calibrate_judge(Judging(judge(Polite()), ("1", "2", "3")), "first", parts, by=who("lea")))
