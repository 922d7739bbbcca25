"""Checks of the user's own: words and patterns."""

import re

from .._errors import CheckOptionsError
from ..patterns import MOST_CHARACTERS, Pattern, PatternCheck, normalise

MOST_WORDS = 5000
_SPACE = re.compile(r"\s+")


def blocklist(name: str, words: tuple[str, ...]) -> PatternCheck:
    """Looks for whole words and phrases, in any case, with any white space in them. Raises CheckOptionsError."""
    plain = [" ".join(normalise(word).text.split()) for word in words]
    if not plain or not all(plain):
        raise CheckOptionsError("blocklist", "it needs words that are not empty", "write `words: [apple, pear]`")
    if len(plain) > MOST_WORDS or max(map(len, plain)) > MOST_CHARACTERS // 16:
        raise CheckOptionsError(
            "blocklist",
            f"it takes at most {MOST_WORDS} words of {MOST_CHARACTERS // 16} characters",
            "use several blocklists, or shorter words",
        )
    # The longest first, so that `new york city` is not cut to `new york`.
    ordered = sorted(dict.fromkeys(plain), key=lambda word: (-len(word), word))
    return PatternCheck("blocklist", [Pattern(name, f"(?i)(?:{'|'.join(map(_word, ordered))})")])


def pattern(name: str, source: str) -> PatternCheck:
    """Looks for matches of an expression in RE2's syntax. Raises PatternInvalidError."""
    return PatternCheck("pattern", [Pattern(name, source)])


def _word(word: str) -> str:
    """A word as an expression; at an end that is no letter or digit of ASCII there is no boundary to ask for."""
    escaped = _SPACE.sub(r"\\s{1,8}", "".join(_literal(character) for character in word))
    return _boundary(word[0]) + escaped + _boundary(word[-1])


def _literal(character: str) -> str:
    special = character.isascii() and not (character.isalnum() or character.isspace() or character == "_")
    return f"\\{character}" if special else character


def _boundary(character: str) -> str:
    return r"\b" if character.isascii() and (character.isalnum() or character == "_") else ""
