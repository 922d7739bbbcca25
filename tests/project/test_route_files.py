"""What may stand in a route's file, and what is said of what may not."""

from pathlib import Path
from typing import Any, Protocol

import pytest

from plimsoll.kernel.digest import digest_json
from plimsoll.project import ProjectInvalidError, load_project
from plimsoll.project._yaml import parse_yaml
from plimsoll.project.schemas import EndpointDefinition, RouteDefinition


class Folder(Protocol):
    root: Path

    def write(self, path: str, content: str | bytes) -> Path: ...


DEFAULTS: dict[str, Any] = {
    "serves": [],
    "guardrail": None,
    "strategy": "ordered",
    "timeouts": {"connect_s": 5.0, "first_token_s": 30.0, "between_tokens_s": 30.0, "total_s": 120.0},
    "retries": {"attempts": 2, "budget_percent": 20.0, "base_s": 0.5, "longest_s": 8.0},
    "breaker": {"failures": 5, "window_s": 30.0, "open_s": 15.0},
    "hedge": None,
    "escalate": None,
    "max_output_tokens": 8192,
    "cache": {"exact": None, "semantic": None},
    "embeds": False,
}
NO_TARGET: dict[str, Any] = {"base_url": None, "api_key": None, "weight": 1.0, "price": None, "options": {}}
TWO = "targets:\n  - model: openai/gpt-4.1-mini\n  - model: builtin/reader\n"


def route(text: str) -> RouteDefinition:
    return RouteDefinition.model_validate(parse_yaml(text.encode()).data)


def test_a_route_with_one_model_is_a_route_with_one_target() -> None:
    short = route("model: builtin/reader\n")
    assert short.content() == {"targets": [{"model": "builtin/reader", **NO_TARGET}], **DEFAULTS}
    long = route("strategy: ordered\ntargets:\n  - model: builtin/reader\n")
    assert digest_json(short.content()) == digest_json(long.content())


def test_the_old_timeout_is_for_the_whole_answer_and_for_its_first_token() -> None:
    content = route("model: ollama/llama\ntimeout_s: 300\n").content()
    expected = {"connect_s": 5.0, "first_token_s": 300.0, "between_tokens_s": 300.0, "total_s": 300.0}
    assert content["timeouts"] == expected


def test_everything_that_a_route_can_say() -> None:
    content = route(
        "serves: [gpt-4.1-mini]\nguardrail: standard\nstrategy: cheapest\n"
        "targets:\n"
        "  - model: openai/gpt-4.1-mini\n    base_url: https://example.org/v1\n    api_key: ${env:KEY}\n    weight: 3\n"
        "    price: {input_usd_per_million: 0.4, output_usd_per_million: 1.6, cached_input_usd_per_million: 0.1}\n"
        '    options: {api_version: 2025-01-01, tries: 3, strict: true, access_key: "${env:ACCESS}"}\n'
        "  - model: builtin/reader\n"
        "timeouts: {total_s: 60}\nretries: {attempts: 0}\nbreaker: {failures: 3}\nescalate: {when: [empty]}\n"
        "max_output_tokens: 100\ncut_off: heard\nprovider_files: allow\n"
        "cache: {exact: {}, semantic: {ttl_s: 60, at_least: 0.98}}\n"
    ).content()
    assert content == {
        **DEFAULTS,
        "targets": [
            {
                "model": "openai/gpt-4.1-mini",
                "base_url": "https://example.org/v1",
                "api_key": "${env:KEY}",
                "weight": 3.0,
                "price": {
                    "input_usd_per_million": 0.4,
                    "output_usd_per_million": 1.6,
                    "cached_input_usd_per_million": 0.1,
                },
                "options": {"api_version": "2025-01-01", "tries": 3, "strict": True, "access_key": "${env:ACCESS}"},
            },
            {"model": "builtin/reader", **NO_TARGET},
        ],
        "serves": ["gpt-4.1-mini"],
        "guardrail": "standard",
        "strategy": "cheapest",
        "timeouts": {"connect_s": 5.0, "first_token_s": 30.0, "between_tokens_s": 30.0, "total_s": 60.0},
        "retries": {"attempts": 0, "budget_percent": 20.0, "base_s": 0.5, "longest_s": 8.0},
        "breaker": {"failures": 3, "window_s": 30.0, "open_s": 15.0},
        "escalate": {"when": ["empty"]},
        "max_output_tokens": 100,
        "cut_off": "heard",
        "provider_files": "allow",
        "cache": {"exact": {"ttl_s": 3600.0}, "semantic": {"ttl_s": 60.0, "at_least": 0.98}},
    }


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("serves: [a]\n", 1, "`model` is missing"),
        (f"model: builtin/reader\n{TWO}", 2, "`model` stands beside `targets`"),
        (f"api_key: ${{env:KEY}}\n{TWO}", 2, "`api_key` stands beside `targets`"),
        ("targets:\n  - base_url: https://example.org/v1\n", 2, "`targets.model` is missing"),
        (
            "targets:\n  - model: openai_compatible/x\n",
            2,
            "`base_url` is missing; an `openai_compatible` model",
        ),
        ("targets:\n  - model: gpt-4\n", 2, '"gpt-4" is not a model that a route can use'),
        ("targets:\n  - model: openai/x\n    api_key: sk-1\n", 3, "a secret must not stand in a file"),
        ("model: openai/x\noptions: {api_key: sk-1}\n", 2, "the option `api_key` holds a secret"),
        ("model: openai/x\noptions: {region: [a]}\n", 2, "the option `region` must be one value"),
        ("model: openai/x\nserves: [a b]\n", 2, '"a b" cannot be the name of a model'),
        ("model: openai/x\nserves: [a, a]\n", 2, '"a" stands in the list twice'),
        ("model: openai/x\nstrategy: random\n", 2, "`strategy` must be ordered, weighted, least_latency or cheapest"),
        (
            "targets: [{model: openai/x, weight: 0}]\nstrategy: weighted\n",
            2,
            "every target has the weight 0",
        ),
        ("model: openai/x\ntimeout_s: 5\ntimeouts: {total_s: 9}\n", 3, "`timeout_s` and `timeouts` say the same"),
        ("model: openai/x\nhedge: {after_s: 2}\n", 2, "`hedge` needs a second target"),
        ("model: openai/x\nescalate: {}\n", 2, "`escalate` needs a second target"),
        (f"{TWO}strategy: weighted\nescalate: {{}}\n", 5, "`escalate` needs an order of targets"),
        (f"{TWO}hedge: {{after_s: 1}}\nescalate: {{}}\n", 5, "`escalate` and `hedge` do not go together"),
        (f"{TWO}hedge: {{after_s: 1}}\nembeds: true\n", 5, "a route that embeds has no `hedge`"),
        ("model: openai/x\ncache: {exact: {}}\nembeds: true\n", 3, "a route that embeds has no `cache`"),
        ("model: openai/x\ncache:\n  semantic: {at_least: 2}\n", 3, "`cache.semantic.at_least` must be a number from"),
        ("model: openai/x\nretries: {attempts: 11}\n", 2, "`retries.attempts` must be a whole number from 0 to 10"),
        ("model: openai/x\nescalate: {when: [rude]}\n", 2, "`escalate.when` must be a list of json_invalid, empty"),
        ("model: openai/x\nretry: 3\n", 2, "there is no key `retry` here"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(folder: Folder, text: str, line: int, what: str) -> None:
    folder.write("routes/default.yaml", text)
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(folder.root)
    (mistake,) = caught.value.mistakes
    assert mistake.place == f"routes/default.yaml:{line}"
    assert what in mistake.what
    assert mistake.instead
    assert "sk-1" not in f"{mistake.what}{mistake.instead}"


def test_an_endpoint_may_name_a_guardrail() -> None:

    endpoint = EndpointDefinition(kind="chat", prompt="p", route="r", guardrail="standard")
    assert endpoint.content()["guardrail"] == "standard"
