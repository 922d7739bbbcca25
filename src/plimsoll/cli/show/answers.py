"""Answers, and everything that explains them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.digest import Json

from ._text import Column, brief, cost, heading, line, milliseconds, short, table, when

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.replay import Replay
    from plimsoll.flows.serve import Answer
    from plimsoll.governance import Lineage
    from plimsoll.tracing import Span, Trace, TraceSummary

_ID = 12
_SHORTEST_ID = 8


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


def traces(screen: "Console", found: "Sequence[TraceSummary]") -> None:
    """A list of requests."""
    rows = [
        (
            trace.id[:_SHORTEST_ID],
            when(trace.started_at)[5:16],
            trace.environment or "(build)",
            trace.release_name,
            trace.status if trace.answered is not False else "no answer",
            milliseconds(trace.latency_ms),
            brief(trace.question, 60),
        )
        for trace in found
    ]
    columns: list[Column] = ["answer", "at (UTC)", "environment", "release", "status", ("latency", "right"), "question"]
    table(screen, "requests, newest first", columns, rows)
    if not rows:
        line(screen, 'nothing was asked yet: try `plimsoll ask "…"`')


def trace(screen: "Console", found: "Trace") -> None:
    """One request, whole."""
    line(screen, f"{found.app}/{found.endpoint}  ·  {found.environment or 'working build'}  ·  {found.release_name}")
    line(screen, f"{found.id}  ·  {when(found.started_at)} UTC  ·  {found.status} {found.error}".rstrip())
    heading(screen, "question")
    line(screen, found.question)
    _passages(screen, found.passages, {citation["passage_id"] for citation in found.citations})
    heading(screen, f"prompt ({found.prompt})")
    for message in found.messages:
        line(screen, f"{message['role']}:", style="dim")
        line(screen, str(message["content"]))
    heading(screen, f"answer ({found.model})")
    line(screen, found.answer)
    _spans(screen, found.spans)
    estimated = " (estimated)" if found.tokens_estimated else ""
    tokens = f"{found.input_tokens} + {found.output_tokens} tokens{estimated}"
    first = milliseconds(found.time_to_first_token_ms)
    line(screen, f"{milliseconds(found.latency_ms)}, first text after {first}  ·  {tokens}  ·  {cost(found.cost_usd)}")


def lineage(screen: "Console", chain: "Lineage") -> None:
    """The chain behind an answer."""
    found = chain.trace
    line(screen, f"question   {found.question}", style="bold")
    _passages(screen, found.passages, {citation["passage_id"] for citation in found.citations})
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


def _passages(screen: "Console", passages: Sequence[Mapping[str, Json]], cited: set[Json]) -> None:
    rows = [
        (
            str(rank),
            f"{passage['score']:.3f}",
            str(passage["document"]),
            str(passage["page"]),
            "cited" if passage["id"] in cited else "",
            brief(str(passage["text"]), 60),
        )
        for rank, passage in enumerate(passages, start=1)
    ]
    if rows:
        columns: list[Column] = [("#", "right"), ("score", "right"), "document", ("page", "right"), "", "text"]
        table(screen, "passages", columns, rows)


def _spans(screen: "Console", spans: "Sequence[Span]") -> None:
    rows = [("" if span.parent_id is None else "  ") + span.name for span in spans]
    times = [f"{span.duration_ms:.1f} ms" for span in spans]
    table(screen, "steps", ["step", ("time", "right")], zip(rows, times, strict=True))


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
