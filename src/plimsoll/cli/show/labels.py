"""Review queues, labels, and how far a judge agrees with them."""

from typing import TYPE_CHECKING, Any

from plimsoll.kernel.clock import to_text

from ._text import brief, cost, heading, line, table, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from plimsoll.evaluation.calibration import Calibration, Permission
    from plimsoll.reviews.annotations import Annotation, Next, Queue, Settled, Standing

_MOST_SLICES = 20


def queue_json(queue: "Queue") -> dict[str, Any]:
    """For programs."""
    return {
        "name": queue.name,
        "task": queue.task.to_json(),
        "items": queue.items,
        "digest": queue.digest,
        "opened_at": to_text(queue.opened_at),
        "actor": queue.actor,
    }


def queues(screen: "Console", found: "Sequence[Queue]") -> None:
    """The queues of an application."""
    rows = [
        (one.name, str(one.items), ", ".join(one.task.labels), str(one.task.annotators), when(one.opened_at))
        for one in found
    ]
    table(screen, "review queues", ["queue", "answers", "labels", "annotators", "opened (UTC)"], rows)


def opened(screen: "Console", queue: "Queue") -> None:
    """A queue that was just opened."""
    line(
        screen,
        f"opened {queue.name}: {queue.items} answers, each for {queue.task.annotators} annotators",
        style="bold green",
    )
    line(screen, f"next: plimsoll review next {queue.name}")


def next_json(found: "Next | None") -> dict[str, Any]:
    """For programs; `item` is null where nothing is left."""
    if found is None:
        return {"item": None, "left": 0}
    return {"item": found.item.to_json(), "task": found.task.to_json(), "done": found.done, "left": found.left}


def shown(screen: "Console", queue: str, found: "Next | None") -> None:
    """What an annotator is asked."""
    if found is None:
        line(screen, f"nothing is left for you in {queue}", style="bold green")
        return
    item = found.item
    heading(screen, f"{item.id} · {found.left} left")
    for name, text in (
        ("question", item.question),
        ("passages", "\n\n".join(item.passages)),
        ("reference", "\n".join(item.reference)),
        ("answer", item.answer),
    ):
        if text:
            line(screen, name, style="bold")
            line(screen, text)
    heading(screen, found.task.question)
    line(screen, f"plimsoll review label {queue} {item.id} {'|'.join(found.task.labels)}")


def annotation_json(said: "Annotation") -> dict[str, Any]:
    """For programs."""
    return {
        "sequence": said.sequence,
        "item": said.item,
        "given": said.given,
        "label": said.label,
        "actor": said.actor,
        "at": to_text(said.at),
    }


def annotated(screen: "Console", said: "Annotation") -> None:
    """A label that was just given."""
    verb = "labelled" if said.given == "label" else "settled as"
    line(screen, f"{said.item} {verb} {said.label}", style="bold green")


def standing_json(found: "Standing") -> dict[str, Any]:
    """For programs."""
    interval = found.alpha.interval
    return {
        "items": found.items,
        "complete": found.complete,
        "disputed": found.disputed,
        "adjudicated": found.adjudicated,
        "by_label": found.by_label,
        "krippendorff_alpha": found.alpha.value,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
    }


def standing(screen: "Console", found: "Standing", disputed: "Sequence[Settled]", names: "dict[str, str]") -> None:
    """How far annotators agree, and on which answers they do not."""
    line(screen, f"{found.complete} of {found.items} answers have all labels; {found.adjudicated} were settled")
    alpha, interval = found.alpha.value, found.alpha.interval
    if alpha is None or interval is None:
        line(screen, "agreement is not defined yet: too few answers, or only one label was ever given")
    else:
        line(screen, f"Krippendorff's alpha {alpha:.3f} ({interval.low:.3f} to {interval.high:.3f})")
    rows = [
        (one.id, ", ".join(f"{names.get(who, who)}: {label}" for who, label in one.labels.items()), brief(_text(one)))
        for one in disputed
    ]
    if rows:
        table(screen, "not agreed, and not settled", ["answer", "labels", "text"], rows)


def _text(one: "Settled") -> str:
    return "(erased)" if one.item is None else one.item.answer


def calibration(screen: "Console", found: "Calibration", permission: "Permission") -> None:
    """What is known of a judge."""
    line(screen, f"{found.judge} {found.version}: {found.rows} rows, cost {cost(found.cost_usd)}", style="bold")
    if found.disputed:
        line(screen, f"{found.disputed} rows were left out: people do not agree on them, and nobody settled it")
    if found.missing:
        line(screen, f"{found.missing} rows could not be judged; {found.why}", style="yellow")
    right = ("value", "right"), ("95 %", "right"), ("rows", "right")
    rows = [(name, _number(one.value), _ends(one.low, one.high), str(one.rows)) for name, one in found.values.items()]
    table(screen, "agreement with people", ["what", *right], rows)
    biases = [
        (
            bias.slice or "all rows",
            f"{bias.difference:+.3f}",
            _ends(bias.low, bias.high),
            f"{bias.p_value:.3f}",
            str(bias.rows),
        )
        for bias in found.biases[:_MOST_SLICES]
    ]
    table(screen, "judge minus people", ["slice", "difference", "95 %", "p (Holm)", "rows"], biases)
    said = [(truth, *(str(count) for count in row.values())) for truth, row in found.confusion.items()]
    table(screen, "people (rows) and judge (columns)", ["", *found.labels], said)
    if permission:
        line(screen, f"it may decide: its lower bound is {_number(permission.value)}", style="bold green")
    else:
        line(screen, f"it may not decide: {permission.why_not}", style="bold red")


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def _ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
