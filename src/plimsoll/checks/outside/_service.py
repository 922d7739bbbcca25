"""The check `http`: a service of one's own is sent the text, and answers what it found."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

import msgspec

from plimsoll.kernel.digest import Json

from .._types import Context, Found
from ._errors import NoVerdictError
from ._options import Options
from ._texts import checked_length, sendable
from ._types import Outside, OutsideCheck, Post, Reply

_VERSION: Final = "http-1"
_KNOWN: Final = (
    *("url", "kinds", "allow_http", "private_addresses", "headers", "send", "revision", "by_sentence"),
    *("most_characters", "most_bytes"),
)
_PARTS: Final = ("stage", "question", "instructions", "passages")
_MOST_CHARACTERS: Final = 1_000_000
_MOST_BYTES: Final = 1_000_000
_MOST_FINDINGS: Final = 10_000
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_REASON: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]{0,63}")
"""A code. Sentences of a service could hold some of the text, which nobody is to be told."""
_MOST_REASONS: Final = 32

T = TypeVar("T")


class _Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    start: Annotated[int, msgspec.Meta(ge=0)]
    end: Annotated[int, msgspec.Meta(ge=1)]
    kind: Annotated[str, msgspec.Meta(max_length=64)]
    score: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class _Findings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    findings: Annotated[list[_Finding], msgspec.Meta(max_length=_MOST_FINDINGS)]


@dataclass(frozen=True, slots=True)
class _Service:
    """Which service is asked, and how."""

    name: str
    url: str
    private_addresses: bool
    headers: tuple[tuple[str, str], ...]
    send: tuple[str, ...]
    kinds: tuple[str, ...]
    most_characters: int
    most_bytes: int
    timeout_s: float


def http(rule: Mapping[str, Json], outside: Outside | None) -> OutsideCheck:
    """Asks a service; options: docs/reference/checks-outside.md. Raises CheckOptionsError."""
    options = Options("http", rule, _KNOWN)
    if not options.own_kinds:
        raise options.wrong("it needs the kinds that the service may name", "write `options: {kinds: [threat], …}`")
    service = _Service(
        name=options.name,
        url=options.address("url"),
        private_addresses=options.flag("private_addresses"),
        headers=options.headers(),
        send=options.names("send", _PARTS),
        kinds=options.own_kinds,
        most_characters=options.whole("most_characters", _MOST_CHARACTERS, least=100, most=10_000_000),
        most_bytes=options.whole("most_bytes", _MOST_BYTES, least=1000, most=10_000_000),
        timeout_s=options.timeout_s,
    )
    # What the service itself is, only the project can say.
    facts: list[Json] = [_VERSION, service.url, list(service.send), options.optional_text("revision", "write a text")]
    look = None if outside is None else _Asker(service, outside).look
    version = options.version(facts)
    return OutsideCheck(service.name, service.kinds, look, version=version, by_sentence=options.flag("by_sentence"))


class _Asker:
    def __init__(self, service: _Service, outside: Outside) -> None:
        self._service = service
        self._outside = outside

    def look(self, text: str, context: Context) -> Sequence[Found]:
        """What the service found. Raises NoVerdictError, TextTooLongError and what asking raises."""
        service = self._service
        reply = self._outside.post(
            Post(
                service.name,
                service.url,
                self._body(text, context),
                headers=resolved(self._outside, service.headers, service.name),
                timeout_s=service.timeout_s,
                most_bytes=service.most_bytes,
                private_addresses=service.private_addresses,
            )
        )
        found = decoded(service.name, reply, _Findings).findings
        codes = _codes({one.reason for one in found}, text)
        return sorted((self._found(one, text, codes) for one in found), key=lambda one: (one.start, one.end))

    def _body(self, text: str, context: Context) -> bytes:
        service = self._service
        known: dict[str, Any] = {
            "stage": context.stage,
            "question": context.question,
            "instructions": context.instructions,
            "passages": list(context.passages),
        }
        body = {"text": text, **{name: known[name] for name in service.send}}
        said = "".join([text, *(part for name in service.send for part in _texts(known[name]))])
        checked_length(service.name, said, service.most_characters)
        return msgspec.json.encode({name: _sendable(value) for name, value in body.items()})

    def _found(self, one: _Finding, text: str, codes: AbstractSet[str]) -> Found:
        if not one.start < one.end <= len(text):
            raise NoVerdictError(self._service.name, "a finding lies outside the text")
        if one.kind not in self._service.kinds:
            raise NoVerdictError(self._service.name, "a finding has a kind that the policy does not name")
        return Found(one.start, one.end, one.kind, one.score, one.reason if one.reason in codes else "")


def resolved(outside: Outside, headers: Sequence[tuple[str, str]], check: str) -> tuple[tuple[str, str], ...]:
    """Headers with their secrets in them, for the one time that they are sent."""
    return tuple((name, outside.secret(value, where=f"the check {check}")) for name, value in headers)


def decoded(check: str, reply: Reply, kind: type[T]) -> T:
    """What an answer says. Raises NoVerdictError, which holds nothing of it."""
    if reply.status in _REDIRECTS:
        raise NoVerdictError(check, f"the server leads to another address (HTTP {reply.status}), which is not followed")
    if reply.status != _OK:
        raise NoVerdictError(check, f"the server answered with HTTP {reply.status}")
    if reply.headers.get("content-encoding", "identity").lower() != "identity":
        raise NoVerdictError(check, "the server compresses its answer without being asked")
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise NoVerdictError(check, "the answer is not the JSON that was agreed on") from None


def _codes(reasons: AbstractSet[str], text: str) -> AbstractSet[str]:
    """The reasons that can be told: codes that do not stand in the text. None where there are too many to be codes."""
    codes = {one for one in reasons if _REASON.fullmatch(one)}
    if not codes or len(codes) > _MOST_REASONS:
        return frozenset()
    said = text.casefold()
    return {one for one in codes if one.casefold() not in said}


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _sendable(value: str | list[str]) -> str | list[str]:
    return sendable(value) if isinstance(value, str) else [sendable(one) for one in value]
