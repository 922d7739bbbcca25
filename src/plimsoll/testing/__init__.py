"""Conformance suites and fakes that authors of plug-ins inherit.

Here: `plimsoll.testing.models`, the suite for providers of language models. Nothing is imported with this package; the
suites themselves need pytest.
"""
