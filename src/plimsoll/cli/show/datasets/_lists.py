"""The datasets of a project, the rows of one, and what differs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from plimsoll.datasets import Row, RowsDiff
from plimsoll.flows.dataset import Described
from plimsoll.kernel.digest import hex_part

from ..._output import printable, table

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN = 12
_QUESTION = 120


def listed(screen: "Console", datasets: Sequence[Described]) -> None:
    """One line for each dataset."""
    rows = [
        (
            one.name,
            str(one.rows),
            "texts" if one.labelled_texts else f"{one.rows - one.answerable} of them",
            ", ".join(f"{name} {count}" for name, count in one.splits.items()) or "-",
            ", ".join(one.suites) or "-",
            hex_part(one.digest)[:12],
        )
        for one in datasets
    ]
    table(screen, "", ("dataset", ("rows", "right"), "unanswerable", "splits", "suites", "version"), rows)
    if not rows:
        screen.print("no datasets; `plimsoll dataset import FILE` makes one, and `--help` names other ways")


def rows_shown(screen: "Console", about: Described, said: Mapping[str, object], rows: Sequence[Row]) -> None:
    """One dataset: what is in it, and some of its rows."""
    facts = {
        "rows": f"{about.rows}: {about.answerable} answerable, {about.rows - about.answerable} not",
        "without an answer": str(about.unlabelled) if about.unlabelled else "",
        "splits": _counts(about.splits),
        "slices": _counts(about.slices),
        "documents": str(about.documents) if about.documents else "",
        "groups": str(about.groups) if about.groups else "",
        "from": _counts(about.sources),
        "suites": ", ".join(about.suites),
        "version": hex_part(about.digest)[:12],
        **{name: str(value) for name, value in said.items()},
    }
    table(screen, about.name, ("", "what"), [(name, value) for name, value in facts.items() if value])
    columns = ("id", "question", "answer", "split", "document")
    table(screen, "", columns, [_row(row) for row in rows[:_SHOWN]])
    if len(rows) > _SHOWN:
        screen.print(f"… and {len(rows) - _SHOWN} more rows (--json has all of them)")


def difference(screen: "Console", names: tuple[str, str], found: RowsDiff) -> None:
    """What is different between two lists of rows."""
    if found.empty:
        screen.print(f"no difference: {found.same} rows", highlight=False)
        return
    old, new = (printable(name) for name in names)
    counts = f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed, {found.same} same"
    screen.print(f"{old} → {new}: {counts}", markup=False, highlight=False)
    if found.moved:
        screen.print("the rows that both have stand in another order")
    lines = [("+", row.id, _short(row.question), "") for row in found.added]
    lines += [("-", row.id, _short(row.question), "") for row in found.removed]
    lines += [
        ("~", one.id, f"{key}: {_short(str(before))}", _short(str(after)))
        for one in found.changed
        for key, (before, after) in one.changed.items()
    ]
    table(screen, "", ("", "id", "then", "now"), lines)


def _counts(counts: Mapping[str, int]) -> str:
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count}" for name, count in most[:_SHOWN]) + (" …" if len(most) > _SHOWN else "")


def _row(row: Row) -> tuple[str, str, str, str, str]:
    answer = row.answers[0] if row.answers else ("?" if row.answerable else "(not answerable)")
    return row.id, _short(row.question), _short(answer), row.split, ", ".join(row.documents[:2])


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _QUESTION else f"{plain[: _QUESTION - 1]}…"
