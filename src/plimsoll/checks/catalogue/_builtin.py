"""The built-in checks.

A line for each; the room of a check is imported when it is made, so that a list of names needs no weights and no numpy.
"""

from .._types import Check
from ..detectors import KINDS, blocklist, pattern, pii, secrets
from ._answers import ANSWERS
from ._attacks import ATTACKS
from ._harm import HARM
from ._outside import OUTSIDE
from ._plain import PLAIN
from ._types import CheckEntry, Given, Option

_NAMES = ("person", "location", "address", "organization", "date_time", "age", "nationality", "title", "id_number")


def _names(given: Given) -> Check:
    from ..entities import names

    return names(given.kinds)


BUILT_IN: tuple[CheckEntry, ...] = (
    CheckEntry(
        "pii",
        "Personal data that has a form: addresses, numbers and accounts that lead to a person.",
        KINDS["pii"],
        (),
        lambda given: pii(given.kinds),
    ),
    CheckEntry(
        "names",
        "People, places and addresses, by a small model; without `kinds` what leads to one person.",
        _NAMES,
        (),
        _names,
    ),
    CheckEntry(
        "secrets",
        "Keys, tokens, private keys and passwords.",
        KINDS["secrets"],
        (),
        lambda given: secrets(given.kinds),
    ),
    *ATTACKS,
    *HARM,
    *PLAIN,
    *ANSWERS,
    CheckEntry(
        "blocklist",
        "Words and phrases of your own.",
        (),
        (Option("words", "texts", "a list of words and phrases", "words: [acme, zeus]", beside=True),),
        lambda given: blocklist(given.name, given.options.get("words", ())),
        named=True,
    ),
    CheckEntry(
        "pattern",
        "An expression of your own, in RE2's syntax.",
        (),
        (
            Option(
                "pattern",
                "text",
                "an expression in RE2's syntax",
                r"pattern: '(?i)project\s+atlas'",
                required=True,
                beside=True,
            ),
        ),
        lambda given: pattern(given.name, given.options["pattern"]),
        named=True,
    ),
    *OUTSIDE,
)
