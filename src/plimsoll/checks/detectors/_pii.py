"""Is there personal data: addresses, numbers and accounts that lead to a person.

Names, places and dates of other events are not looked for here: patterns cannot tell them from ordinary words.
"""

from .._pattern_check import PatternCheck
from .._types import Pattern
from ._national import NATIONAL
from ._numbers import after_words, both, card, date, iban, ipv4, ipv6, itin, phone, ssn, standard

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

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "email", rf"\b[A-Za-z0-9](?:[A-Za-z0-9._%+'-]{{0,62}}[A-Za-z0-9_+-])?@(?:{_LABEL}\.){{1,6}}[A-Za-z]{{2,24}}\b"
    ),
    Pattern("credit_card", r"\b(?:[0-9]{12,19}|[0-9]{4}(?:[ .-]{1,2}[0-9]{2,6}){2,5})\b", cut=card),
    Pattern("iban", r"(?i)\b[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]){11,30}\b", cut=iban),
    Pattern("us_ssn", r"\b[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}\b", judge=ssn),
    Pattern("us_itin", r"\b9[0-9]{2}[- ]?[0-9]{2}[- ]?[0-9]{4}\b", judge=itin),
    Pattern("phone", r"\B\+[1-9](?:[ ./()-]{0,3}[0-9]){6,14}\b", judge=phone, after=2),
    Pattern("phone", r"\b00[1-9][0-9]{0,2}(?:[ ./()-]{1,3}[0-9]{1,5}){2,5}\b", judge=phone, score=0.8, after=2),
    Pattern(
        "phone",
        r"(?:\b1[ .-])?(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}\b",
        judge=phone,
        score=0.8,
        after=2,
    ),
    Pattern(
        "phone",
        r"(?:\b|\()0[1-9][0-9]{1,3}\)?[ /.-]{1,3}[0-9]{2,4}(?:[ .-]?[0-9]{2,4}){1,3}\b",
        judge=phone,
        score=0.7,
        after=2,
    ),
    Pattern("phone", r"\b0[1-9](?:[ .-][0-9]{2}){4}\b", judge=phone, score=0.8, after=2),
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
    Pattern("crypto", r"\b0x[0-9A-Fa-f]{40}\b"),
    Pattern(
        "date_of_birth", r"\b[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{2,4}\b", judge=both(after_words(*_BIRTH_WORDS), date)
    ),
    *NATIONAL,
)


def pii(kinds: tuple[str, ...] = ()) -> PatternCheck:
    """Looks for personal data of some kinds, or of all."""
    return PatternCheck("pii", [one for one in PATTERNS if not kinds or one.kind in kinds])
