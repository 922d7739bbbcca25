"""Words that the end of a line cut in two are joined again."""

import re
from collections.abc import Sequence

# What pdfium writes in place of a hyphen and line break between two letters. U+FFFE is its other spelling of it.
_MARK = re.compile("[\x02\ufffe]")
_CUT = re.compile("([^\\W_]+(?:-[^\\W_]+)*)(?:[\x02\ufffe]\\s*)([^\\W_]+)")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def join_cut_words(pages: Sequence[str]) -> list[str]:
    """`pages` with each mark replaced by a hyphen or by nothing.

    Whether a hyphen belongs to the word (`know-how`) or only to the line (`con-tract`) cannot be seen on the spot. The
    rest of the document knows: the form that it uses elsewhere is taken. Where it has neither, the majority of its
    other cut words decides, and in a tie the hyphen stays, since it was there to be seen.
    """
    if not any(_MARK.search(page) for page in pages):
        return list(pages)
    known = {word for page in pages for word in _WORD.findall(_CUT.sub(" ", page).lower())}
    cuts = {(m[1].lower(), m[2].lower()) for page in pages for m in _CUT.finditer(page)}
    verdicts = {cut: _evidence(cut, known) for cut in cuts}
    joins_by_default = sum(verdicts.values()) > 0

    def mended(match: re.Match[str]) -> str:
        verdict = verdicts.get((match[1].lower(), match[2].lower()), 0)
        joined = verdict > 0 or (verdict == 0 and joins_by_default and match[2][0].islower())
        return match[1] + ("" if joined else "-") + match[2]

    return [_MARK.sub("", _CUT.sub(mended, page)) for page in pages]


def _evidence(cut: tuple[str, str], known: set[str]) -> int:
    """1 when the document has the joined word elsewhere, -1 when it has the hyphenated one, 0 for neither."""
    if "".join(cut) in known:
        return 1
    return -1 if "-".join(cut) in known else 0
