"""The checks of `plimsoll.checks.plain`, with their options. They are imported when one of them is made."""

from .._types import Check
from ._answers import OF_ANSWERS
from ._types import CheckEntry, Given, Option

_LANGUAGE_KINDS = ("other_language", "unknown")
_TOPICS = "a group: for each topic its name and a list of sentences"


def _language(given: Given) -> Check:
    from ..plain import language

    return language(given.options["languages"], given.kinds)


def _output_language(given: Given) -> Check:
    from ..plain import output_language

    return output_language(given.kinds)


def _json_schema(given: Given) -> Check:
    from ..plain import json_schema

    return json_schema(given.options.get("schema"), fenced=given.options.get("fenced", False))


def _links(given: Given) -> Check:
    from ..plain import links

    return links(given.kinds, **given.options)


def _invisible(given: Given) -> Check:
    from ..plain import invisible

    return invisible(given.kinds)


def _encoded(given: Given) -> Check:
    from ..plain import encoded

    return encoded(given.kinds, **given.options)


def _topics(given: Given) -> Check:
    from ..plain import topics

    return topics(**given.options)


def _length(given: Given) -> Check:
    from ..plain import length

    return length(**given.options)


PLAIN: tuple[CheckEntry, ...] = (
    CheckEntry(
        "language",
        "Other languages than those that are allowed; what is too short to tell, and code, is `unknown`.",
        _LANGUAGE_KINDS,
        (
            Option(
                "languages",
                "texts",
                "a list of 1 to 50 codes (ISO 639)",
                "languages: [en, de]",
                least=1,
                most=50,
                required=True,
            ),
        ),
        _language,
    ),
    CheckEntry(
        "output_language",
        "An answer in another language than its question.",
        _LANGUAGE_KINDS,
        (),
        _output_language,
        stages=OF_ANSWERS,
    ),
    CheckEntry(
        "json_schema",
        "A text that is not JSON, is nested too deeply, or breaks a JSON Schema.",
        ("not_json", "too_deep", "schema"),
        (
            Option("schema", "group", "a JSON Schema", "schema: {type: object, required: [total]}"),
            Option("fenced", "switch", "true or false", "fenced: true"),
        ),
        _json_schema,
    ),
    CheckEntry(
        "links",
        "Links and images to other hosts, addresses that carry data away, disguised ones, and other schemes.",
        ("link", "image", "exfiltration", "scheme", "disguise"),
        (
            Option("hosts", "texts", "a list of hosts", 'hosts: [example.org, "*.example.org"]', most=1000),
            Option("schemes", "texts", "a list of 1 to 50 schemes", "schemes: [https, mailto]", least=1, most=50),
        ),
        _links,
    ),
    CheckEntry(
        "invisible",
        "Characters that nobody sees: hidden text, and marks that make a text read otherwise than it is.",
        ("zero_width", "tags", "bidi", "variation"),
        (),
        _invisible,
    ),
    CheckEntry(
        "encoded",
        "Stretches in base64, hexadecimal, percent signs, escapes, or with letters moved by 13 places.",
        ("base64", "hex", "percent", "escapes", "rot13"),
        (Option("least", "whole", "a whole number from 16 to 1000", "least: 40", least=16, most=1000),),
        _encoded,
    ),
    CheckEntry(
        "topics",
        "Topics that are denied, and texts about none that is allowed; each is described by a few sentences.",
        (),
        (
            Option("allow", "group", _TOPICS, 'allow: {harbour: ["When do you open?", "May I moor here?"]}', least=1),
            Option("deny", "group", _TOPICS, 'deny: {medicine: ["Which pills help?", "Is this rash bad?"]}', least=1),
            Option("threshold", "number", "a number from 0.01 to 1", "threshold: 0.8", least=0.01, most=1),
        ),
        _topics,
    ),
    CheckEntry(
        "length",
        "What stands behind the last character, or the last line, that a text may have.",
        ("characters", "lines"),
        (
            Option("characters", "whole", "a whole number from 1", "characters: 20000", least=1),
            Option("lines", "whole", "a whole number from 1", "lines: 200", least=1),
        ),
        _length,
    ),
)
