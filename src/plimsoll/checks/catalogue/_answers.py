"""The checks of answers and of what models are told, with their options. They are imported when one is made."""

from .._types import Check
from ._types import CheckEntry, Given, Option

OF_ANSWERS = ("tool_call", "output")
"""Stages at which it is known what was asked, and what the answer rests on."""


def _grounded(given: Given) -> Check:
    from ..grounding import grounded

    return grounded(given.options)


def _citations(given: Given) -> Check:
    from ..grounding import citations

    return citations(given.options)


def _prompt_leak(given: Given) -> Check:
    from ..leaks import prompt_leak

    return prompt_leak(given.options)


ANSWERS: tuple[CheckEntry, ...] = (
    CheckEntry(
        "grounded",
        "Sentences of an answer that its passages do not bear out.",
        ("unsupported",),
        (
            Option("strictness", "text", "one of normal, strict, lenient", "strictness: strict"),
            Option("spans", "text", "one of sentence, words", "spans: words"),
            Option("without_passages", "text", "one of all, none", "without_passages: none"),
        ),
        _grounded,
        reads_options=True,
        stages=OF_ANSWERS,
    ),
    CheckEntry(
        "citations",
        "Citations of passages that there are not, and quotations that no passage has.",
        ("missing_passage", "not_in_passage", "uncited"),
        (
            Option("required", "switch", "true or false", "required: true"),
            Option("least_words", "whole", "a whole number above 0", "least_words: 4"),
        ),
        _citations,
        reads_options=True,
        stages=OF_ANSWERS,
    ),
    CheckEntry(
        "prompt_leak",
        "An answer that repeats what only the model was told.",
        ("instructions", "canary", "wording"),
        (
            Option("canaries", "texts", "a list of texts", "canaries: [kestrel-4417]"),
            Option("least_words", "whole", "a whole number above 0", "least_words: 8"),
            Option("wording", "switch", "true or false", "wording: false"),
        ),
        _prompt_leak,
        reads_options=True,
        # What comes in is what the model is told.
        stages=("retrieved", "tool_call", "tool_result", "output"),
    ),
)
