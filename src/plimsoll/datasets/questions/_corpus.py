"""All sentences of a corpus, to see whether another one answers a question too."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from ..alike import normal_text
from ._forms import Proposal
from ._sentences import everything_said

_FUNCTION: Final = frozenset(
    re.findall(
        r"\w+",
        "a an the of in on at by to for with from and or is are was were be been has have had do does did "
        "must shall should will may can how long much many what when who whom within time percentage cost",
    )
)
"""Words that say how something is asked, and not what."""
_MOST_LOOKED_AT: Final = 2_000


class Corpus:
    """The sentences of all documents, by their words."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._sentences: list[frozenset[str]] = []
        self._texts: list[str] = []
        self._of_word: dict[str, list[int]] = defaultdict(list)
        for said in (one for text in texts for one in everything_said(text)):
            normal = normal_text(said)
            words = frozenset(normal.split())
            for word in words:
                self._of_word[word].append(len(self._sentences))
            self._sentences.append(words)
            self._texts.append(normal)

    def has_word(self, word: str) -> bool:
        """Whether a word stands anywhere in the corpus."""
        return any(part in self._of_word for part in normal_text(word).split())

    def is_ambiguous(self, one: Proposal) -> bool:
        """Whether another sentence has all that is asked about, and not the same answer.

        Such a question has two right answers, or may have. A sentence that says the same again does no harm.
        """
        asked = frozenset(normal_text(one.question).split()) - _FUNCTION
        answer, own = f" {normal_text(one.answer)} ", normal_text(one.sentence.text)
        if not asked:
            return True
        rarest = min(asked, key=lambda word: (len(self._of_word.get(word, ())), word))
        others = [place for place in self._of_word.get(rarest, ())[:_MOST_LOOKED_AT] if self._texts[place] != own]
        if one.kind == "definition":
            begins = own.removesuffix(answer.strip())
            return any(self._texts[place].startswith(begins) for place in others)
        return any(asked <= self._sentences[place] and answer not in f" {self._texts[place]} " for place in others)
