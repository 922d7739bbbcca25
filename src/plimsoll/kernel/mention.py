"""Whether a text mentions somebody: so that what was written down about a person can be found and forgotten."""

import re
import unicodedata
from dataclasses import dataclass

SHORTEST = 3
"""Characters of the shortest identifier that is looked for inside of texts."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A person's identifier (a name, an address, a number), looked for in what was written down.

    It is found literally, wherever it stands, also inside a longer word: too much may be found, never too little.
    Case, Unicode's ways to write the same character (NFKC), kinds of white space, invisible characters and the escapes
    of JSON make no difference.
    """

    identifier: str

    @property
    def is_searchable(self) -> bool:
        """Whether it is long enough to be looked for: less than three characters stand in every text."""
        return len(self.folded) >= SHORTEST

    @property
    def folded(self) -> str:
        """The identifier without all that makes no difference."""
        return _fold(self.identifier)

    def in_text(self, text: str) -> bool:
        """Whether a text mentions it."""
        wanted = self.folded
        if not wanted:
            return False
        for _ in range(_DEPTH):
            if wanted in _fold(text):
                return True
            if "\\" not in text:
                return False
            text = _unescaped(text)
        return wanted in _fold(text)

    def in_bytes(self, data: bytes) -> bool:
        """Whether bytes of any format that keeps its text in UTF-8 (JSON, MessagePack) mention it."""
        try:
            return self.in_text(data.decode())
        except UnicodeDecodeError:
            # Numbers between the texts are most of an index; what is left of them is too short to be looked at.
            parts = data.decode("utf-8", errors="replace").split("\ufffd")
            return self.in_text("\0".join(part for part in parts if len(part) >= SHORTEST))

    def is_exactly(self, text: str) -> bool:
        """Whether a text is the identifier and nothing more."""
        return bool(self.folded) and _fold(text) == self.folded


_INVISIBLE = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|([bfnrt"/\\]))')
_DEPTH = 4
"""How deep a text may stand in JSON that is itself a string in JSON."""
_CONTROLS = dict(zip("bfnrt", "\b\f\n\r\t", strict=True))


def _fold(text: str) -> str:
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
        # Folding case may undo the normal form (Unicode 15, section 3.13, D147).
        text = unicodedata.normalize("NFKC", text.casefold())
    return " ".join(text.lower().split())


def _unescaped(text: str) -> str:
    """The text inside JSON strings, one level of them."""

    def character(match: re.Match[str]) -> str:
        code, sign = match.groups()
        return chr(int(code, 16)) if code else _CONTROLS.get(sign, sign)

    pairs = _ESCAPE.sub(character, text).encode("utf-16-le", "surrogatepass")
    return pairs.decode("utf-16-le", "replace")
