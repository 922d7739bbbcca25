"""What a text says when its disguise is taken off: look-alike letters, leetspeak, spread letters, encodings.

Each view is looked for only where the text gives reason to, so that ordinary text costs next to nothing. All views of a
text together are at most a few times as long as the text.
"""

import base64
import binascii
import codecs
import itertools
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from ..patterns import Normal

if TYPE_CHECKING:
    import re2  # type: ignore[import-untyped]  # it brings no types


class View(NamedTuple):
    """Another reading of the characters from `start` to before `end`."""

    text: str
    start: int
    end: int


_TAGS: Final = re.compile("[\U000e0020-\U000e007e]{4,}")
_TAG_OFFSET: Final = 0xE0000
_ALIKE: Final = dict(
    zip(
        "аеорсухіјѕһԁԛԝьАВЕКМНОРСТХІЅЈαβεηικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑɡıǃ",
        "aeopcyxijshdqwbABEKMHOPCTXISJabeniknoptuxABEZHIKMNOPTYXagi!",
        strict=True,
    )
)
_ALIKE_TABLE: Final = str.maketrans(_ALIKE)
_MIXED_SCRIPTS: Final = re.compile(r"[a-zA-Z](?=[" + "".join(_ALIKE) + "])|[" + "".join(_ALIKE) + r"](?=[a-zA-Z])")
_MARKS: Final = re.compile("[\u0300-\u036f]")
_OTHERS: Final = frozenset((*_ALIKE, *map(chr, range(0xE0020, 0xE007F)), *map(chr, range(0x300, 0x370))))
"""All of these; a text without them needs no look at each character."""
_ASCII: Final = bytes(range(0x80))
_MANY_MARKS: Final = 0.25
_WORD: Final = re.compile(r"[\w@$]+")
_LEET: Final = str.maketrans("013457@$", "oieastas")
_ROT13_WORDS: Final = "vtaber|vafgehpgvbaf?|cebzcg|flfgrz|cnffjbeq|cerivbhf|nyy|gur|naq|lbh|lbhe|cevag"
_REVERSED_WORDS: Final = "erongi|snoitcurtsni|tpmorp|metsys|drowssap|suoiverp|eht|dna|uoy|ruoy|tnirp|sseccA"
_FEWEST_WORDS: Final = 2
_READABLE: Final = 0.85
_MOST_VIEWS: Final = 24


def views(text: str, normal: Normal) -> Iterator[View]:
    """Other readings of a text, which also has this normal form; none where nothing is disguised, at most 24."""
    return itertools.islice(_views(text, normal), _MOST_VIEWS)


def _views(text: str, normal: Normal) -> Iterator[View]:
    if not text.isascii():
        yield from _of_other_letters(text)
    # One byte for each character, so that what stands in it stands there in the text.
    read = normal.text.encode("ascii", "replace")
    automata = _automata()
    if automata.reason.search(read) is None:
        return
    for pattern, reading in automata.wholes:
        if _has(pattern, read, _FEWEST_WORDS):
            yield View(reading(normal.text), 0, len(text))
    for pattern, reading in automata.parts:
        for found in pattern.finditer(read):
            start, end = found.span(1)
            said = reading(normal.text[start:end])
            if said:
                yield View(said, origin(normal, start), origin(normal, end - 1) + 1)


def _has(pattern: "re2._Regexp", read: bytes, count: int) -> bool:
    return sum(1 for _ in itertools.islice(pattern.finditer(read), count)) == count


class _Automata(NamedTuple):
    reason: "re2._Regexp"
    """What must stand in a text so that a closer look is worth it: one for all, since all texts are asked."""
    wholes: tuple[tuple["re2._Regexp", Callable[[str], str]], ...]
    """What must stand in a text twice so that all of it is read in another way."""
    parts: tuple[tuple["re2._Regexp", Callable[[str], str]], ...]
    """What is read in another way by itself."""


@cache
def _automata() -> _Automata:
    import re2

    leet = r"[a-zA-Z][013457@$]+[a-zA-Z]"
    rot13, reversed_ = rf"(?i)\b(?:{_ROT13_WORDS})\b", rf"(?i)\b(?:{_REVERSED_WORDS})\b"
    spread = r"\b((?:[a-zA-Z][ .*_|-]{1,3}){7,}[a-zA-Z]?)"
    joined = r"([a-zA-Z]{1,20}(?:[_.*|/-][a-zA-Z]{1,20}){4,})"
    long = r"([A-Za-z0-9+/]{16,}={0,2})"
    digits = r"(?:^|[^0-9a-zA-Z])((?:(?:0x|\\x|%)?[0-9a-fA-F]{2}[ ,:]?){12,})"
    bits = r"\b((?:[01]{8} ?){6,})"
    reason = (
        *(leet, r"(?:[0-9a-fA-F]{2}[ ,:]){6}", r"[01]{8}", r"[a-zA-Z0-9+/]{16}"),
        *(r"(?:[a-zA-Z][ .*_|-]{1,3}){7}", r"(?:[_.*|/-][a-zA-Z]+){4}", rot13, reversed_),
    )

    def made(source: str) -> "re2._Regexp":
        return re2.compile(source.encode())

    return _Automata(
        made("|".join(f"(?:{one})" for one in reason)),
        (
            (made(leet), lambda text: _WORD.sub(_unleet, text)),
            (made(rot13), lambda text: codecs.encode(text, "rot13")),
            (made(reversed_), lambda text: text[::-1]),
        ),
        (
            (made(spread), _closed),
            (made(joined), lambda said: re.sub(r"[_.*|/-]", " ", said)),
            (made(long), _from_base64),
            (made(digits), _from_hex),
            (made(bits), lambda said: _readable(bytes(int(byte, 2) for byte in re.findall("[01]{8}", said)))),
        ),
    )


def _unleet(found: "re.Match[str]") -> str:
    """A word without digits in it; a number stays."""
    word = found.group()
    return word if word.isdigit() else word.translate(_LEET)


def _of_other_letters(text: str) -> Iterator[View]:
    if _OTHERS.isdisjoint(text.encode("utf-8", "replace").translate(None, _ASCII).decode()):
        return
    for found in _TAGS.finditer(text):
        yield View("".join(chr(ord(one) - _TAG_OFFSET) for one in found.group()), found.start(), found.end())
    if len(_MIXED_SCRIPTS.findall(text)) >= _FEWEST_WORDS:
        yield View(text.translate(_ALIKE_TABLE), 0, len(text))
    marks = len(_MARKS.findall(text))
    if marks > _MANY_MARKS * len(text):
        yield View(_MARKS.sub("", text), 0, len(text))


def _closed(said: str) -> str:
    """Spread letters as words: a gap of one character joins, a wider one parts."""
    return re.sub(r"(?<=[a-zA-Z])[ .*_|-]+(?=[a-zA-Z])", lambda gap: " " if len(gap.group()) > 1 else "", said)


def _from_base64(said: str) -> str:
    compact = said.rstrip("=")
    compact = compact[: len(compact) - (len(compact) % 4 == 1)]
    try:
        return _readable(base64.b64decode(compact + "=" * (-len(compact) % 4)))
    except (binascii.Error, ValueError):
        return ""


def _from_hex(said: str) -> str:
    digits = re.sub(r"0x|\\x|[%, :]", "", said)
    return _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _readable(data: bytes) -> str:
    """What bytes say, where that is text."""
    text = data.decode(errors="replace")
    good = sum(character.isalnum() or character in " .,:;!?'\"-_\n()" for character in text)
    return text if text and good >= _READABLE * len(text) and " " in text else ""


def origin(normal: Normal, character: int) -> int:
    """Where a character in normal form stood in the text as it was given."""
    return character if normal.origins is None else normal.origins[character]
