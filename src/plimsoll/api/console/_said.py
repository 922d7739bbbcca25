"""What was said in a request: the conversation, the inputs of other calls, the parameters."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from plimsoll.kernel.digest import Json
from plimsoll.models.conversation import Part, Turn, conversation, inputs_of, plain
from plimsoll.tracing import Trace

from ._facts import Fact, written

_PREVIEW_LENGTH: Final = 200
_LISTED_INPUTS: Final = 20


@dataclass(frozen=True, slots=True)
class Speech:
    """One turn of a conversation."""

    role: str
    parts: tuple[Part, ...]
    preview: str
    """Its beginning, on one line."""
    size: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was sent to be turned into vectors or predictions."""

    texts: tuple[str, ...]
    count: int
    """Of all of them; only the first are in `texts`."""


def speeches(messages: Sequence[Any]) -> tuple[Speech, ...]:
    """The turns of a conversation."""
    return tuple(_speech(turn) for turn in conversation(messages))


def inputs(trace: Trace) -> Inputs | None:
    """The inputs of a call that has no conversation; None for one that has."""
    given = _parameters(trace)
    if trace.surface not in {"embeddings", "predict"}:
        return None
    texts = inputs_of(given)
    sent = given.get("input", given.get("inputs"))
    count = len(sent) if isinstance(sent, list | tuple) and len(texts) > 1 else len(texts)
    return Inputs(texts[:_LISTED_INPUTS], count)


def title(trace: Trace, given: Inputs | None) -> str:
    """What the page is called."""
    if given is None:
        return trace.question or ("(nothing was said)" if trace.content == "full" else "(what was said is not shown)")
    one = given.count == 1
    if trace.surface == "predict":
        return f"Prediction for {given.count:,} {'row' if one else 'rows'}"
    return f"Vectors for {given.count:,} {'text' if one else 'texts'}"


def parameters(trace: Trace) -> tuple[Fact, ...]:
    """What the caller asked for beside the conversation; tools by their names."""
    given = _parameters(trace)
    found = {name: value for name, value in given.items() if name not in {"input", "inputs"}}
    return tuple((name, _tools(value) if name == "tools" else written(value)) for name, value in sorted(found.items()))


def vectors(trace: Trace, given: Inputs | None) -> str:
    """What a call for vectors gave, in a few words; empty for every other call and for one that failed."""
    if given is None or trace.surface != "embeddings" or trace.status != "ok":
        return ""
    lengths = (span.attributes.get("gen_ai.embeddings.dimension.count") for span in trace.spans)
    length = next((length for length in lengths if isinstance(length, int)), None)
    many = f"{given.count:,} {'vector' if given.count == 1 else 'vectors'}"
    return many if length is None else f"{many} of {length:,} numbers"


def indented(text: str) -> str:
    """The arguments of a call with one line for each, where they are JSON."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps(found, ensure_ascii=False, indent=2) if isinstance(found, dict | list) and found else text


def _parameters(trace: Trace) -> Mapping[str, Json]:
    found = trace.request.get("parameters")
    return found if isinstance(found, Mapping) else {}


def _speech(turn: Turn) -> Speech:
    said = " ".join(plain(part) for part in turn.parts)
    length = sum(len(part.text) for part in turn.parts)
    return Speech(
        role=turn.role or "(no role)",
        parts=turn.parts,
        preview=" ".join(said[:_PREVIEW_LENGTH].split()),
        size=f"{length:,} {'character' if length == 1 else 'characters'}",
    )


def _tools(value: Json) -> str:
    names = []
    for tool in value if isinstance(value, list) else ():
        inner = tool.get("function", tool) if isinstance(tool, Mapping) else {}
        name = inner.get("name") or inner.get("type") if isinstance(inner, Mapping) else None
        names.append(str(name or "(no name)"))
    return ", ".join(names)
