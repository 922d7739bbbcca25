"""E-mail (RFC 5322, `.eml`): the message, and each attachment that can be loaded as a page of its own.

Nothing in a message is fetched or run. Its parts are walked here and not by the standard library's `get_body`, because
that trusts how they are nested.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.policy import EmailPolicy
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

from .._assemble import clean, one_line, tidy
from .._encoding import decode
from .._errors import BrokenFileError, DocumentError, UnpackedTooLargeError, broken_unless_readable
from .._load import load
from .._sniff import kind_by_name, suffix_of_type
from .._types import Extract, Heading, LoadSettings, PageText
from .html import read_html

VERSION = 1

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_BODIES = frozenset({"text/plain", "text/html"})
# Encodings whose bytes look like ASCII, so that nobody could guess them.
_SEVEN_BIT = re.compile(r"(?i)iso-2022-(jp|kr)|hz")
_MOST_HEADER = 4000
_MOST_DEPTH = 10
_MOST_MESSAGES = 4
_MOST_PARTS = 200
_MOST_CHARACTERS = 100_000_000
_LOWEST_LEVEL = 6


class _BoundedPolicy(EmailPolicy):
    """Headers are cut before they are parsed, because parsing is quadratic; one that cannot be parsed stays text."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        cut = value[:_MOST_HEADER]
        try:
            return super().header_fetch_parse(name, cut)
        except Exception:  # noqa: BLE001 - the parser of the standard library raises anything on hostile headers
            return clean(cut)


_POLICY = _BoundedPolicy()
_Message: TypeAlias = "Message[Any, Any]"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a part stands: how many parts are around it, and how many of those are messages."""

    depth: int = 0
    messages: int = 1

    def within(self) -> "_Place":
        return _Place(self.depth + 1, self.messages)

    def forwarded(self) -> "_Place":
        return _Place(self.depth + 1, self.messages + 1)


@dataclass(slots=True)
class _Mail:
    """What was read so far."""

    name: str
    settings: LoadSettings
    bodies: list[str] = field(default_factory=list)
    attached: list[PageText] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    incomplete: bool = False
    parts: int = 0

    def enter(self, part: _Message, place: _Place) -> None:
        """Count the part. Raises UnpackedTooLargeError where there are too many, or too deep ones."""
        self.parts += 1
        if place.depth > _MOST_DEPTH:
            raise UnpackedTooLargeError(self.name, f"its parts are nested deeper than {_MOST_DEPTH}")
        if self.parts > _MOST_PARTS:
            raise UnpackedTooLargeError(self.name, f"it has more than {_MOST_PARTS} parts")
        for defect in part.defects[:1]:
            note = f"a part of it is damaged ({type(defect).__name__})"
            if note not in self.notes:
                self.notes.append(note)


def read(data: bytes, name: str, settings: LoadSettings) -> Extract:
    """The head and body of the message as the first page, its attachments behind it.

    Raises BrokenFileError for bytes that are no message, and UnpackedTooLargeError for too many or too deep parts.
    """
    with broken_unless_readable(name, "e-mail"):
        return _read(message_from_bytes(data, policy=_POLICY), _Mail(name, settings))


def _read(message: _Message, mail: _Mail) -> Extract:
    head = _head(message)
    if not head and not message.get("Message-ID"):
        raise BrokenFileError(mail.name, kind="e-mail", reason="it has neither a sender nor a subject")
    _collect(message, mail, _Place())
    subject = _header(message, "Subject")
    return Extract(
        pages=(_first_page(head, mail.bodies), *mail.attached),
        title=subject,
        notes=tuple(mail.notes),
        incomplete=mail.incomplete,
        metadata=_metadata(message, mail),
    )


def _first_page(head: list[str], bodies: list[str]) -> PageText:
    return PageText(tidy("\n\n".join(["\n".join(head), *bodies])))


def _header(message: _Message, name: str) -> str:
    return one_line(str(message.get(name) or ""))


def _head(message: _Message) -> list[str]:
    return [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]


def _metadata(message: _Message, mail: _Mail) -> dict[str, str | int | float | bool]:
    named = {
        "author": "From",
        "to": "To",
        "subject": "Subject",
        "message_id": "Message-ID",
        "in_reply_to": "In-Reply-To",
    }
    facts: dict[str, str | int | float | bool] = {
        fact: value for fact, header in named.items() if (value := _header(message, header))
    }
    if sent := _sent(message):
        facts["created"] = sent.isoformat()
    if mail.attached:
        facts["attachments"] = len(mail.attached)
    return facts


def _sent(message: _Message) -> datetime | None:
    try:
        return parsedate_to_datetime(_header(message, "Date"))
    except (ValueError, TypeError, OverflowError):
        return None


def _collect(part: _Message, mail: _Mail, place: _Place) -> None:
    """The texts of a part and of what is in it."""
    mail.enter(part, place)
    kind = part.get_content_type()
    if kind == "message/rfc822":
        for message in _children(part):
            _collect_message(message, mail, place)
    elif kind == "multipart/alternative":
        _collect_alternative(part, mail, place)
    elif part.is_multipart():
        for child in _children(part):
            _collect(child, mail, place.within())
    elif kind in _BODIES and not _is_attached(part):
        mail.bodies.append(_body(part, mail))
    elif kind != "application/pgp-signature":
        _attach(part, mail, place)


def _is_attached(part: _Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _children(part: _Message) -> Iterator[_Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (child for child in payload if isinstance(child, Message))


def _collect_alternative(part: _Message, mail: _Mail, place: _Place) -> None:
    """The same text in several forms: plain if it says anything, or else the last one, which is the richest."""
    children = list(_children(part))
    for child in children:
        if child.get_content_type() == "text/plain" and (text := _body(child, mail)).strip():
            mail.enter(child, place.within())
            mail.bodies.append(text)
            return
    for child in children[-1:]:
        _collect(child, mail, place.within())


def _collect_message(message: _Message, mail: _Mail, place: _Place) -> None:
    if place.messages >= _MOST_MESSAGES:
        mail.notes.append(f"messages within more than {_MOST_MESSAGES} messages were left out")
        return
    mail.bodies.append("\n".join(["Forwarded message:", *_head(message)]))
    _collect(message, mail, place.forwarded())


def _body(part: _Message, mail: _Mail) -> str:
    data = _bytes(part)
    charset = str(part.get_content_charset() or "")
    if _SEVEN_BIT.fullmatch(charset):
        return clean(data.decode(charset, errors="replace"))
    try:
        text, note = decode(data, mail.name, declared=charset)
    except DocumentError as error:
        mail.notes.append(error.message)
        return ""
    if note and note not in mail.notes:
        mail.notes.append(note)
    if part.get_content_type() == "text/html":
        return read_html(text, mail.name).pages[0].text
    return clean(text)


def _bytes(part: _Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _attach(part: _Message, mail: _Mail, place: _Place) -> None:
    """A page for an attachment of a kind that can be loaded, and a note for any other."""
    media_type = part.get_content_type()
    called = one_line(part.get_filename() or "") or f"attachment{suffix_of_type(media_type)}"
    if part.get_content_maintype() == "image" and part.get_content_disposition() != "attachment":
        # Logos and the like, which belong to the body.
        mail.notes.append(f"the picture {called} in its text was not read")
        return
    if kind_by_name(called) is None:
        called += suffix_of_type(media_type)
    kind = kind_by_name(called)
    if kind is not None and kind.loader == "email":
        _collect_message(message_from_bytes(_bytes(part), policy=_POLICY), mail, place)
        return
    try:
        _attach_page(called, _bytes(part), mail)
    except DocumentError as error:
        mail.incomplete = mail.incomplete or not error.permanent
        mail.notes.append(f"the attachment {called} was not read: {error.message}")


def _attach_page(called: str, data: bytes, mail: _Mail) -> None:
    document = load(data, called, mail.settings)
    title = f"Attachment: {called}"
    moved = len(title) + 2
    headings = (
        Heading(1, 0, len(title)),
        *(
            replace(h, level=min(h.level + 1, _LOWEST_LEVEL), start=h.start + moved, end=h.end + moved)
            for h in document.headings
        ),
    )
    mail.attached.append(PageText(f"{title}\n\n{document.text}", headings=headings))
    mail.notes += [f"{called}: {note}" for note in document.notes]
    mail.incomplete = mail.incomplete or document.incomplete
    if sum(len(page.text) for page in mail.attached) > _MOST_CHARACTERS:
        raise UnpackedTooLargeError(mail.name, f"it becomes more than {_MOST_CHARACTERS:,} characters of text")
