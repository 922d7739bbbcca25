"""People, places and addresses: what only the words around it can tell.

Here: cutting a text into tokens, what is known of each (`_features`), a small network that says what each belongs to
(`_tagger`, trained by `python -m tools.train_checks.entities`), and the check `names`. Not here: what has a form of its
own, such as e-mail addresses and account numbers (`plimsoll.checks.detectors`).
"""

from ._check import DEFAULT_KINDS, KINDS, NamesCheck, names
from ._errors import TaggerFormatError

__all__ = ["DEFAULT_KINDS", "KINDS", "NamesCheck", "TaggerFormatError", "names"]
