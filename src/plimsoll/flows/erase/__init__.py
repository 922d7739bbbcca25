"""Forget a person: their key, and everything that mentions them and that nothing in use needs.

First what can be made again or is nobody's evidence goes: traces, cached outputs of stages, prepared indexes. Then the
tombstone is written into the ledger, which names every blob that goes next and destroys the key of what was sealed. So
a blob that is missing was named by a tombstone before, whatever crash came in between, and the same call goes on from
there. What is in use stays, is named in the tombstone, and is for a person to take out of the project.
"""

from ._erase import erase, plan_erasure
from ._errors import BasisUnusableError, IdentifierUnusableError
from ._types import DEFAULT_BASIS, EraseParts, Erasure, ErasurePlan, Forgetful

__all__ = [
    "DEFAULT_BASIS",
    "BasisUnusableError",
    "EraseParts",
    "Erasure",
    "ErasurePlan",
    "Forgetful",
    "IdentifierUnusableError",
    "erase",
    "plan_erasure",
]
