"""The verifier for outsiders: it imports only the standard library of Python 3.9 or newer, and nothing of Plimsoll.

Here: `verify_file` for an export, `verify_lines` for a living ledger, `split_notes` for a file of checkpoints, and
`standalone`, which joins the modules of this folder into the one file that goes into every export as `verify.py`. Not
here: the ledger itself (`plimsoll.ledger`).
"""

from ._notes import split_notes
from ._program import main, moment, verify_file, verify_lines
from ._report import Report, UnreadableError
from ._standalone import standalone
from ._story import Question

__all__ = [
    "Question",
    "Report",
    "UnreadableError",
    "main",
    "moment",
    "split_notes",
    "standalone",
    "verify_file",
    "verify_lines",
]
