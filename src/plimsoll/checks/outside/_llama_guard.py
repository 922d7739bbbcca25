"""The answers of Llama Guard 3 and its kin: the MLCommons hazard taxonomy, with code interpreter abuse."""

import re
from collections.abc import Mapping
from typing import Final

from ._errors import NoVerdictError

_CATEGORIES: Final[Mapping[str, str]] = {
    "S1": "violent_crimes",
    "S2": "non_violent_crimes",
    "S3": "sex_related_crimes",
    "S4": "child_sexual_exploitation",
    "S5": "defamation",
    "S6": "specialized_advice",
    "S7": "privacy",
    "S8": "intellectual_property",
    "S9": "indiscriminate_weapons",
    "S10": "hate",
    "S11": "suicide_self_harm",
    "S12": "sexual_content",
    "S13": "elections",
    "S14": "code_interpreter_abuse",
}
UNSAFE: Final = "unsafe"
"""Of a text that the model calls unsafe without saying why, or for a reason of a later version."""
KINDS: Final = (*_CATEGORIES.values(), UNSAFE)
_LONGEST: Final = 1000
_ANSWER: Final = re.compile(r"\s*(safe|unsafe)(?:\s*\n\s*(S\d{1,2}(?:\s*,\s*S\d{1,2})*))?\s*", re.ASCII)


def conversation(text: str, question: str, stage: str) -> list[dict[str, str]]:
    """The turns of which the model judges the last one."""
    if stage != "output":
        return [{"role": "user", "content": text}]
    # Its template wants a turn of the user in front of every answer.
    return [{"role": "user", "content": question or "…"}, {"role": "assistant", "content": text}]


def read_categories(check: str, answer: str) -> tuple[str, ...]:
    """The kinds that an answer names, none for `safe`. Raises NoVerdictError for whatever else it says."""
    found = _ANSWER.fullmatch(answer) if len(answer) <= _LONGEST else None
    if found is None or (found[1] == "safe" and found[2]):
        raise NoVerdictError(check, "the answer is neither `safe` nor `unsafe` with categories")
    if found[1] == "safe":
        return ()
    named = [one.strip() for one in (found[2] or "").split(",") if one.strip()]
    return tuple(dict.fromkeys(_CATEGORIES.get(one, UNSAFE) for one in named)) or (UNSAFE,)
