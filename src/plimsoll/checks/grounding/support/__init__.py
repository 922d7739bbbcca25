"""How little of a sentence its sources say.

Here: what sources say (`Source`), what is known of a sentence beside them (`judged`, `FACTS`), and the small models
over these facts (`Support`, fitted by `tools/train_checks/grounding.py`). This room needs numpy: it is entered when a
text is looked at, not before.
"""

from ._facts import FACTS, Judged, judged
from ._meaning import Meaning, builtin_meaning
from ._passages import Source, study
from ._support import MODELS, GroundingWeightsError, Support, builtin_support, read_support

__all__ = [
    "FACTS",
    "MODELS",
    "GroundingWeightsError",
    "Judged",
    "Meaning",
    "Source",
    "Support",
    "builtin_meaning",
    "builtin_support",
    "judged",
    "read_support",
    "study",
]
