"""What another policy would have said of past requests, replayed from their traces as far as their content was kept."""

from ._diff import DiffWish, PolicyDiff, diff_policies
from ._replayed import Change, Verdict
from ._sources import load_policy

__all__ = ["Change", "DiffWish", "PolicyDiff", "Verdict", "diff_policies", "load_policy"]
