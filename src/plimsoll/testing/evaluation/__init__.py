"""Suites of a project inside pytest: what the plugin `plimsoll.testing.pytest_plugin` hands to tests.

Here: `assert_gate`, which fails a test with all that a gate says; `AskedRow`, one row with its answer and its scores;
`ProjectUnderTest`, which asks every row once for a whole test session. Not here: fixtures and marks (the plugin).
"""

from ._asserts import assert_gate
from ._project import ProjectUnderTest, Wishes
from ._rows import AskedRow, NotMeasuredError

__all__ = ["AskedRow", "NotMeasuredError", "ProjectUnderTest", "Wishes", "assert_gate"]
