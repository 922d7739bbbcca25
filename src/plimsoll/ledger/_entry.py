"""One entry as the line of canonical JSON that is hashed, and back."""

from dataclasses import dataclass
from datetime import datetime

from msgspec import json

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Json, canonical_json

from ._types import ENTRY_FORMAT, Act, By, Entry

SYSTEM = By("system", "system")
"""Who writes down what the installation does by itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry that is about to be written."""

    sequence: int
    at: datetime
    act: Act
    sealed: str | None

    @property
    def text(self) -> str:
        """The canonical JSON, which is the data of the leaf."""
        content: dict[str, Json] = {
            "v": ENTRY_FORMAT,
            "sequence": self.sequence,
            "at": to_text(self.at),
            "act": self.act.act,
            "app": self.act.app,
            "actor": self.act.by.actor,
            "via": self.act.by.via,
            "facts": dict(self.act.facts),
        }
        if self.sealed is not None:
            content["sealed"] = self.sealed
        return canonical_json(content).decode()


def read_line(text: str) -> Entry:
    """The entry that a line says."""
    content = json.decode(text)
    return Entry(
        sequence=content["sequence"],
        at=from_text(content["at"]),
        act=content["act"],
        app=content["app"],
        actor=content["actor"],
        via=content["via"],
        facts=content["facts"],
        sealed=content.get("sealed"),
    )
