"""What annotators are asked, what they see, and what they said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from plimsoll.kernel.digest import Digest, Json, digest_json

Given = Literal["label", "adjudicate"]


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of every answer of a queue."""

    question: str
    """In the words that a judge is asked too: people and judge must decide the same thing."""
    labels: tuple[str, ...]
    """What can be said, the worst first."""
    annotators: int = 2
    """How many people label each answer, each without seeing what the others said."""

    def to_json(self) -> Json:
        """All of it."""
        return {"question": self.question, "labels": list(self.labels), "annotators": self.annotators}

    def share(self, label: str) -> float:
        """A label as a share of the scale: the worst is 0 and the best 1."""
        return self.labels.index(label) / (len(self.labels) - 1)


@dataclass(frozen=True, slots=True)
class Item:
    """An answer that is to be labelled, with what is needed to judge it."""

    id: str
    question: str
    answer: str
    reference: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    group: str = ""
    author: str = ""
    """The model that answered, where it is known; annotators are not shown it."""
    source: str = ""
    """Where it comes from: `trace:…`, `run:…`."""

    def to_json(self) -> dict[str, Any]:
        """Every field that says something."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items() if value}

    @classmethod
    def from_json(cls, value: Any) -> "Item":
        """What `to_json` wrote. Raises msgspec.ValidationError for anything else."""
        return msgspec.convert({"question": "", "answer": "", **value} if isinstance(value, dict) else value, cls)

    @property
    def digest(self) -> Digest:
        """Of all of it, by which labels name it."""
        return digest_json(self.to_json())


@dataclass(frozen=True, slots=True)
class Queue:
    """Answers that wait for labels, or have them."""

    app: str
    name: str
    task: Task
    items: int
    digest: Digest
    """Of all its items in their order."""
    sequence: int
    """The entry of the ledger that says the same."""
    opened_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one person said of one answer."""

    sequence: int
    """The entry of the ledger that says the same."""
    item: str
    """Its id."""
    given: Given
    label: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Next:
    """What an annotator is shown next."""

    item: Item
    """Without the name of the model that answered."""
    task: Task
    done: int
    """How many answers this person labelled in this queue."""
    left: int
    """How many are left for this person, with this one."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer, and what came of it."""

    item: Item | None
    """None where what it says was erased."""
    id: str
    digest: Digest
    labels: Mapping[str, str]
    """What each annotator said, by their pseudonyms."""
    adjudicated: str = ""
    """What was settled where they differ."""
    needed: int = field(default=2, repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether as many people labelled it as the task asks for."""
        return len(self.labels) >= self.needed

    @property
    def is_disputed(self) -> bool:
        """Whether they differ, and nobody settled it yet."""
        return self.is_complete and not self.adjudicated and len(set(self.labels.values())) > 1

    @property
    def label(self) -> str:
        """What holds: what was adjudicated, or what all said; empty while nothing does."""
        if self.adjudicated or not self.is_complete:
            return self.adjudicated
        said = set(self.labels.values())
        return said.pop() if len(said) == 1 else ""


def items_digest(items: Sequence[tuple[str, Digest]]) -> Digest:
    """Of a queue's items, in their order."""
    content: list[Json] = [[id_, digest] for id_, digest in items]
    return digest_json(content)
