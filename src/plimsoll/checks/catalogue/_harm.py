"""The checks of `plimsoll.checks.moderation`, with their options. They are imported when one of them is made."""

from .._types import Check
from ._types import CheckEntry, Given, Option

_LEAST = Option("least", "number", "a number from 0.01 to 1", "least: 0.5", least=0.01, most=1)
CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm"),
    *("self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic"),
)


def _moderation(given: Given) -> Check:
    from ..moderation import moderation

    return moderation(given.kinds, **given.options)


def _toxicity(given: Given) -> Check:
    from ..moderation import toxicity

    return toxicity(given.kinds, **given.options)


HARM: tuple[CheckEntry, ...] = (
    CheckEntry(
        "moderation",
        "The categories of OpenAI's moderation, by a small model that runs here.",
        CATEGORIES,
        (_LEAST,),
        _moderation,
    ),
    CheckEntry(
        "toxicity",
        "What people call toxic, hateful or offensive.",
        ("toxic", "hateful", "offensive"),
        (_LEAST,),
        _toxicity,
    ),
)
