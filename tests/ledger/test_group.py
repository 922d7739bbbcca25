"""Group commit: many callers, few transactions; what was acknowledged is there, in order."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from plimsoll.kernel.errors import ConflictError, UnavailableError
from plimsoll.ledger import Act, By, GroupCommit, Ledger, Recorded

KEEPER = By("s-00000000000000aa")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
THREADS, EACH = 8, 25


def act(thread: int, number: int) -> Act:
    return Act("test.act", "", KEEPER, {"thread": thread, "number": number})


class Slow:
    """A ledger whose first transaction waits until it is let go, so that a crowd gathers behind it."""

    def __init__(self) -> None:
        self.groups: list[list[Act]] = []
        self.go = threading.Event()
        self.begun = threading.Event()
        self.error: Exception | None = None

    def record(self, acts: Sequence[Act]) -> tuple[Recorded, ...]:
        self.groups.append(list(acts))
        self.begun.set()
        assert self.go.wait(30)
        if len(self.groups) > 1 and self.error is not None:
            raise self.error
        return tuple(Recorded(place, NOON) for place, _ in enumerate(acts))


def test_what_is_acknowledged_is_written_once_and_in_order(ledger: Ledger) -> None:
    writer = GroupCommit(ledger.record)
    recorded: dict[tuple[int, int], Recorded] = {}

    def work(thread: int) -> None:
        for number in range(EACH):
            done = writer.record(act(thread, number))
            # It is in the database before anybody is told that it is.
            (entry,) = ledger.entries(done.sequence, done.sequence + 1)
            assert entry.facts == {"thread": thread, "number": number}
            assert entry.at == done.at
            recorded[thread, number] = done

    threads = [threading.Thread(target=work, args=[number]) for number in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    writer.close()
    assert len(recorded) == THREADS * EACH
    assert ledger.size() == THREADS * EACH + 1
    for thread in range(THREADS):
        places = [recorded[thread, number].sequence for number in range(EACH)]
        assert places == sorted(places)
    assert list(ledger.strays()) == []


def test_a_bad_act_takes_no_other_with_it(ledger: Ledger) -> None:
    writer = GroupCommit(ledger.record)
    bad = Act("test.act", "", By("s-ffffffffffffffff"), {}, {"reason": "sealed for nobody"})
    futures = [writer.submit(bad if number % 3 == 0 else act(0, number)) for number in range(9)]
    writer.close()
    for number, future in enumerate(futures):
        if number % 3 == 0:
            assert isinstance(future.exception(), ConflictError)
        else:
            assert future.exception() is None
    assert [entry.facts["number"] for entry in ledger.entries(1)] == [1, 2, 4, 5, 7, 8]


def crowd(slow: Slow, count: int) -> tuple[GroupCommit, list[object]]:
    writer = GroupCommit(slow.record)
    writer.submit(act(0, 0))
    assert slow.begun.wait(30)
    return writer, [writer.submit(act(0, number)) for number in range(1, count)]


def test_those_who_wait_go_into_one_transaction() -> None:
    slow = Slow()
    writer, _ = crowd(slow, 50)
    slow.go.set()
    writer.close()
    assert [len(group) for group in slow.groups] == [1, 49]


def test_who_gives_up_while_waiting_stops_nobody() -> None:
    slow = Slow()
    writer = GroupCommit(slow.record)
    first = writer.submit(act(0, 0))
    assert slow.begun.wait(30)
    gone, stays = writer.submit(act(0, 1)), writer.submit(act(0, 2))
    assert gone.cancel()
    assert not first.cancel(), "what is being written cannot be taken back"
    slow.go.set()
    writer.close()
    assert stays.result(30) == Recorded(0, NOON)
    assert [[each.facts["number"] for each in group] for group in slow.groups] == [[0], [2]]


def test_what_is_unavailable_is_not_tried_again_for_each() -> None:
    slow = Slow()
    slow.error = UnavailableError("away")
    writer = GroupCommit(slow.record)
    writer.submit(act(0, 0))
    assert slow.begun.wait(30)
    futures = [writer.submit(act(0, number)) for number in range(1, 20)]
    slow.go.set()
    writer.close()
    assert len(slow.groups) == 2
    assert all(future.exception() is slow.error for future in futures)


def test_what_waits_is_written_before_the_end() -> None:
    slow = Slow()
    writer = GroupCommit(slow.record)
    futures = [writer.submit(act(0, number)) for number in range(10)]
    slow.go.set()
    writer.close()
    writer.close()
    assert all(future.done() for future in futures)
    with pytest.raises(RuntimeError, match="closed"):
        writer.submit(act(0, 10))
