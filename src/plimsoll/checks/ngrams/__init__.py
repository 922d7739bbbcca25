"""Linear models over hashed n-grams of words and of characters: small, fast, and able to say where.

Here: how a text is read (`_codes`), which features it has (`_features`), the model with one or more heads, its scores
for a whole text and for windows of it (`_model`), and its file (`_file`). Not here: how models are trained
(`tools/train_checks`), and what they are asked about (the checks).
"""

from ._errors import NgramsFileError
from ._features import BLOCK, CHARACTERS, WORDS, Block, blocks
from ._file import from_bytes, to_bytes
from ._model import NgramModel, Reading, Windows

__all__ = [
    "BLOCK",
    "CHARACTERS",
    "WORDS",
    "Block",
    "NgramModel",
    "NgramsFileError",
    "Reading",
    "Windows",
    "blocks",
    "from_bytes",
    "to_bytes",
]
