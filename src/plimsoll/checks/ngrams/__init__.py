"""N-grams of words and of characters, and linear models over those that they know: small, fast, and able to say where.

Here: hashed n-grams of any text (`_codes`, `_features`); a model over n-grams that it knows, which cuts a text into
tokens (`_tokens`), keeps what tokens add up to (`_kept`), answers for a whole text and for windows of it (`_reading`,
`_model`), and has a file (`_file`). Not here: how models are trained (`tools/train_checks`), and what they are asked
about (the checks).
"""

from ._errors import NgramsFileError
from ._features import BLOCK, CHARACTERS, WORDS, Block, blocks
from ._file import from_bytes, to_bytes
from ._model import FOLLOWING, NgramModel
from ._reading import FEW_CHARACTERS, FEW_WORDS, Reading, Windows

__all__ = [
    "BLOCK",
    "CHARACTERS",
    "FEW_CHARACTERS",
    "FEW_WORDS",
    "FOLLOWING",
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
