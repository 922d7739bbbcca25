"""Another policy: what it would have said of past requests, and taking it over.

Requests are replayed from their traces, as far as their content was kept.
"""

from ._diff import DiffWish, PolicyDiff, diff_policies
from ._replayed import Change, Verdict
from ._sources import load_policy
from ._take import Taken, candidate_text, take_over

__all__ = [
    "Change",
    "DiffWish",
    "PolicyDiff",
    "Taken",
    "Verdict",
    "candidate_text",
    "diff_policies",
    "load_policy",
    "take_over",
]
