"""Asks pytest to show the values of an assertion that fails, as it does for tests."""

import pytest

pytest.register_assert_rewrite(*(f"plimsoll.testing.models.{name}" for name in ("_answers", "_contract", "_failures")))
