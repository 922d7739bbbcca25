"""What changed between two contents of one artifact, told so that a person can read it: by meaning, and prose as text.

Here: `diff_versions`, and the values that it returns. Pure: nothing is read. Every kind has a structural diff in which
lists of named things are matched by name; what is known of a kind's meaning is said on top of it. Not here: drawing
(`plimsoll.cli`), and comparing whole releases (`plimsoll.governance`).
"""

from ._diff import diff_versions
from ._types import Change, Count, Named, Step, TextDiff, VersionDiff, What

__all__ = ["Change", "Count", "Named", "Step", "TextDiff", "VersionDiff", "What", "diff_versions"]
