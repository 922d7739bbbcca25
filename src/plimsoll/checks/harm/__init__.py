"""How likely a text is to do harm: a small model over its words, and over what kind of words they are.

Here: words as classes (`_words`), what these add up to (`_tags`), n-grams (`_grams`), what was read before
(`_vocabulary`), the model and its file (`_model`). Not here: what is made of it (`plimsoll.checks.moderation`), and how
it is trained (`tools/train_checks/harm.py`).
"""

from ._errors import HarmFileError
from ._grams import BITS, grams
from ._model import RARITY_UNIT, HarmModel, Seen, builtin_model, from_bytes, seen, to_bytes
from ._tags import CLASSES, COARSE, ROWS
from ._vocabulary import Vocabulary, vocabulary

__all__ = [
    "BITS",
    "CLASSES",
    "COARSE",
    "RARITY_UNIT",
    "ROWS",
    "HarmFileError",
    "HarmModel",
    "Seen",
    "Vocabulary",
    "builtin_model",
    "from_bytes",
    "grams",
    "seen",
    "to_bytes",
    "vocabulary",
]
