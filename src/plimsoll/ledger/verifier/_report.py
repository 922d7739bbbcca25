"""What was found, and the two ways in which something can be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

KEPT_FINDINGS = 200
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What untrusted content raises when it is not what it should be."""


class UnreadableError(Exception):
    """The file, or what was given beside it, cannot be read at all."""


class WrongError(ValueError):
    """Something does not verify; the text says what."""


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts, in the right form."""
    return f"{number} {one if number == 1 else many or one + 's'}"


@dataclass
class Report:
    """What verified, what did not, and what the record says."""

    kind: str
    findings: list[tuple[str, str]] = field(default_factory=list)
    """Where and what, the first `KEPT_FINDINGS` of `found`."""
    found: int = 0
    trust: dict[str, Any] = field(default_factory=dict)
    """How far the result can be trusted: size of the log, where the key comes from, what is not disclosed."""
    story: list[dict[str, Any]] = field(default_factory=list)
    """What was live at the time asked for (audit), or every move of the release (release)."""

    @property
    def ok(self) -> bool:
        """Whether everything verified."""
        return self.found == 0

    def find(self, where: str, what: str, *, first: bool = False) -> None:
        """Note that something does not verify; `first` for what helps most, and is never one of those left out."""
        self.found += 1
        self.findings.insert(0 if first else len(self.findings), (where, what))
        del self.findings[KEPT_FINDINGS:]

    @contextmanager
    def watch(self, where: str) -> Iterator[None]:
        """Whatever cannot be understood inside is a finding."""
        try:
            yield
        except WrongError as wrong:
            self.find(where, str(wrong))
        except MALFORMED as error:
            self.find(where, f"is malformed ({type(error).__name__})")

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        findings = [{"where": where, "what": what} for where, what in self.findings]
        head = {"ok": self.ok, "kind": self.kind, "found": self.found, "findings": findings}
        return {**head, "trust": self.trust, "story": self.story}
