"""Is there personal data: addresses, numbers and accounts that lead to a person.

Names, places and dates of other events are not looked for here: patterns cannot tell them from ordinary words; see
`plimsoll.checks.entities`.
"""

from ..patterns import Pattern, PatternCheck
from ._checksums import ethereum
from ._national import NATIONAL
from ._numbers import (
    after_words,
    both,
    card,
    date,
    iban,
    ipv4,
    ipv6,
    itin,
    page,
    phone,
    spoken_date,
    ssn,
    standard,
    where,
)
from ._world import EUROPE, WORLD

_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\\.?"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?"
_GROUP = "[0-9A-Fa-f]{1,4}"
_PHONE_WORDS = (
    "phone",
    "tel",
    "telephone",
    "telefon",
    "mobile",
    "mobil",
    "cell",
    "call",
    "fax",
    "whatsapp",
    "sms",
    "handy",
    "contact",
    "reach me",
    "dial",
    "ring",
    "text me",
)
_BIRTH_WORDS = (
    "born",
    "birth",
    "birthday",
    "birthdate",
    "dob",
    "d\\.o\\.b\\.",
    "geboren",
    "geburtsdatum",
    "né le",
    "née le",
    "nacido",
    "nato",
)

# With a country's code, with 00 in front of it, in North America, elsewhere with a 0 in front, in pairs.
_PHONES = (
    r"\B\+[1-9](?:[ ./()-]{0,3}[0-9]){6,14}\b",
    r"\b00[1-9][0-9]{0,2}(?:[ ./()-]{1,3}[0-9]{1,5}){2,5}\b",
    r"(?:\b1[ .-])?(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}\b",
    r"(?:\b|\()0[1-9][0-9]{1,3}\)?[ /.-]{1,3}[0-9]{2,4}(?:[ .-]?[0-9]{2,4}){1,3}\b",
    r"\b0[1-9](?:[ .-][0-9]{2}){4}\b",
)
# The first digits of four each; those of American Express are 4, 6 and 5, of Diners Club 4, 6 and 4.
_CARD = r"\b(?:[0-9]{12,19}|[0-9]{4}(?:[ .-]{1,2}[0-9]{4,6}){2,3}(?:[ .-]{1,2}[0-9]{1,4})?)\b"
_PAGE = r"(?:(?:https?|ftp)://[^\s<>\"'()\[\]{}|\\^`]{3,500}|www\.(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}\b)"

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "email", rf"\b[A-Za-z0-9](?:[A-Za-z0-9._%+'-]{{0,62}}[A-Za-z0-9_+-])?@(?:{_LABEL}\.){{1,6}}[A-Za-z]{{2,24}}\b"
    ),
    Pattern("credit_card", _CARD, cut=card),
    Pattern("iban", r"(?i)\b[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]){11,30}\b", cut=iban),
    Pattern("us_ssn", r"\b[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}\b", judge=ssn),
    Pattern("us_itin", r"\b9[0-9]{2}[- ]?[0-9]{2}[- ]?[0-9]{4}\b", judge=itin),
    Pattern("phone", "|".join(_PHONES), judge=phone, score=0.8, after=2),
    Pattern(
        "phone",
        r"\b[0-9]{3}[ .-]?[0-9]{3,4}[ .-]?[0-9]{0,4}\b",
        judge=both(after_words(*_PHONE_WORDS), phone),
        score=0.7,
        after=2,
    ),
    Pattern("ip", r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b", judge=ipv4, after=2),
    Pattern("ip", rf"\b{_GROUP}(?::{_GROUP}){{7}}\b", judge=ipv6, after=1),
    Pattern("ip", rf"\b{_GROUP}(?::{_GROUP}){{0,6}}::(?:{_GROUP}(?::{_GROUP}){{0,6}})?\b", judge=ipv6, after=1),
    Pattern("mac", r"\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\b"),
    Pattern("mac", r"\b[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}\b"),
    Pattern("crypto", r"\b(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71})\b", judge=standard("bitcoin")),
    Pattern("crypto", r"\b0x[0-9A-Fa-f]{40}\b", judge=where(ethereum)),
    Pattern(
        "date_of_birth", r"\b[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{2,4}\b", judge=both(after_words(*_BIRTH_WORDS), date)
    ),
    Pattern(
        "date_of_birth",
        rf"(?i)\b(?:[0-9]{{1,2}}(?:st|nd|rd|th|\.)? (?:of )?{_MONTH}|{_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?)"
        r",? [0-9]{4}\b",
        judge=both(after_words(*_BIRTH_WORDS), spoken_date),
    ),
    Pattern("url", rf"(?i)\b{_PAGE}", score=0.9, cut=page),
    *NATIONAL,
    *EUROPE,
    *WORLD,
)

DEFAULT_KINDS = tuple(dict.fromkeys(one.kind for one in PATTERNS if one.kind != "url"))
"""What is looked for where nobody says: all but addresses of pages, of which few lead to a person."""


def pii(kinds: tuple[str, ...] = ()) -> PatternCheck:
    """Looks for personal data of some kinds, or of `DEFAULT_KINDS`."""
    wanted = frozenset(kinds or DEFAULT_KINDS)
    return PatternCheck("pii", [one for one in PATTERNS if one.kind in wanted])
