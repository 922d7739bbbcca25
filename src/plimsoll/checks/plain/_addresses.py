"""What a web address says: its scheme and host as browsers read them, and whether it carries data or a disguise."""

import base64
import binascii
import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}):")
_PORT: Final = re.compile(r":[0-9]{0,5}\Z")
_BLOB: Final = re.compile(r"[A-Za-z0-9+/_=-]{24,}|[0-9A-Fa-f]{24,}")
_DIGEST: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PAIR: Final = re.compile(r"[&;]")
_SPACE: Final = re.compile(r"\s+")
_TEMPLATE: Final = re.compile(r"\{[^{}]*\}|\[[A-Za-z_ -]{3,}\]|<[A-Za-z_ -]{3,}>|\$[A-Z_]{3,}")
_TEMPLATE_SIGNS: Final = "{[<$"
_NAMES = "q d data payload exfil secret prompt msg message text content c token key log note info leak stolen history"
_SPEAKING: Final = frozenset(_NAMES.split())
_NUMBER: Final = re.compile(r"(?:0[xX][0-9A-Fa-f]+|[0-9]+)(?:\.(?:0[xX][0-9A-Fa-f]+|[0-9]+)){0,3}\.?")
_LOOKS_LATIN: Final = frozenset("асԁеһіјӏոорԛѕυνѵԝхуузαοικνρτυχ")
_LONG_LABEL, _LONG_VALUE = 30, 100
_LONG_PARTS: Final = re.compile(r"[^/]{40,}")
_LONGEST_HOST: Final = 253
"""Characters (RFC 1035, section 2.3.4)."""
_FEW_WORDS: Final = 3
_SHORT_VALUE: Final = 4


@dataclass(frozen=True, slots=True)
class Address:
    """An address in its parts; what is not there is empty. Hosts are in lower case and without a dot at the end."""

    scheme: str
    user: str
    host: str
    path: str
    query: str
    """What stands behind `?`, and behind `#`."""
    has_backslash: bool = False


@lru_cache(maxsize=32)
def read_address(text: str) -> Address:
    """An address as a browser reads it; raises nothing. Several patterns ask about the same one."""
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else text
    plain = rest.replace("\\", "/")
    rest = plain.lstrip("/")
    if (
        scheme is not None
        and len(rest) == len(plain)
        and scheme[1].lower() not in {"http", "https", "ftp", "ws", "wss"}
    ):
        return Address(scheme[1].lower(), "", "", rest, "")
    end = min((place for mark in "/?#" if (place := rest.find(mark)) >= 0), default=len(rest))
    authority, tail = rest[:end], rest[end:]
    user, _, host = authority.rpartition("@")
    path, mark, query = tail.partition("?")
    if not mark:
        path, _, query = tail.partition("#")
    host = _PORT.sub("", host).strip("[]").rstrip(".").lower()
    return Address(scheme[1].lower() if scheme else "", user, host, path, query, "\\" in text[: len(text) - len(tail)])


def is_allowed(host: str, hosts: frozenset[str]) -> bool:
    """Whether a host is in a list, by its name or as part of a `*.domain` in it."""
    if host in hosts:
        return True
    at = host.find(".") if len(host) <= _LONGEST_HOST else -1
    while at >= 0:
        if f"*{host[at:]}" in hosts:
            return True
        at = host.find(".", at + 1)
    return False


def disguise(address: Address) -> float:
    """How sure it is that an address is made to look like another, or hides where it leads; 0 for an ordinary one."""
    if address.has_backslash or "%" in address.host:
        return 0.8
    if address.user and address.scheme in {"http", "https", "ws", "wss", ""}:
        return 0.9
    if _NUMBER.fullmatch(address.host) or _is_ipv6(address.host):
        return 0.7
    if address.host.isascii() and "xn--" not in address.host:
        return 0.0
    labels = address.host.split(".")
    if any(_is_mixed(_unicode(label)) for label in labels):
        return 0.9
    return 0.6 if any(label.startswith("xn--") for label in labels) else 0.0


def carried(address: Address, *, loads: bool) -> float:
    """How sure it is that an address carries data away; `loads`: whether it is asked for without a click."""
    found = [_of_value(name, value, loads=loads) for name, value in _values(address.query)]
    found += [0.6 for part in _LONG_PARTS.findall(address.path) if _is_blob(part, loads=loads)]
    found += [0.8 for label in address.host.split(".") if len(label) >= _LONG_LABEL]
    if _has_place(address.path):
        found.append(0.7)
    return max(found, default=0.0)


def _values(query: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in _PAIR.split(query) if part)
    return [(name.lower(), value) if mark else ("", name) for name, mark, value in pairs]


def _has_place(text: str) -> bool:
    """Whether a text has a place for what is to be carried, such as `{answer}`."""
    return any(sign in text for sign in _TEMPLATE_SIGNS) and _TEMPLATE.search(text) is not None


def _of_value(name: str, value: str, *, loads: bool) -> float:
    plain = unquote_plus(value)
    if _has_place(plain):
        return 0.7
    if _BLOB.fullmatch(value) and _mixed(value):
        return 0.95 if _is_readable(value) else 0.7
    if len(plain) >= _LONG_VALUE:
        return 0.8
    many = len(_SPACE.findall(plain)) >= _FEW_WORDS - 1
    if loads and many:
        return 0.9
    if loads and len(plain) >= _SHORT_VALUE:
        return 0.75 if name in _SPEAKING else 0.6 if not plain.isdigit() and len(plain) > 2 * _SHORT_VALUE else 0.0
    return 0.0


def _is_blob(part: str, *, loads: bool) -> bool:
    """Whether a part of a path is data; what is clicked may well be a digest."""
    if not loads and _DIGEST.fullmatch(part):
        return False
    return _BLOB.fullmatch(part) is not None and _mixed(part)


def _mixed(text: str) -> bool:
    has_both = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    return has_both or not (text.islower() or text.istitle())


def _is_readable(text: str) -> bool:
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        held = base64.b64decode(plain[: len(plain) // 4 * 4])
    except (binascii.Error, ValueError):
        return False
    return bool(held) and all(0x20 <= code < 0x7F or code in b"\t\n\r" for code in held)  # noqa: PLR2004  # ASCII


def _is_ipv6(host: str) -> bool:
    if ":" not in host:
        return False
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _unicode(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError):
        return label


def _is_mixed(label: str) -> bool:
    """Letters of several scripts in one label, or only letters that look like Latin ones."""
    if label.isascii():
        return False
    letters = [letter for letter in label if letter.isalpha()]
    scripts = {unicodedata.name(letter, "?").partition(" ")[0] for letter in letters}
    if scripts & {"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}:
        scripts -= {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "LATIN", "KATAKANA-HIRAGANA"}
        return bool(scripts)
    return len(scripts) > 1 or (bool(letters) and all(letter in _LOOKS_LATIN for letter in letters))
