"""The checks of `plimsoll.checks.outside`, with the names of their options; they read these themselves."""

from collections.abc import Callable

from .._types import Check
from ._harm import CATEGORIES
from ._types import CheckEntry, Given, Option

_PRESIDIO = (
    *("credit_card", "crypto", "date_time", "email", "iban", "ip", "location", "mac", "medical_license"),
    *("nationality", "organization", "person", "phone", "url", "us_bank_number", "driver_license", "us_itin"),
    *("passport", "us_ssn", "uk_nhs", "uk_nino"),
)
_MOST = Option("most_characters", "whole", "a whole number from 100", "most_characters: 100000")
_EACH = Option("by_sentence", "switch", "true or false", "by_sentence: true")
_HTTP = (
    Option("allow_http", "switch", "true or false", "allow_http: true"),
    Option("private_addresses", "switch", "true or false", "private_addresses: true"),
)
_SEND = Option(
    "send", "texts", "a list of what else is sent: question, instructions, passages", "send: [question, passages]"
)


def _made(name: str) -> Callable[[Given], Check]:
    def make(given: Given) -> Check:
        from ..outside import FACTORIES

        return FACTORIES[name](given.rule, given.outside)

    return make


OUTSIDE: tuple[CheckEntry, ...] = (
    CheckEntry(
        "judge",
        "A question about the text that a model of the release answers.",
        (),
        (
            Option("route", "text", "the name of a route", "route: default", required=True),
            Option("question", "text", "a question", "question: Does the text give medical advice?"),
            Option("rubric", "text", "text", "rubric: General facts about medicine do not count."),
            _SEND,
            Option("reasons", "texts", "a list of reasons that it may give", "reasons: [dose, diagnosis]"),
            Option("template", "text", "one of question, llama_guard", "template: llama_guard"),
            Option("structured", "switch", "true or false", "structured: false"),
            Option("parameters", "group", "a group of parameters of the model", "parameters: {max_tokens: 300}"),
            Option("kinds", "texts", "a list of kinds", "kinds: [violent_crimes]"),
            _MOST,
            _EACH,
        ),
        _made("judge"),
        named=True,
        reads_options=True,
    ),
    CheckEntry(
        "http",
        "A service of yours that is asked over HTTP.",
        (),
        (
            Option("url", "text", "an https:// address", "url: https://checks.example.org/v1", required=True),
            Option("kinds", "texts", "a list of kinds that it may name", "kinds: [threat]", required=True),
            *_HTTP,
            Option("headers", "group", "a group of headers", 'headers: {authorization: "Bearer ${env:CHECKS_KEY}"}'),
            _SEND,
            Option("revision", "text", "text", "revision: 2026-11"),
            Option("most_bytes", "whole", "a whole number from 1000", "most_bytes: 1000000"),
            _MOST,
            _EACH,
        ),
        _made("http"),
        named=True,
        reads_options=True,
    ),
    CheckEntry(
        "openai_moderation",
        "OpenAI's moderation, or a server that speaks the same.",
        (*CATEGORIES, "other"),
        (
            Option("route", "text", "the name of a route", "route: default"),
            Option("base_url", "text", "an https:// address", "base_url: https://api.openai.com/v1"),
            Option("model", "text", "the name of a model", "model: omni-moderation-latest"),
            Option("api_key", "text", "a reference to a secret", "api_key: ${env:OPENAI_API_KEY}"),
            *_HTTP,
            _MOST,
            _EACH,
        ),
        _made("openai_moderation"),
        reads_options=True,
    ),
    CheckEntry(
        "classifier",
        "A trained model in a folder of the project, such as Prompt Guard.",
        (),
        (
            Option("path", "text", "a folder of the project", "path: models/prompt-guard", required=True),
            Option("digest", "text", "the digest of the model's files", "digest: sha256:…", required=True),
            Option("labels", "group", "a group: labels of the model, and kinds", "labels: {INJECTION: injection}"),
            Option("max_tokens", "whole", "a whole number", "max_tokens: 512"),
            _MOST,
            _EACH,
        ),
        _made("classifier"),
        named=True,
        reads_options=True,
    ),
    CheckEntry(
        "presidio",
        "Microsoft's Presidio, where it is installed.",
        _PRESIDIO,
        (
            Option("language", "text", "a language", "language: en"),
            Option("model", "text", "a model of spaCy that is installed", "model: en_core_web_lg"),
            Option("entities", "texts", "a list of other entities of Presidio", "entities: [SG_NRIC_FIN]"),
            _MOST,
            _EACH,
        ),
        _made("presidio"),
        reads_options=True,
    ),
)
