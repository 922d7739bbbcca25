"""Requests: lists of them, and one with everything that is known of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.digest import Json

from ._text import Column, brief, heading, line, milliseconds, price, table, when

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.models.conversation import Turn
    from plimsoll.tracing import Span, Trace, TraceSummary
    from plimsoll.tracing.feedback import Judgement

_SHORTEST_ID = 8
_LISTED_INPUTS = 20
_WITHOUT_QUESTION = {"embeddings": "(texts for vectors)", "predict": "(rows for a prediction)"}
_COLUMNS: tuple[Column, ...] = (
    "answer",
    "at (UTC)",
    "environment",
    "release",
    "status",
    "model",
    "cached",
    ("latency", "right"),
    ("cost", "right"),
)
_WITHOUT_CONTENT = (
    "id",
    "app",
    "endpoint",
    "environment",
    "release_name",
    "started_at",
    "latency_ms",
    "status",
    "surface",
    "model",
    "target",
    "cached",
    "source",
    "input_tokens",
    "output_tokens",
    "cost_usd",
)
_CONTENT = {
    "off": "nothing of what was said is kept",
    "redacted": "only a redacted form of what was said is kept",
    "gone": "what was said was encrypted, and its key was destroyed",
}


@dataclass(frozen=True, slots=True)
class Told:
    """Requests, as far as somebody may see them."""

    found: "Sequence[TraceSummary | Mapping[str, Any]]"
    with_content: bool


def told(found: "Sequence[TraceSummary]", *, with_content: bool) -> Told:
    """Requests whole, or without what was asked, by whom and for whom."""
    if with_content:
        return Told(found, with_content=True)
    return Told([{name: getattr(one, name) for name in _WITHOUT_CONTENT} for one in found], with_content=False)


def traces(screen: "Console", shown: Told, older: str, *, narrowed: bool) -> None:
    """A list of requests, and how to see older ones."""
    columns: list[Column] = [*_COLUMNS, "question"] if shown.with_content else list(_COLUMNS)
    rows = [_row(trace) for trace in shown.found]
    table(screen, "requests, newest first", columns, [row[: len(columns)] for row in rows])
    if older:
        line(screen, f"older ones: the same with --after {older}", style="dim")
    if not rows:
        line(screen, "no request fits" if narrowed else 'nothing was asked yet: try `plimsoll ask "…"`')
    elif not shown.with_content:
        line(screen, "what was asked is shown with the right `trace`", style="dim")


def trace(screen: "Console", found: "Trace", judgements: "Sequence[Judgement]") -> None:
    """One request, whole, in the order in which it happened."""
    _head(screen, found)
    _asked(screen, found)
    passages(screen, found)
    if found.messages:
        heading(screen, f"prompt ({found.prompt})" if found.prompt else "conversation")
        _turns(screen, found.messages)
    _parameters(screen, found.request.get("parameters"))
    _decisions(screen, found)
    _answer(screen, found)
    _guardrails(screen, found.guardrails)
    _facts(screen, "budget", found.budget)
    _feedback(screen, judgements)
    _spans(screen, found)
    line(screen, "  ·  ".join(word for word in _sums(found) if word))


def trace_json(found: "Trace", judgements: "Sequence[Judgement]") -> dict[str, Any]:
    """For programs: the trace, and what people think of its answer."""
    same = {name: getattr(found, name) for name in found.__struct_fields__}
    feedback = [
        {
            "at": one.at,
            "score": one.said.score,
            "label": one.said.label,
            "comment": one.said.comment,
            "by": one.said.by,
            "user": one.said.user,
        }
        for one in judgements
    ]
    return {**same, "feedback": feedback}


def passages(screen: "Console", found: "Trace") -> None:
    """What was retrieved, best first."""
    cited = {citation.get("passage_id") for citation in found.citations}
    rows = [
        (
            str(rank),
            f"{passage['score']:.3f}",
            str(passage["document"]),
            str(passage["page"]),
            "cited" if passage["id"] in cited else "",
            brief(str(passage["text"]), 60),
        )
        for rank, passage in enumerate(found.passages, start=1)
    ]
    if rows:
        columns: list[Column] = [("#", "right"), ("score", "right"), "document", ("page", "right"), "", "text"]
        table(screen, "passages", columns, rows)


def _row(trace: "TraceSummary | Mapping[str, Any]") -> tuple[str, ...]:
    one = SimpleNamespace(**{"question": "", "answered": None, **trace}) if isinstance(trace, Mapping) else trace
    return (
        one.id[:_SHORTEST_ID],
        when(one.started_at)[5:16],
        one.environment or ("(sent)" if one.source == "sent" else "(build)"),
        one.release_name,
        one.status if one.answered is not False else "no answer",
        one.target or one.model,
        one.cached,
        milliseconds(one.latency_ms),
        price(one.cost_usd, one.input_tokens + one.output_tokens),
        brief(one.question, 60) or _WITHOUT_QUESTION.get(one.surface, ""),
    )


def _head(screen: "Console", found: "Trace") -> None:
    place = found.environment or ("sent to us" if found.source == "sent" else "working build")
    endpoint = found.endpoint.removeprefix(f"{found.app}/")
    line(screen, "  ·  ".join(word for word in (f"{found.app}/{endpoint}", place, found.release_name) if word))
    line(screen, f"{found.id}  ·  {when(found.started_at)} UTC  ·  {found.status} {found.error}".rstrip())
    people = {
        "through": found.surface,
        "caller": found.caller,
        "key": found.key,
        "team": found.team,
        "project": found.project,
        "user": found.user_id,
    }
    said = "  ·  ".join(f"{name} {value}" for name, value in people.items() if value)
    if said:
        line(screen, said)
    if found.joined:
        line(screen, f"within the caller's own trace {found.joined.partition('-')[0]}")
    if found.content in _CONTENT:
        line(screen, _CONTENT[found.content], style="yellow")


def _asked(screen: "Console", found: "Trace") -> None:
    """The question; of a call that has none what was sent, and of one without a prompt the conversation."""
    parameters, sent = found.request.get("parameters"), found.request.get("messages")
    if found.surface in _WITHOUT_QUESTION:
        from plimsoll.models.conversation import inputs_of

        texts = inputs_of(parameters) if isinstance(parameters, Mapping) else ()
        heading(screen, "sent")
        for rank, text in enumerate(texts[:_LISTED_INPUTS], start=1):
            line(screen, f"{rank}. {brief(text, 200)}")
        if len(texts) > _LISTED_INPUTS:
            line(screen, f"and {len(texts) - _LISTED_INPUTS} more or above", style="dim")
    elif isinstance(sent, Sequence) and sent and not isinstance(sent, str) and not found.messages:
        heading(screen, "conversation")
        _turns(screen, sent)
    elif found.question:
        heading(screen, "question")
        line(screen, found.question)


def _turns(screen: "Console", messages: Sequence[Any]) -> None:
    from plimsoll.models.conversation import conversation

    for turn in conversation(messages):
        line(screen, f"{turn.role}:", style="dim")
        for text in _said(turn):
            line(screen, text)


def _said(turn: "Turn") -> Iterator[str]:
    from plimsoll.models.conversation import plain

    for part in turn.parts:
        if part.kind == "call":
            yield f"→ {plain(part)}"
        elif part.kind in {"thought", "refusal"}:
            yield f"({part.kind}) {plain(part)}"
        else:
            yield f"{part.name}: {plain(part)}" if part.kind == "result" and part.name else plain(part)


def _parameters(screen: "Console", given: Json) -> None:
    if isinstance(given, Mapping):
        _facts(screen, "parameters", {name: value for name, value in given.items() if name not in {"input", "inputs"}})


def _decisions(screen: "Console", found: "Trace") -> None:
    if found.cached:
        line(screen, f"the answer was kept from before ({found.cached}): no model was asked", style="dim")
    rows = [
        (
            str(one.get("target", "")),
            str(one.get("outcome", "")),
            str(one.get("why", "")),
            _after(one.get("began_ms")),
            _after(one.get("took_ms")),
        )
        for one in found.attempts
    ]
    if rows:
        columns: list[Column] = ["model", "what came of it", "why", ("began", "right"), ("took", "right")]
        table(screen, "route", columns, rows)


def _answer(screen: "Console", found: "Trace") -> None:
    from plimsoll.models.conversation import calls_of, plain

    answered = found.target or found.model
    first = f", {found.model} was to be asked first" if found.target and found.target != found.model else ""
    heading(screen, f"answer ({answered}{first})")
    calls = calls_of([span.attributes for span in found.spans])
    if found.answer or not calls:
        line(screen, found.answer)
    for part in calls:
        line(screen, f"→ {plain(part)}" if part.kind == "call" else f"({part.kind}) {plain(part)}")


def _guardrails(screen: "Console", found: Sequence[Mapping[str, Json]]) -> None:
    names = ("stage", "check", "kind", "action", "count")
    if found:
        rows = [tuple(str(one.get(name, "")) for name in names) for one in found]
        table(screen, "guardrails", ["where", "check", "found", "did", ("times", "right")], rows)


def _feedback(screen: "Console", judgements: "Sequence[Judgement]") -> None:
    if judgements:
        heading(screen, "feedback")
    for one in judgements:
        said = one.said
        score = "" if said.score is None else f"{said.score:+g}"
        who = f"by {said.user or said.by}" if said.user or said.by else ""
        line(screen, "  ·  ".join(word for word in (when(one.at), score, said.label, said.comment, who) if word))


def _spans(screen: "Console", found: "Trace") -> None:
    depths = _depths(found.spans)
    rows = [
        ("  " * depths[span.id] + span.name, f"{span.duration_ms:.1f} ms", brief(span.error or "", 60))
        for span in found.spans
    ]
    table(screen, "steps", ["step", ("time", "right"), "error"], rows)
    if found.source == "sent":
        for span in found.spans:
            _facts(screen, span.name, span.attributes)


def _depths(spans: "Sequence[Span]") -> dict[str, int]:
    """How far below the top each step is; a circle of parents ends at the top."""
    parents = {span.id: span.parent_id for span in spans}
    depths: dict[str, int] = {}
    for span in spans:
        above, parent = [span.id], span.parent_id
        while parent in parents and parent not in depths and parent not in above:
            above.append(parent)
            parent = parents[parent]
        depth = depths[parent] + 1 if parent in depths else 0
        for name in reversed(above):
            depths[name] = depth
            depth += 1
    return depths


def _facts(screen: "Console", title: str, found: Mapping[str, Json]) -> None:
    if not found:
        return
    import msgspec

    heading(screen, title)
    for name, value in sorted(found.items()):
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        line(screen, f"  {name}  {brief(text, 200)}")


def _sums(found: "Trace") -> Iterator[str]:
    yield milliseconds(found.latency_ms)
    if found.time_to_first_token_ms is not None:
        yield f"first text after {milliseconds(found.time_to_first_token_ms)}"
    streamed = [span.attributes.get("gen_ai.request.stream") for span in found.spans]
    if True in streamed or False in streamed:
        yield "streamed" if True in streamed else "whole"
    parts = {
        "estimated": found.tokens_estimated,
        f"{found.cached_tokens:,} of them cached": found.cached_tokens,
        f"{found.cache_write_tokens:,} written to the cache": found.cache_write_tokens,
        f"{found.reasoning_tokens:,} of reasoning": found.reasoning_tokens,
    }
    details = ", ".join(name for name, there in parts.items() if there)
    yield f"{found.input_tokens:,} + {found.output_tokens:,} tokens{f' ({details})' if details else ''}"
    yield price(found.cost_usd, found.input_tokens + found.output_tokens)


def _after(value: Json) -> str:
    return f"{value:,.1f} ms" if isinstance(value, int | float) else ""
