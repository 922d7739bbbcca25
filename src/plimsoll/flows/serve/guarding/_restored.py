"""Putting back what the caller had said, where an answer names its placeholder.

Nothing is looked at here: this comes behind everything that looks, records or keeps, all of which sees placeholders.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from plimsoll.guardrails.requests import Restoring
from plimsoll.models import Body, Chunks

from ..places import copied, decoded, is_json, texts_in
from ._stream_guard import AFTER_THOUGHTS, LABELS, THOUGHTS, piece_of

Own = Mapping[str, str]
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Returned:
    """What one caller gets back: what they had said, by its placeholder."""

    def __init__(self, own: Own, *, is_json: bool) -> None:
        """`is_json` where the caller asked for JSON as the text of the answer."""
        self.own = own
        self._in_json = (
            {name: json.dumps(said, ensure_ascii=False)[1:-1] for name, said in own.items()} if is_json else own
        )

    def of_text(self, name: str) -> Restoring:
        """Begin to put it back in a text of an answer."""
        return Restoring(self._in_json if name == "content" else self.own)

    def whole(self, body: Body) -> Body:
        """A whole answer with what its caller had said. Names stay as they are, and JSON stays JSON."""
        return {**body, "choices": [{**one, "message": self._message(one["message"])} for one in body["choices"]]}

    def _message(self, message: Body) -> Body:
        text = message.get("content")
        if not isinstance(text, str):
            return put_back(message, self.own)
        others = {name: value for name, value in message.items() if name != "content"}
        return {**message, **put_back(others, self.own), "content": self.of_text("content").feed(text, last=True)}


class RestoredStream:
    """The same for an answer that goes out piece by piece; its calls are whole pieces. Belongs to one thread."""

    def __init__(self, returned: Returned) -> None:
        self._returned = returned
        self._texts: dict[tuple[int, str], Restoring] = {}

    def feed(self, chunks: Chunks) -> Chunks | None:
        """What goes to the caller now, or None."""
        out: list[Body] = []
        for chunk in chunks.chunks:
            for choice in chunk["choices"]:
                self._choice(choice, out)
        return Chunks(tuple(out)) if out else None

    def finish(self) -> Chunks | None:
        """What is still held, or None."""
        out: list[Body] = []
        for index, name in tuple(self._texts):
            self._end(index, name, out)
        return Chunks(tuple(out)) if out else None

    def _choice(self, choice: Body, out: list[Body]) -> None:
        index, delta = choice.get("index", 0), choice.get("delta") or {}
        said = {name: self._value(index, name, value) for name, value in delta.items()}
        kept = {name: value for name, value in said.items() if value or not delta[name]}
        ends = choice.get("finish_reason") is not None
        if ends and kept:
            out.append(piece_of(index, kept))
            kept = {}
        for at, name in tuple(self._texts):
            if at == index and (ends or (name in THOUGHTS and any(delta.get(after) for after in AFTER_THOUGHTS))):
                self._end(index, name, out)
        if kept or ends or not delta:
            out.append({"choices": [{**choice, "delta": kept}]})

    def _value(self, index: int, name: str, value: Any) -> Any:
        if isinstance(value, str) and name not in LABELS:
            key = (index, name)
            if key not in self._texts:
                self._texts[key] = self._returned.of_text(name)
            return self._texts[key].feed(value)
        return value if name in LABELS else put_back({name: value}, self._returned.own)[name]

    def _end(self, index: int, name: str, out: list[Body]) -> None:
        text = self._texts.pop((index, name)).feed("", last=True)
        if text:
            out.append(piece_of(index, {name: text}))


def put_back(value: Body, own: Own) -> Body:
    """JSON with what was said in place of placeholders; the very same where there are none."""
    try:
        if not any("[" in one.text for one in texts_in([value])):
            return value
        copy: list[Any] = copied([value])
        for one in texts_in(copy):
            if not one.fixed and "[" in one.text:
                one.holder[one.key] = _in_json(one.text, own) if one.is_json else _in_text(one.text, own)
    except RecursionError:
        return value
    whole: Body = copy[0]
    return whole


def _in_text(text: str, own: Own) -> str:
    return Restoring(own).feed(text, last=True)


def _in_json(text: str, own: Own) -> str:
    """The same in a text that may be JSON, in its strings alone, which may be JSON themselves."""
    if not is_json(text):
        return _in_text(text, own)
    return _STRING.sub(lambda found: _in_string(found[0], own), text)


def _in_string(literal: str, own: Own) -> str:
    if "[" not in literal:
        return literal
    try:
        said = decoded(literal)
    except msgspec.DecodeError:
        return literal
    told = _in_json(said, own) if said.lstrip().startswith(("{", "[")) else _in_text(said, own)
    return literal if told == said else json.dumps(told, ensure_ascii=False)
