"""Whether a question asks for a figure, and how much of a text is figures: tables answer such questions."""

import re

_ASKS = re.compile(
    r"\bhow (?:much|many|large|big|high|low)\b|%|[$€£]|\b(?:ratio|percent(?:age)?|calculate|compute|round(?:ed)?"
    r"|usd|eur|gbp|dollars?|euros?|in (?:millions|thousands|billions)|margins?|averages?|total|amounts?|highest|lowest"
    r"|largest|smallest|biggest)\b",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    r"\b(?:rates?|growth|grow|grew|grown|increas(?:e|ed|ing)|decreas(?:e|ed|ing)|chang(?:e|ed|ing)|improv(?:e|ed|ing)"
    r"|declin(?:e|ed|ing)|drop(?:ped)?|fell|rose)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d[\d,.]*")
_FULL = 0.5
"""A text is all figures where every second word is one."""
_FEWEST_WORDS = 20


def asks_for_quantity(question: str) -> bool:
    """Whether a question asks for a figure, or for a change between dates that it names (English)."""
    if _ASKS.search(question):
        return True
    return _CHANGES.search(question) is not None and _DIGIT.search(question) is not None


def number_density(text: str) -> float:
    """From 0 for no numbers to 1 for a number in every second word or more."""
    words = max(_FEWEST_WORDS, len(text.split()))
    return min(1.0, len(_NUMBER.findall(text)) / words / _FULL)
