"""Whether a text does harm, and of which kind: OpenAI's categories, and what people call toxic.

Here: the moderation object of a text (`moderate`), and the checks `moderation` and `toxicity`. Not here: the trained
model (`plimsoll.checks.harm`). How often it is right is measured in docs/reference/checks-harm.md; it knows English,
and is no substitute for people where somebody may come to harm.
"""

from ._checks import HarmCheck, moderation, toxicity
from ._moderate import FLAGGED_FROM, Moderation, moderate
from ._scores import CATEGORIES, TOXICITY

__all__ = [
    "CATEGORIES",
    "FLAGGED_FROM",
    "TOXICITY",
    "HarmCheck",
    "Moderation",
    "moderate",
    "moderation",
    "toxicity",
]
