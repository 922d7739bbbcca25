"""Which of many questions stand word by word in a larger text."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from ._normal import normal_text

LEAST_WORDS: Final = 4
"""Shorter questions stand in texts by chance."""


class Inside:
    """Questions, ready to be looked for; each text is read once, however many questions there are."""

    def __init__(self, questions: Mapping[str, str]) -> None:
        """`questions` by the names under which they are found."""
        self._begun: dict[tuple[str, ...], list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for name, question in questions.items():
            words = tuple(normal_text(question).split())
            if len(words) >= LEAST_WORDS:
                self._begun[words[:LEAST_WORDS]].append((words, name))

    def of(self, text: str) -> list[str]:
        """The names of the questions that stand in a text, in the order in which they were given."""
        words: Sequence[str] = normal_text(text).split()
        found: dict[str, None] = {}
        for place in range(len(words) - LEAST_WORDS + 1):
            for wanted, name in self._begun.get(tuple(words[place : place + LEAST_WORDS]), ()):
                if tuple(words[place : place + len(wanted)]) == wanted:
                    found[name] = None
        return list(found)
