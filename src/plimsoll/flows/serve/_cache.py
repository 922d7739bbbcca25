"""The answer cache, for one call."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec

from plimsoll.models import Body, ChatEnd, Chunks, Completion
from plimsoll.models.answers import AnswerCache, Scope

from ._events import AnswerRequest
from ._record import RequestRecord
from ._runtime import Target

_NAMES = frozenset({"id", "type", "role", "index", "object", "model", "format", "signature"})
"""Texts of a piece that are said again as they are, and not in parts."""
_TEXTS = object()
"""Where the parts of texts are kept until they are joined."""


class CallCache:
    """Finds the answer of a call, and keeps the one that is made.

    A tenant is a team, or an actor without one, and the person for whom it asks where one is named: nobody sees again
    what was answered to another. Where nobody is known, all callers are one tenant.
    """

    def __init__(
        self, answers: Callable[[], AnswerCache], request: AnswerRequest, target: Target, record: RequestRecord
    ) -> None:
        self.hit: Literal["", "exact", "semantic"] = ""
        self._answers = answers()
        self._lifetimes = target.route.caching
        self._record = record
        self._fresh = request.fresh
        self._pieces: list[Chunks] = []
        knowledge = target.knowledge
        self._scope = Scope(
            tenant=tenant_of(request),
            release=record.release,
            route=f"{target.name}/{target.route.name}",
            index="" if knowledge is None else knowledge.version,
        )

    async def find(self, body: Body) -> Completion | None:
        """The answer that is kept, or None."""
        if self._lifetimes is None or self._fresh:
            return None
        with self._record.span("cache") as step:
            found = await self._answers.find(self._scope, body, self._lifetimes)
            step.attributes["plimsoll.cache.hit"] = "" if found is None else found.kind
            if found is None:
                return None
            step.attributes["plimsoll.cache.similarity"] = found.similarity
            step.attributes["plimsoll.cache.age_s"] = found.age_s
        self.hit = found.kind
        self._record.cached = found.kind
        return found.completion

    def keep(self, body: Body, completion: Completion) -> None:
        """Keep a whole answer."""
        if self._lifetimes is not None and self._fresh != "no-store":
            self._answers.keep(self._scope, body, completion, self._lifetimes)

    def saw(self, chunks: Chunks) -> None:
        """Collect what is streamed."""
        self._pieces.append(chunks)

    def keep_stream(self, body: Body, end: ChatEnd) -> None:
        """Keep the answer that was streamed to its end."""
        self.keep(body, Completion(merged(self._pieces), end))


def tenant_of(request: AnswerRequest) -> str:
    """Who may see this answer again."""
    caller = request.caller
    owner = ("team", caller.team) if caller.team else ("actor", caller.actor)
    # Not joined by a sign that names may hold: no two tenants are written the same.
    within = request.within
    # What may be searched decides what is said: nobody is given what was found for members of another group.
    reach = (within.groups, dict(within.filter)) if within.groups is not None or within.filter else ()
    return msgspec.json.encode((*owner, caller.user, *reach), order="sorted").decode()


def merged(pieces: Iterable[Chunks]) -> Body:
    """OpenAI's `chat.completion` with the choices that these pieces make up.

    The `finish_reason` of a choice whose end never came is None.
    """
    choices: dict[int, dict[Any, Any]] = {}
    for piece in pieces:
        for chunk in piece.chunks:
            for choice in chunk["choices"]:
                index = choice.get("index", 0)
                if index not in choices:
                    choices[index] = {"index": index, "message": {"role": "assistant", "content": None}, _TEXTS: {}}
                _add(choices[index], choice)
    return {"choices": [_finished(choices[index]) for index in sorted(choices)]}


def _add(whole: dict[Any, Any], choice: Mapping[str, Any]) -> None:
    message, texts = whole["message"], whole[_TEXTS]
    for name, value in (choice.get("delta") or {}).items():
        if isinstance(value, str) and name not in _NAMES:
            texts.setdefault(name, []).append(value)
        elif name != "tool_calls":
            _join(message, name, value)
        elif value:
            _add_calls(message.setdefault("tool_calls", {}), value)
    for name, value in choice.items():
        if name == "logprobs":
            _join(whole, name, value)
        elif value is not None and name not in ("delta", "index"):
            whole[name] = value


def _join(whole: dict[Any, Any], name: str, value: Any) -> None:
    """Add what a piece says under a name: text goes on, lists grow, objects are filled, all else is replaced."""
    before = whole.get(name)
    if isinstance(value, Mapping):
        inner = whole[name] = before if isinstance(before, dict) else {}
        for key, more in value.items():
            _join(inner, key, more)
    elif isinstance(value, list | tuple):
        if isinstance(before, list):
            before.extend(value)
        else:
            whole[name] = list(value)
    elif isinstance(value, str) and isinstance(before, str) and name not in _NAMES:
        whole[name] = before + value
    elif value is not None:
        whole[name] = value


def _add_calls(calls: dict[int, dict[str, Any]], pieces: Iterable[Mapping[str, Any]]) -> None:
    for piece in pieces:
        call = calls.setdefault(piece.get("index", 0), {})
        for name, value in piece.items():
            if name == "function" and value:
                function = call.setdefault("function", {"name": "", "arguments": ""})
                for part in ("name", "arguments"):
                    function[part] += value.get(part) or ""
            elif name != "index" and value is not None:
                call[name] = value


def _finished(choice: dict[Any, Any]) -> dict[str, Any]:
    message = choice["message"]
    message.update({name: "".join(texts) for name, texts in choice.pop(_TEXTS).items()})
    calls = message.get("tool_calls")
    if calls:
        message["tool_calls"] = [calls[number] for number in sorted(calls)]
    return {"finish_reason": None, "logprobs": None, **choice}
