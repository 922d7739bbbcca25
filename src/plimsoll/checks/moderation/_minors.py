"""`sexual/minors`, by wording: nothing is trained on such texts, so this is only a hint."""

from functools import cache

from .._errors import ScanFailedError
from ..patterns import FAILED, Pattern, Scanner

KIND = "sexual/minors"

_CHILD = (
    r"(?:child(?:ren)?|kids?|minors?|toddlers?|underage|preteens?|little (?:girl|boy)s?|school ?girls?|"
    r"(?:[5-9]|1[0-7])[ -]year[ -]olds?|daughter|son|step ?(?:daughter|sister|son)|loli)"
)
_EXPLICIT = (
    r"(?:pussy|cum(?:ming|s)?|blow ?jobs?|masturbat(?:e|es|ed|ing|ion)|horny|clit(?:oris)?|handjob|hardcore sex|"
    r"hentai|gangbang|anal sex|oral sex|erotic(?:a)?|porn(?:ography|o)?|orgasms?|"
    r"(?:hard|big|huge|my|his|your|throbbing) (?:cock|dick)|fuck(?:s|ed|ing)? (?:me|her|him|my|hard)|wet and)"
)
_PATTERNS = (
    Pattern(KIND, rf"(?i)\b{_CHILD}\b[^\n.!?]{{0,60}}\b{_EXPLICIT}\b", score=0.8),
    Pattern(KIND, rf"(?i)\b{_EXPLICIT}\b[^\n.!?]{{0,60}}\b{_CHILD}\b", score=0.8),
)


def minors(text: str) -> tuple[float, int, int] | None:
    """The score of the surest match and where it stands, or None. Raises ScanFailedError."""
    hits = _scanner().whole(text)
    if any(hit.score == FAILED for hit in hits):
        raise ScanFailedError
    best = max(hits, key=lambda hit: hit.score, default=None)
    return None if best is None else (best.score, best.start, best.end)


@cache
def _scanner() -> Scanner:
    return Scanner(_PATTERNS)
