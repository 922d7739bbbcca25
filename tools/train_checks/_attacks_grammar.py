r"""Sentences from small grammars.

A rule is `@@`, a name, and its choices, one a line; `{name}` stands for a choice of another rule, `[a|b|]` for one of a
few words on the spot, `\n` for a line break, and a line with nothing but `~` for nothing. `{{` is a brace.
"""

import random
import re
from collections.abc import Mapping
from pathlib import Path

Rules = Mapping[str, tuple[str, ...]]

_PART = re.compile(r"(?<!\{)\{(\w+)\}(?!\})|\[([^\[\]]*\|[^\[\]]*)\]")
_DEEPEST = 12
_FOLDER = Path(__file__).parent / "attacks_grammars"


def read_rules(name: str) -> Rules:
    """The rules in a file of `attacks_grammars`."""
    found: dict[str, tuple[str, ...]] = {}
    for part in (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("@@ ")[1:]:
        title, *choices = part.rstrip().split("\n")
        found[title] = tuple(" " if one == "~" else one.replace("\\n", "\n") for one in choices)
    return found


def told(random_: random.Random, grammar: Rules, name: str, depth: int = 0) -> str:
    """One text of a rule."""

    def part(found: re.Match[str]) -> str:
        if found.group(1):
            return told(random_, grammar, found.group(1), depth + 1)
        choices: list[str] = found.group(2).split("|")
        return random_.choice(choices)

    text = random_.choice(grammar[name])
    while _PART.search(text) and depth < _DEEPEST:
        text = _PART.sub(part, text)
    if not depth:
        text = text.replace("{{", "{").replace("}}", "}")
    return re.sub(r" {2,}", " ", text)
