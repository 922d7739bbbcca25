"""What runs beside the calls: one task on the event loop, and one thread that talks to the database."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from plimsoll.kernel.money import to_usd

from ._types import Alert, Budget, Measure, Span
from .escrow import Batch, Outcome, Slot, UsageRecord

_log = logging.getLogger("plimsoll.budgets")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are done, in seconds."""

    tick_s: float = 0.04
    """Between two exchanges with the database while calls come."""
    lease_s: float = 30.0
    """For how long a process that says nothing keeps what it holds."""
    idle_s: float = 5.0
    """After so much time without use a slice is given back."""
    refresh_s: float = 5.0
    """Between two looks for changed budgets."""
    retry_s: float = 0.25
    """Between two tries while the database does not answer; shorter than `settled_s`."""
    settled_s: float = 1.0
    """For how long a process must have been in touch before it takes others for dead."""
    skew_s: float = 5.0
    """How far the clocks of machines that share budgets may differ; so much later a process is taken for dead."""
    reclaim_s: float = 1.0
    """Between two looks for such."""
    prune_s: float = 600.0
    patience_s: float = 2.0
    """For how long a call waits for the database."""


_MOST_SPACE_S: Final = 0.01
"""Between two exchanges for waiting calls lies as much time as the last one took, and at most this."""


class Work(Protocol):
    """What the driver drives."""

    def collect(self, *, leaves: bool) -> tuple[list[Slot], Batch] | None:
        """What is to be said now; None for nothing."""

    def succeeded(self, slots: list[Slot], outcome: Outcome, began: float) -> None:
        """It was written down; `began` is the moment of the loop's clock before it was said."""

    def undone(self, slots: list[Slot]) -> None:
        """It was not written down."""

    def failed(self) -> None:
        """The database does not answer."""

    def adopt(self, budgets: tuple[Budget, ...]) -> None:
        """These budgets hold."""

    def saw_wanted(self, keys: frozenset[str]) -> None:
        """Of these windows others want back what is not used."""

    @property
    def is_busy(self) -> bool:
        """Whether there may be something to say before long."""

    @property
    def is_pressing(self) -> bool:
        """Whether a call waits for an exchange."""


class Driver:
    """Keeps slices and the database in step.

    Every outcome is applied on the event loop, so the calls need no lock. An exchange whose outcome is in doubt (the
    connection broke while it was committed) is looked up by its number before anything else is said.
    """

    def __init__(
        self,
        work: Work,
        record: UsageRecord,
        budgets: Callable[[], tuple[Budget, ...]],
        *,
        pace: Pace,
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._work = work
        self._record = record
        self._budgets = budgets
        self._pace = pace
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="plimsoll-limits")
        self._bell = asyncio.Event()
        self._asleep = False
        self._doubt: tuple[list[Slot], Batch, float] | None = None
        self._failing = False
        self._took_s = 0.0
        self._ended = 0.0
        self._refresh_at = 0.0
        self._prune_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._talking_since: float | None = None

    async def start(self) -> None:
        """Read the budgets and begin. Raises what reading them raises: without them nothing may be let in."""
        self._work.adopt(await self._off_loop(self._budgets))
        self._refresh_at = self._now() + self._pace.refresh_s
        self._prune_at = self._now() + self._pace.prune_s
        self._task = asyncio.get_running_loop().create_task(self._run(), name="plimsoll-limits")

    async def close(self) -> None:
        """Say what is left to say, and give back everything that is not reserved."""
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.wait([task])
            await self._turn(leaves=True)
        self._thread.shutdown(wait=False)

    def wake(self) -> None:
        """There is something to say."""
        if self._asleep:
            self._bell.set()

    def hurry(self) -> None:
        """A call waits."""
        self._bell.set()

    @property
    def is_stuck(self) -> bool:
        """Whether the database was asked so long ago that nobody should wait for it."""
        since = self._talking_since
        return since is not None and self._now() - since > self._pace.patience_s

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _run(self) -> None:
        while True:
            await self._rest()
            await self._refresh()
            await self._turn()
            await self._prune()

    async def _rest(self) -> None:
        """Until there is something to do: at once for a waiting call, at the tick for what was used."""
        if self._failing:
            await asyncio.sleep(self._pace.retry_s)
            return
        if not self._work.is_busy:
            self._asleep = True
            await self._ring(self._pace.refresh_s)
            self._asleep = False
        if not self._work.is_pressing:
            await self._ring(self._pace.tick_s)
        space = min(self._took_s, _MOST_SPACE_S) - (self._now() - self._ended)
        if space > 0:
            await asyncio.sleep(space)

    async def _ring(self, timeout_s: float) -> None:
        self._bell.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._bell.wait()

    async def _turn(self, *, leaves: bool = False) -> None:
        """One exchange. Whatever keeps it from being written down closes the gate, and the next turn tries again."""
        try:
            if self._doubt is not None:
                await self._resolve(*self._doubt)
            said = self._work.collect(leaves=leaves)
            if said is not None:
                await self._exchange(*said)
            elif self._work.is_busy:
                self._work.saw_wanted(await self._off_loop(lambda: self._record.wanted(self._clock())))
        except Exception as error:  # noqa: BLE001  # a fault of any kind must neither open the gate nor end this task
            self._fail(error)
        else:
            if self._failing:
                self._failing = False
                _log.warning("the record of what is used answers again")

    async def _exchange(self, slots: list[Slot], batch: Batch) -> None:
        began = self._now()
        # Until it is known to be otherwise: a cancelled wait does not stop the thread.
        self._doubt = (slots, batch, began)
        outcome = await self._off_loop(lambda: self._record.exchange(batch))
        self._doubt = None
        self._ended = self._now()
        self._took_s = self._ended - began
        self._work.succeeded(slots, outcome, began)
        for told in outcome.alerts:
            _log.warning("%s", _sentence(told))

    async def _resolve(self, slots: list[Slot], batch: Batch, began: float) -> None:
        outcome = await self._off_loop(lambda: self._record.outcome_of(batch))
        self._doubt = None
        if outcome is None:
            self._work.undone(slots)
        else:
            self._work.succeeded(slots, outcome, began)

    async def _refresh(self) -> None:
        """Look for changed budgets; those that hold go on where the records do not answer."""
        if self._now() < self._refresh_at:
            return
        self._refresh_at = self._now() + self._pace.refresh_s
        try:
            self._work.adopt(await self._off_loop(self._budgets))
        except Exception:  # noqa: BLE001  # a fault in the records must not end this task
            _log.warning("the budgets could not be read again; those that were known go on", exc_info=True)

    async def _prune(self) -> None:
        if self._now() < self._prune_at or self._failing:
            return
        self._prune_at = self._now() + self._pace.prune_s
        try:
            await self._off_loop(lambda: self._record.prune(self._clock()))
        except Exception:  # noqa: BLE001  # as above: it is tried again later
            _log.warning("old windows could not be taken away", exc_info=True)

    async def _off_loop(self, function: Callable[[], T]) -> T:
        self._talking_since = self._now()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, function)
        finally:
            self._talking_since = None

    def _fail(self, error: Exception) -> None:
        if not self._failing:
            _log.warning("the record of what is used does not answer: %s", error)
        self._failing = True
        self._work.failed()


_COUNTED: Final[Mapping[Measure, str]] = {"usd": "dollars", "tokens": "tokens", "requests": "requests"}
_PER: Final[Mapping[Span, str]] = {
    "request": "a request",
    "minute": "a minute",
    "hour": "an hour",
    "day": "a day",
    "month": "a month",
    "total": "in total",
}


def _sentence(told: Alert) -> str:
    """What the log says of a share that was reached. Users are not named there: a name may be a person's."""
    window = told.window
    scope = "one user" if window.scope.startswith("user:") else window.scope
    used, of = (
        f"{to_usd(amount):g}" if window.measure == "usd" else f"{amount:,}" for amount in (told.spent, told.cap)
    )
    return (
        f"the budget of {scope} has used {told.share * 100:.0f} % of its {_COUNTED[window.measure]} "
        f"{_PER[window.span]} ({used} of {of}); `plimsoll budget show` says more"
    )
