"""Words that the end of a line cut in two are joined again."""

import re
from collections.abc import Iterable, Sequence

# What pdfium writes in place of a hyphen and line break between two letters. U+FFFE is its other spelling of it.
MARK = "\x02"
_MARK = re.compile("[\x02\ufffe]")
_CUT = re.compile("([^\\W_]+(?:-[^\\W_]+)*)(?:[\x02\ufffe]\\s*)([^\\W_]+)")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_LAST_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*\Z")
_FIRST_WORD = re.compile(r"[^\W_]+")
_LONGEST_WORD = 100


class CutWords:
    """Knows which hyphens of a document are real. `pages` are its texts, with a mark where a line cuts a word.

    Whether a hyphen belongs to the word (`know-how`) or only to the line (`con-tract`) cannot be seen on the spot. The
    rest of the document knows: the form that it uses elsewhere is taken. Where it has neither, the majority of its
    other cut words decides, and in a tie the hyphen stays, since it was there to be seen.
    """

    def __init__(self, pages: Iterable[str]) -> None:
        cut = [page for page in pages if _MARK.search(page)]
        known = {word for page in pages for word in _WORD.findall(_CUT.sub(" ", page).lower())} if cut else set()
        cuts = {(m[1].lower(), m[2].lower()) for page in cut for m in _CUT.finditer(page)}
        self._verdicts = {pair: _evidence(pair, known) for pair in cuts}
        self._joins_by_default = sum(self._verdicts.values()) > 0

    def sign(self, before: str, after: str) -> str:
        """What stands between two texts, the first of which ends within a word: a hyphen, or nothing."""
        first = _LAST_WORD.search(before[-_LONGEST_WORD:])
        second = _FIRST_WORD.match(after)
        if not first or not second:
            return ""
        verdict = self._verdicts.get((first[0].lower(), second[0].lower()), 0)
        joined = verdict > 0 or (verdict == 0 and self._joins_by_default and second[0][0].islower())
        return "" if joined else "-"


def join_cut_words(pages: Sequence[str]) -> list[str]:
    """`pages` with each mark replaced by a hyphen or by nothing."""
    words = CutWords(pages)
    mended = (_CUT.sub(lambda match: match[1] + words.sign(match[1], match[2]) + match[2], page) for page in pages)
    return [_MARK.sub("", page) for page in mended]


def _evidence(cut: tuple[str, str], known: set[str]) -> int:
    """1 when the document has the joined word elsewhere, -1 when it has the hyphenated one, 0 for neither."""
    if "".join(cut) in known:
        return 1
    return -1 if "-".join(cut) in known else 0
