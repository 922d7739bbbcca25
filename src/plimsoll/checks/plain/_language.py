"""In which language is a text written: in one that is allowed, or in that of the question.

The model is py3langid's, a naive Bayes model over byte n-grams (Lui and Baldwin, 2012). It is asked how likely the
allowed languages are together, and not which one is likeliest: between close languages that makes the difference. What
is too short to tell, code, addresses and lists of names count as unknown, which is no finding unless it is asked for.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final

from .._errors import CheckOptionsError
from .._types import NO_CONTEXT, Context, Found
from ._versions import version_of

KINDS: Final = ("other_language", "unknown")
_DEFAULT: Final = ("other_language",)
_LEAST_LETTERS: Final = 24
_LEAST_FAR: Final = 8
"""Letters of other scripts than Latin that are enough to tell."""
_LATIN_END: Final = 0x370
_BLOCK: Final = 1000
_ENOUGH, _ENOUGH_WORDS = 400, 40
"""Characters of prose that are enough to tell, and words."""
_LIKELY: Final = 0.1
"""Languages that are together less likely than that are taken for not used."""
_MOST_SIGNS: Final = 0.09
"""A larger share of signs that programs are full of makes a text code."""
_LEAST_NAMES: Final = 3
_MOST_NAMES: Final = 0.75
"""Where a larger share of the words begin with a capital, they are names or a title."""

# What the model knows, and which of these it cannot keep apart in short texts.
_CODES = (
    "ace af am an ar ary arz as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa fi fo fr "
    "fuv fy ga gcf gcr gd gl gom grc gu gug guw ha hbo he hi hr ht hu hy id ig is it ja jv ka kab kik kk km kn ko "
    "ku ky la lb lg lij ln lo lt ltg lv mg mk ml mn mr ms mt my ne nl nn no nso oc om or pa pcm pl ps pt qu ro ru "
    "rw sa sdh se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz uzs vec vi vo wa wuu xh yo "
    "yue zh zu"
)
LANGUAGES: Final = frozenset(_CODES.split())
_CLOSE: Final = (
    *({"zh", "wuu", "yue"}, {"no", "nn", "da"}, {"ar", "ary", "arz"}, {"sr", "hr", "bs", "sl"}, {"id", "ms"}),
    *({"en", "pcm"}, {"fa", "ps"}, {"hi", "mr", "ne", "sa"}, {"cs", "sk"}, {"es", "gl", "ext", "an"}, {"af", "nl"}),
)
_NO_LANGUAGE: Final = "zxx"

_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,200}`", re.DOTALL)
_COMMAND: Final = re.compile(
    r"(?m)^[ \t>$]*(?:import|from \S+ import|def|class|return|const|var|let \S+ =|public|private|#include|using|package"
    r"|SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|WITH|pip|npm|git|sudo|docker|curl|kubectl|apt|cd|export)\s[^\n]*"
)
_TECHNICAL: Final = re.compile(r"://|[@\\/_]|[A-Za-z]\d|\d[A-Za-z]|\w[.]\w|[a-z][A-Z]")
_SIGNS: Final = '{}[]()<>;=_/\\|&*+#$@^~"'


class LanguageCheck:
    """Finds stretches in another language than the allowed ones, or without `languages` than the question's.

    A long text is looked at in blocks. An answer that streams is judged sentence by sentence; a sentence of less than
    24 letters is too short to tell. The model is unpacked at its first use, which takes about a second.
    """

    by_sentence = True

    def __init__(self, name: str, languages: Sequence[str] | None, kinds: Sequence[str] = ()) -> None:
        self.name = name
        self.kinds = tuple(kinds) or _DEFAULT
        self.version = version_of(2, version("py3langid"), sorted(languages or ()), sorted(self.kinds))
        self.words_only = languages is None
        """An answer is asked for in the language of its question; what stands beside it is not."""
        self._languages = None if languages is None else _with_close(languages)

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:
        """What is written in another language, in the order of the text."""
        allowed = self._languages
        if allowed is None:
            asked = next((one for _, _, one in _blocks(context.question) if one), "")
            if not asked:
                return ()
            allowed = _with_close([_likeliest(asked)])
        return list(self._found(text, allowed))

    def _found(self, text: str, allowed: frozenset[str]) -> Iterator[Found]:
        for start, end, prose in _blocks(text):
            if not prose:
                if "unknown" in self.kinds and start < end:
                    yield Found(start, end, "unknown", reason="too little prose to tell")
                continue
            chance = sum(chance for code, chance in _ranked(prose) if code in allowed or code == _NO_LANGUAGE)
            if chance < _LIKELY and "other_language" in self.kinds:
                yield Found(start, end, "other_language", round(min(1.0, 1 - chance), 4), "none of the allowed ones")


def language(languages: Sequence[str], kinds: Sequence[str] = ()) -> LanguageCheck:
    """Looks for other languages than these. Raises CheckOptionsError for one that the model does not know."""
    for code in languages:
        if code not in LANGUAGES:
            raise CheckOptionsError(
                "language",
                f"it does not know the language `{code[:20]}`",
                "write codes such as en, de or zh (ISO 639)",
                "languages",
            )
    return LanguageCheck("language", languages, kinds)


def output_language(kinds: Sequence[str] = ()) -> LanguageCheck:
    """Looks for another language than that of the question; nothing is found where that one is unknown."""
    return LanguageCheck("output_language", None, kinds)


def _with_close(languages: Sequence[str]) -> frozenset[str]:
    near = (close for close in _CLOSE if not close.isdisjoint(languages))
    return frozenset(languages).union(*near)


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Stretches of a text with what in them is prose; nothing where that is too little to tell."""
    plain = _CODE.sub(lambda code: " " * len(code[0]), text) if "`" in text else text
    at = 0
    while at < len(plain):
        end = min(len(plain), at + _BLOCK)
        if end < len(plain):
            space = plain.rfind(" ", at + _BLOCK // 2, end)
            end = end if space < 0 else space + 1
        yield at, end, _prose(plain[at:end])
        at = end


def _prose(text: str) -> str:
    """The letters of what is written for people."""
    signs = sum(map(text.count, _SIGNS))
    if signs > _MOST_SIGNS * sum(map(len, text.split())):
        return ""
    words = _COMMAND.sub(" ", text).split()
    text = " ".join(one for one in words if _is_ordinary(one))
    for sign in set(text):
        if not (sign.isalpha() or unicodedata.combining(sign) or sign in "'’"):  # noqa: RUF001
            text = text.replace(sign, " ")
    prose = " ".join(text.split())
    letters = len(prose) - prose.count(" ")
    if letters >= _LEAST_LETTERS:
        return "" if _is_list_of_names(prose) else prose
    far = sum(ord(letter) >= _LATIN_END for letter in prose)
    return prose if far >= _LEAST_FAR else ""


def _is_ordinary(word: str) -> bool:
    """Whether a word is neither technical nor in capitals; of most words that is seen at once."""
    if word.islower() and word.isalpha():
        return True
    return _TECHNICAL.search(word) is None and not (len(word) > 1 and word.isupper())


def _is_list_of_names(prose: str) -> bool:
    words = prose.split()
    return len(words) >= _LEAST_NAMES and sum(map(str.istitle, words)) > _MOST_NAMES * len(words)


def _ranked(prose: str) -> list[tuple[str, float]]:
    """How likely each language is, the likeliest first; of long prose every second word, or fewer, says enough."""
    words = prose.split(" ")
    step = min(len(prose) // _ENOUGH, len(words) // _ENOUGH_WORDS)
    ranked: list[tuple[str, float]] = _model().rank(" ".join(words[::step]) if step > 1 else prose)
    return ranked


def _likeliest(prose: str) -> str:
    return _ranked(prose)[0][0]


@cache
def _model() -> Any:
    # It brings numpy with it and unpacks 5 MB.
    langid = import_module("py3langid.langid")
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
