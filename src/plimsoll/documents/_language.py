"""Which language a text is written in.

Words that only one language has so often, or letters that only one has at all, tell at once. For the rest there is
py3langid, a naive Bayes model over byte n-grams (Lui and Baldwin, 2012); unpacking it takes more than a second, which a
few small files should not cost.
"""

import unicodedata
from collections import Counter
from functools import cache
from importlib import import_module
from typing import Any

# Enough to tell, and few enough that the length of a document does not matter.
_SAMPLES = 4
_SAMPLE_CHARACTERS = 500
_FEWEST_LETTERS = 40
# Letters of these scripts say as much as a short word.
_FEWEST_WIDE_LETTERS = 12
_LEAST_CONFIDENCE = 0.5

# Frequent words that are rare or absent in the other languages of this table.
_WORDS = {
    "en": "the and of that with this which shall from have been was were would their",
    "de": "der die und das nicht von mit dem sich auf eine einer werden wurde ist für",
    "fr": "les des dans une est pour par qui sur pas ce cette aux sont été du",
    "es": "los las del por una para con como más su fue el y se al",
    "it": "il di che della per gli con del nel alla dei sono delle è dal",
    "pt": "os do da dos em não uma para com mais foi são pelo pela ao",
    "nl": "het van een voor zijn niet dat aan wordt werd ook naar deze bij",
}
_LANGUAGES_OF_WORD: dict[str, list[str]] = {}
for _language, _list in _WORDS.items():
    for _word in _list.split():
        _LANGUAGES_OF_WORD.setdefault(_word, []).append(_language)
_FEWEST_WORDS = 5
_LEAST_SHARE = 0.07
_LEAST_LEAD = 4

# Scripts in which (nearly) one language is written today, by how Unicode calls their letters.
_SCRIPTS = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "HEBREW": "he", "GREEK": "el", "THAI": "th",
    "ARMENIAN": "hy", "GEORGIAN": "ka", "TAMIL": "ta", "TELUGU": "te",
}  # fmt: skip
_SCRIPT_SHARE = 0.2


def detect_language(text: str) -> str:
    """The BCP 47 primary subtag of the language of most of `text`, such as `en`.

    Empty where there are too few letters to tell, or where no language is likely enough. The same text always gives
    the same answer. Only samples from the whole length are looked at.
    """
    sample = _sample(text)
    letters = [character for character in sample if character.isalpha()]
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in letters)
    if len(letters) < _FEWEST_LETTERS and wide < _FEWEST_WIDE_LETTERS:
        return ""
    return _by_script(letters) or _by_words(sample) or _by_model(sample)


def _by_script(letters: list[str]) -> str:
    found = Counter(_script(letter) for letter in letters if not letter.isascii())
    for script, count in found.most_common(2):
        if script in _SCRIPTS and count >= _SCRIPT_SHARE * len(letters):
            return _SCRIPTS[script]
    return ""


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _by_words(sample: str) -> str:
    words = sample.lower().split()
    votes = Counter(language for word in words for language in _LANGUAGES_OF_WORD.get(word, ()))
    (best, count), (_, second) = [*votes.most_common(2), ("", 0), ("", 0)][:2]
    clear = count >= _FEWEST_WORDS and count >= _LEAST_SHARE * len(words) and count >= _LEAST_LEAD * second
    return best if clear else ""


def _by_model(sample: str) -> str:
    language, confidence = _identifier().classify(sample)
    return str(language) if confidence >= _LEAST_CONFIDENCE else ""


def _sample(text: str) -> str:
    """Letters and spaces of stretches that are spread over the text."""
    most = _SAMPLES * _SAMPLE_CHARACTERS
    if len(text) > most:
        step = (len(text) - _SAMPLE_CHARACTERS) // (_SAMPLES - 1)
        text = " ".join(text[place * step : place * step + _SAMPLE_CHARACTERS] for place in range(_SAMPLES))
    kept = "".join(c if c.isalpha() or unicodedata.combining(c) or c == "'" else " " for c in text)
    return " ".join(kept.split())


@cache
def _identifier() -> Any:
    # It brings numpy with it and unpacks a model of 5 MB.
    langid = import_module("py3langid.langid")
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
