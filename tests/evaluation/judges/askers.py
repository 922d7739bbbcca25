"""Askers that answer from a script, or as a model of a certain character would."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation
from plimsoll.evaluation.judges import Asked, JudgeModel, Reply

QUESTION = Row("r1", "How long is the notice period?", ("three months",), (), answerable=True, tags=())
ANSWER = Observation(answer="It is three months.", answered=True)


@dataclass
class Script:
    """Says one thing after another, the last for ever, and remembers what it was asked."""

    texts: Sequence[str]
    cost_usd: float | None = 0.25
    asked: list[Asked] = field(default_factory=list)

    async def ask(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return Reply(self.texts[min(len(self.asked), len(self.texts)) - 1], self.cost_usd)


@dataclass
class Reader:
    """A model that decides by what stands between the marks, as it was told to."""

    decide: Callable[[dict[str, str]], object]
    asked: list[Asked] = field(default_factory=list)

    async def ask(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return Reply(json.dumps(self.decide(fenced(asked))), 0.0)


def fenced(asked: Asked) -> dict[str, str]:
    """The parts of the material, as somebody who trusts only the marks reads them."""
    system, user = (message.text for message in asked.messages[:2])
    found = re.search(r"the mark (#[0-9a-f]{24}#)", system)
    assert found is not None
    lines = user.split("\n")
    parts: dict[str, str] = {}
    place = 0
    while place < len(lines):
        if lines[place] == found[1]:
            end = lines.index(found[1], place + 1)
            parts[lines[place - 1].removesuffix(":")] = "\n".join(lines[place + 1 : end])
            place = end
        place += 1
    return parts


def model(asker: Script | Reader) -> JudgeModel:
    return JudgeModel(asker, "judge", "sha256:" + "0" * 64, "some-model")


def rated(score: int, reason: str = "why") -> str:
    return json.dumps({"reason": reason, "score": score})


def passed(verdict: str) -> str:
    return json.dumps({"reason": "why", "verdict": verdict})


def preferred(better: str) -> str:
    return json.dumps({"reason": "why", "better": better})
