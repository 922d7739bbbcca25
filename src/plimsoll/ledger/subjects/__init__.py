"""Data subjects: a random pseudonym for each person, and the key that seals what the ledger says of them in private.

Destroying the key is what erases a person: the pseudonym stays in the records and means nobody any more.
"""

from ._store import Subjects

__all__ = ["Subjects"]
