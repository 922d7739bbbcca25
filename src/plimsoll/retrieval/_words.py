"""From a text to the words by which it is found; the same for chunks and for questions.

A name such as `getTarget` or `run_target` is found by its parts and as a whole, so that a question may say "get target"
or "getTarget". A question loses what does not tell one text from another: English function words, and the words that
only frame a question ("explain", "difference", "used"). Texts keep all but the commonest. By full text alone that lifts
recall@3 on questions about documentation from .55 to .65, and recall@5 within a filing from .22 to .28.
"""

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

import tantivy

WORDS_FORMAT = 3
"""Goes up whenever the same text would give other words; part of what is derived from an index."""

_MAX_WORD_CHARACTERS = 60
_MAX_KEPT = 100_000

_LAST_ASCII = 127
_BYTES = bytes(byte if byte > _LAST_ASCII or chr(byte).isalnum() else ord(" ") for byte in range(256)).lower()
"""For each byte of UTF-8 the one that takes its place: small letters, digits and all beyond ASCII stay; the rest parts
words."""
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Han and kana, which are written without spaces."""
_STRETCH = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")
_SEAM = re.compile(r"[A-Z_](?:(?<=[a-z][A-Z])|(?<=[A-Za-z0-9]_)(?=[A-Za-z0-9]))")
"""Where two parts of a name meet. It starts with a set of characters, which makes the search ten times faster."""
_REST_OF_NAME = re.compile(r"\w*", re.ASCII)
_START_OF_NAME = re.compile(r"\w*\Z", re.ASCII)
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

_FUNCTION_WORDS = """
a about above after again against all also am an and any are aren as at be because been before being below between both
but by can cannot could couldn did didn do does doesn doing don down during each either else every few for from further
had hadn has hasn have haven having he her here hers herself him himself his how however i if in into is isn it its
itself just may me might more most much must my myself neither no nor not of off on once only or other our ours
ourselves out over own per same shall she should so some such than that the their theirs them themselves then there
these they this those through to too under until up upon us very was wasn we were weren what whatever when where whether
which while who whom whose why will with within without would you your yours yourself
"""
_FRAME_WORDS = """
according based compare compared contain contained contains define describe differ difference different exactly example
explain find following get give given happen happens kind know make mean means mentioned occur particular please provide
regard regarding relate related respectively say several specific specify tell understand use used uses using various
want way ways
"""
"""Words that only frame a question. What may be its subject somewhere (`order`, `name`, `work`, `class`) is not here:
with the ranker, leaving such words out as well gains nothing."""


def words(text: str) -> list[str]:
    """The words of a text, without case, accents and the commonest function words, reduced to their stem (English).

    Behind them stand the parts and the whole of each name that is written in one. For counting, not for phrases.
    """
    stems = _stems()
    found = [stem for stem in map(stems.__getitem__, _spelled(text)) if stem]
    for name in _names(text):
        found += [stem for stem in map(stems.__getitem__, _forms(name)) if stem]
    return found


def query_words(text: str) -> list[str]:
    """The words by which a question is searched: those of `words` that tell texts apart, each once, in order.

    Two neighbours that a text may write as one ("American Express", "run target") are also searched as one. A question
    of nothing but function words keeps them.
    """
    stems = _stems()
    spelled = _spelled(text)
    joined = (
        first + second
        for first, second in pairwise(spelled)
        if not (_dropped(first, second) or _ANY_UNSPACED.search(first + second))
    )
    everything = dict.fromkeys(words(text))
    telling = [word for word in everything if word not in _frame()]
    neighbours = [stem for stem in map(stems.__getitem__, joined) if stem]
    return list(dict.fromkeys([*(telling or everything), *neighbours]))


def stem(word: str) -> str:
    """The stem of one word in small letters; empty for a word that is not searched."""
    return _stems()[word]


def sequence(text: str) -> str:
    """The stems of a text in order, between single spaces, with the words that are not searched as they are written."""
    stems = _stems()
    return " ".join(stems[word] or word for word in _spelled(text))


@cache
def function_words() -> frozenset[str]:
    """English words that say nothing of what a text is about, as they are spelled."""
    return frozenset((_FUNCTION_WORDS + _FRAME_WORDS).split())


def ascii_words(text: str) -> list[str]:
    """Runs of letters and digits in small letters; what is beyond ASCII parts nothing, and stays as it is."""
    return text.encode("utf-8", "surrogatepass").translate(_BYTES).decode("utf-8", "surrogatepass").split()


def _spelled(text: str) -> list[str]:
    """Runs of letters and digits in small letters. Whatever is ASCII goes a way that is four times faster."""
    runs = ascii_words(text)
    if text.isascii():
        return runs
    spelled: list[str] = []
    for run in runs:
        if run.isascii():
            spelled.append(run)
        else:
            for word in _WORD.findall(run.lower()):
                spelled += _pairs(word) if _ANY_UNSPACED.search(word) else [word]
    return spelled


def _pairs(word: str) -> Iterable[str]:
    """What is written without spaces is found by each two signs that follow each other."""
    for stretch in _STRETCH.findall(word):
        if len(stretch) > 1 and _ANY_UNSPACED.match(stretch):
            yield from (first + second for first, second in pairwise(stretch))
        else:
            yield stretch


def _names(text: str) -> Iterable[str]:
    """Names of several parts: `getTarget`, `run_target`."""
    end = 0
    for seam in _SEAM.finditer(text):
        if seam.start() >= end:
            begin = _begin_of_name(text, seam.start(), end)
            end = _end_of_name(text, seam.start())
            yield text[begin:end]


def _begin_of_name(text: str, place: int, least: int) -> int:
    """Looks back no further than a name can be long."""
    first = max(least, place - _MAX_WORD_CHARACTERS)
    rest = _START_OF_NAME.search(text, first, place)
    return rest.start() if rest else place


def _end_of_name(text: str, place: int) -> int:
    rest = _REST_OF_NAME.match(text, place)
    return rest.end() if rest else place


def _forms(name: str) -> list[str]:
    """The whole and the parts of a name, as far as the text's runs of letters and digits do not hold them already."""
    parts = [part.lower() for part in _PART.findall(name)]
    if "_" not in name:
        return parts
    whole = "".join(parts)
    return [whole, *parts] if not name.islower() and not name.isupper() else [whole]


def _dropped(*spelled: str) -> bool:
    stems = _stems()
    return any(not stems[word] or stems[word] in _frame() for word in spelled)


class _Stems(dict[str, str]):
    """The stem of each word that was seen; empty for a word that is not searched. Forgets all when it grows too large.

    Looking a word up is three times faster than making its stem again.
    """

    def __init__(self, analyzer: tantivy.TextAnalyzer) -> None:
        super().__init__()
        self._analyzer = analyzer

    def __missing__(self, word: str) -> str:
        if len(word) > _MAX_WORD_CHARACTERS:
            return ""
        found = self._analyzer.analyze(word)
        if len(self) >= _MAX_KEPT:
            self.clear()
        self[word] = stem = str(found[0]) if found else ""
        return stem


@cache
def _stems() -> _Stems:
    return _Stems(
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(_MAX_WORD_CHARACTERS + 1))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


@cache
def _frame() -> frozenset[str]:
    stems = _stems()
    return frozenset(stems[word] for word in function_words()) - {""}
