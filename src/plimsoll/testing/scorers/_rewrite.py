"""Asks pytest to show the values of an assertion that fails, as it does for tests."""

import pytest

pytest.register_assert_rewrite("plimsoll.testing.scorers._suite")
