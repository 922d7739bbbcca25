"""What a door asks about guardrails, in one place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from plimsoll.reviews.marks import Mark, settled
from plimsoll.tracing.triggers import Dimension, Trigger, TriggerFilter, TriggerPage

from ._mark import mark
from ._matrix import PlaceMatrix, live_matrix
from ._rates import Rates, rates
from ._types import GuardParts, MarkWish, Window

Said = Mapping[tuple[str, str, str, str, str], str]
"""What people say of triggers, by request, stage, check, kind and action: right, wrong, missed or disputed."""


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """Some triggers, and what people say of them."""

    page: TriggerPage
    said: Said

    def said_of(self, one: Trigger) -> str:
        """What people say of one; empty where nobody did."""
        return self.said.get((one.trace, one.stage, one.check, one.kind, one.action), "")


class GuardDesk(Protocol):
    """The port: small reads, and one write, each called in a worker thread."""

    def matrix(self) -> Sequence[PlaceMatrix]:
        """Endpoint by stage by check, of what is live."""

    def triggers(self, wanted: TriggerFilter, *, limit: int, after: str = "") -> MarkedPage:
        """What guardrails found, the newest first. Raises InvalidError for a page that there is not."""

    def rates(self, window: Window, by: Sequence[Dimension]) -> Rates:
        """How often checks trigger, and how often they are right."""

    def mark(self, wish: MarkWish) -> tuple[Mark, ...]:
        """Write down what somebody says of triggers. Raises NotFoundError and InvalidError."""


class Desk:
    """Fills `GuardDesk` from the records of an installation."""

    def __init__(self, make_parts: Callable[[], GuardParts]) -> None:
        self._make_parts = make_parts

    def matrix(self) -> Sequence[PlaceMatrix]:
        """See `GuardDesk.matrix`."""
        return live_matrix(self._make_parts())

    def triggers(self, wanted: TriggerFilter, *, limit: int, after: str = "") -> MarkedPage:
        """See `GuardDesk.triggers`."""
        parts = self._make_parts()
        parts.flush()
        page = parts.triggers.page(parts.app, wanted, limit=limit, after=after)
        return MarkedPage(page, said_of(page.triggers, parts))

    def rates(self, window: Window, by: Sequence[Dimension]) -> Rates:
        """See `GuardDesk.rates`."""
        return rates(window, by, self._make_parts())

    def mark(self, wish: MarkWish) -> tuple[Mark, ...]:
        """See `GuardDesk.mark`."""
        return mark(wish, self._make_parts())


def said_of(triggers: Sequence[Trigger], parts: GuardParts) -> Said:
    """What people say of some triggers."""
    if not triggers:
        return {}
    marks = parts.marks.all(parts.app, since=min(one.at for one in triggers))
    return {one.about.place: one.said for one in settled(marks)}
