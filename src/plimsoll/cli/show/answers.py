"""Answers, and everything that explains them."""

from typing import TYPE_CHECKING, Any

from ._text import brief, cost, heading, line, milliseconds, short, table, when
from .traces import passages

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.replay import Replay
    from plimsoll.flows.serve import Answer, Predictions
    from plimsoll.governance import Lineage

_ID = 12


def answer(screen: "Console", given: "Answer") -> None:
    """An answer with its citations, and what made it."""
    done, started = given.done, given.started
    line(screen, done.text.strip(), style="bold")
    if done.citations:
        heading(screen, "cited")
        for quote in done.citations:
            line(
                screen, f"  [{quote.marker}] {quote.document}, page {quote.page}, characters {quote.start}-{quote.end}"
            )
    tokens = f"{done.usage.input_tokens} + {done.usage.output_tokens} tokens"
    screen.print()
    facts = (started.release_name, started.model, milliseconds(done.latency_ms), tokens, cost(done.usage.cost_usd))
    line(screen, "  ·  ".join(facts), style="dim")
    line(screen, f"plimsoll lineage {started.trace_id[:_ID]}  explains it", style="dim")


def answer_json(given: "Answer") -> dict[str, Any]:
    """For programs."""
    started, done = _fields(given.started), _fields(given.done)
    citations = [
        {"quote" if name == "text" else name: value for name, value in _fields(quote).items()}
        for quote in given.done.citations
    ]
    return {"trace": started.pop("trace_id"), **started, **done, "citations": citations}


def predictions(screen: "Console", found: "Predictions") -> None:
    """What a classical model says of a text, and what made it."""
    from plimsoll.models.predictors import Prediction

    for row in found.predictions:
        if isinstance(row, Prediction):
            line(screen, row.said(), style="bold")
            table(screen, "labels", ["label", ("score", "right")], [(x, f"{s:.3f}") for x, s in row.scores.items()])
            continue
        values = [
            (name, one.value, f"{one.start}-{one.end}", f"{one.confidence:.2f}")
            for name, some in row.fields.items()
            for one in some
        ]
        table(screen, "fields", ["field", "value", ("characters", "right"), ("confidence", "right")], values)
        missing = [name for name, some in row.fields.items() if not some]
        if missing:
            line(screen, f"the text does not say: {', '.join(missing)}")
    started = found.started
    screen.print()
    line(screen, f"{started.release_name}  ·  {started.model}  ·  {milliseconds(found.latency_ms)}", style="dim")


def predictions_json(found: "Predictions") -> dict[str, Any]:
    """For programs."""
    started = _fields(found.started)
    return {
        "trace": started.pop("trace_id"),
        **started,
        "latency_ms": found.latency_ms,
        "predictions": list(found.predictions),
    }


def lineage(screen: "Console", chain: "Lineage") -> None:
    """The chain behind an answer."""
    found = chain.trace
    line(screen, f"question   {found.question}", style="bold")
    passages(screen, found)
    heading(screen, "how it was made")
    line(screen, f"prompt     {found.prompt}, {len(found.messages)} messages")
    line(screen, f"model      {found.model}")
    line(screen, f"answer     {brief(found.answer, 200)}")
    _release(screen, chain)
    rows = [
        (
            used.version.kind,
            used.version.label,
            short(used.version.digest),
            ", ".join(f"{parent.kind} {parent.label}" for parent in used.parents),
        )
        for used in chain.artifacts
    ]
    table(screen, "versions in it", ["kind", "version", "digest", "made from"], rows)


def replay(screen: "Console", again: "Replay") -> None:
    """What is the same when an answer is made again."""
    rows = [
        (
            part.part,
            "provable" if part.provable else "best effort",
            {True: "same", False: "DIFFERENT", None: "not compared"}[part.same],
            brief(part.then, 60),
            brief(part.now, 60) if part.same is False else "",
        )
        for part in again.parts
    ]
    title = f"replay of {again.trace.id[:_ID]} on {again.trace.release_name}"
    table(screen, title, ["part", "kind", "result", "then", "now"], rows)
    for which, found in (("first answer", again.trace), ("replay", again.again)):
        if found.status != "ok":
            line(screen, f"the {which} did not come to its end ({found.status}: {found.error})", style="yellow")
    if any(part.provable and part.same is None for part in again.parts):
        line(screen, "nothing that is provable could be compared", style="yellow")
    elif again.proved:
        line(screen, "every provable part is the same", style="bold green")
    else:
        line(screen, "a provable part differs: the stored versions or this installation were changed", style="bold red")


def replay_json(again: "Replay") -> dict[str, Any]:
    """For programs."""
    return {
        "trace": again.trace.id,
        "again": again.again.id,
        "release": again.trace.release,
        "proved": again.proved,
        "parts": again.parts,
    }


def _release(screen: "Console", chain: "Lineage") -> None:
    if chain.release is None:
        line(screen, f"draft      {chain.manifest.name} (the working build: not released)")
        return
    release = chain.release
    line(screen, f"release    {chain.manifest.name} {chain.manifest.digest}")
    origin = f" at commit {release.source_commit}" if release.source_commit else ""
    line(screen, f"           made by {release.author}, {when(release.created_at)} UTC{origin}")
    for evidence in chain.manifest.evidence:
        line(screen, f"evidence   suite {evidence.suite}: {evidence.verdict} (run {short(evidence.run)})")
    if chain.shipped is not None:
        move = chain.shipped
        reason = f": {move.reason}" if move.reason else ""
        line(screen, f"live since {when(move.moved_at)} UTC in {move.environment}, by {move.actor}{reason}")


def _fields(value: Any) -> dict[str, Any]:
    names = value.__struct_fields__ if hasattr(value, "__struct_fields__") else value.__dataclass_fields__
    return {name: getattr(value, name) for name in names}
