"""Conformance suites and fakes that authors of plug-ins inherit.

Here: the suites for providers of language models (`plimsoll.testing.models`), index engines
(`plimsoll.testing.indexes`), checks (`plimsoll.testing.checks`) and scorers (`plimsoll.testing.scorers`). Nothing is
imported with this package; the suites themselves need pytest.
"""
