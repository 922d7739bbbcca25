"""Sentences of a text, by its marks: of many scripts, with abbreviations, lists, tables and blank lines.

The rules are those that most rule-based splitters share (Kiss and Strunk, "Unsupervised Multilingual Sentence Boundary
Detection", 2006, names the difficult cases): a full stop ends no sentence behind an abbreviation, an initial or the
number of a list, nor before a small letter.
"""

import re
from collections.abc import Iterator, Sequence

from ._marks import CLOSERS, ENDS, ITEM, WIDE_CLOSERS, WIDE_ENDS
from ._stretches import Stretch, trimmed, windows

LONGEST_SENTENCE = 2000
"""Characters; what has no mark for so long is parted at its white space."""

_END = re.compile(
    rf"(?P<wide>[{WIDE_ENDS}]++[{WIDE_CLOSERS}]*+)"
    rf"|(?<![{ENDS}])(?P<mark>[{ENDS}]++[{CLOSERS}*_]*+(?:[ \u00a0\u202f]\u00bb)?+)(?=\s|$)"
    rf"|(?P<gap>\n[^\S\n]*+(?:\n\s*+|(?={ITEM}|\#{{1,6}}[^\S\n])|(?=[^\n|]{{0,200}}\|)))"
)
_TOKEN = re.compile(r"[^\s(\[\"'\u201c\u201e\u00ab]*$")
_TOKEN_CHARACTERS = 24
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?")
_ORDINAL_LANGUAGES = {"cs", "da", "de", "et", "fi", "hr", "hu", "lv", "nb", "no", "sk", "sl", "tr"}
"""Languages that write `3. Mai` for the third of May."""
_ABBREVIATIONS = frozenset(
    word
    for words in (
        "mr mrs ms dr prof st sr sra jr rev hon gen col capt lt sgt messrs mx",
        "no nos nr art arts sec para paras cl ch fig figs eq vol pp pg p cf vs viz al ed eds approx ca est resp incl",
        "excl jan feb mar apr jun jul aug sep sept oct nov dec",
        "bzw usw evtl ggf vgl abs ziff bspw sog inkl zzgl str tel hr fr bd kap abb",  # German
        "mme mlle mm env ref chap núm pág págs av avda ud uds dto",  # French, Spanish
        "sig sigg dott ing avv ecc pag",  # Italian
        # Russian
        "\u0442.\u0435 \u0442.\u0434 \u0442.\u043f \u0433 \u0433\u0433 \u0443\u043b \u0441\u0442\u0440",
    )
    for word in words.split()
)
_MOST_DAY_DIGITS = 2
_MOST_ITEM_DIGITS = 3


def sentences(text: str, first: int, last: int, *, language: str = "", breaks: Sequence[int] = ()) -> list[Stretch]:
    """First and last characters of the sentences of a stretch, without the white space between them.

    Everything else is in exactly one of them. `breaks` are further places, ascending, at which a sentence begins, such
    as headings. None is longer than `LONGEST_SENTENCE`. The time is linear.
    """
    found: list[Stretch] = []
    start = first
    for end in (*_ends(text, first, last, language, breaks), last):
        for piece in windows(text, start, end, LONGEST_SENTENCE):
            whole = trimmed(text, *piece)
            if whole is not None:
                found.append(whole)
        start = end
    return found


def _ends(text: str, first: int, last: int, language: str, breaks: Sequence[int]) -> list[int]:
    own = (
        match.end()
        for match in _END.finditer(text, first, last)
        if match.lastgroup != "mark" or _ends_sentence(text, first, match, language)
    )
    return sorted({place for place in (*own, *breaks) if first < place < last})


def _ends_sentence(text: str, first: int, match: re.Match[str], language: str) -> bool:
    if match["mark"][0] != ".":
        return not _next_is_small(text, match.end(), match.endpos)
    start = match.start()
    found = _TOKEN.search(text, max(first, start - _TOKEN_CHARACTERS), start)
    token = found[0] if found else ""
    if _is_abbreviation(token) or _next_is_small(text, match.end(), match.endpos):
        return False
    return not (token.isdigit() and _counts(text, max(first, start - _TOKEN_CHARACTERS), token, start, language))


def _counts(text: str, least: int, token: str, at: int, language: str) -> bool:
    """Whether a number before a full stop is that of an item or, in some languages, of a day."""
    if language in _ORDINAL_LANGUAGES and len(token) <= _MOST_DAY_DIGITS:
        return True
    line = text[max(least, text.rfind("\n", least, at)) : at]
    return len(token) <= _MOST_ITEM_DIGITS and not line.strip(f"\n\t ({token}")


def _is_abbreviation(token: str) -> bool:
    return (
        (len(token) == 1 and token.isalpha()) or token.lower() in _ABBREVIATIONS or _DOTTED.fullmatch(token) is not None
    )


def _next_is_small(text: str, at: int, last: int) -> bool:
    """Whether what follows on the same line or the next begins with a small letter."""
    for place in range(at, min(at + _TOKEN_CHARACTERS, last)):
        if not text[place].isspace():
            return text[place].islower()
    return False


def runs(stretches: Sequence[Stretch], starts: Sequence[int]) -> Iterator[Sequence[Stretch]]:
    """Ascending stretches, parted before those that begin at one of some ascending places."""
    begin = 0
    wanted = set(starts)
    for place, (start, _) in enumerate(stretches):
        if place > begin and start in wanted:
            yield stretches[begin:place]
            begin = place
    if begin < len(stretches):
        yield stretches[begin:]
