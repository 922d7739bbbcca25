"""What a call can use and cost at most: never less than what a provider can bill for it."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.flows.serve._need import output_bound
from plimsoll.models import Usage
from plimsoll.models.prices import Price, PriceOverride, most_of, price_of, worst_together
from plimsoll.models.prices._most import has_fees, has_uncounted_fees
from plimsoll.models.providers.anthropic._request import payload as for_anthropic
from plimsoll.models.providers.anthropic._settings import traits
from plimsoll.models.providers.bedrock._request import payload as for_bedrock
from plimsoll.models.providers.google._request import payload as for_google
from plimsoll.models.providers.openai._request import encoded
from plimsoll.models.providers.translated._errors import UntranslatableError

DEFAULT_BOUND: Final = 500
MODELS: Final = (
    "openai/gpt-4.1-mini",
    "openai/gpt-4o-mini",
    "openai/gpt-5.4",
    "anthropic/claude-sonnet-4-5",
    "anthropic/claude-3-5-haiku-latest",
    "anthropic/claude-fable-5-2",
    "google/gemini-2.5-flash",
    "bedrock/anthropic.claude-3-haiku-20240307-v1:0",
    "vllm/qwen",
)
OWN: Final = PriceOverride(1.0, 2.0, cache_write_usd_per_million=1.25, cache_write_hour_usd_per_million=2.0)
PDF: Final = "data:application/pdf;base64,JVBERi0="
PICTURE: Final = f"data:image/png;base64,{'iVBORw0K' * 50}"
HELLO: Final = {"messages": [{"role": "user", "content": "Hello?"}]}

texts = st.text(max_size=40)
names = st.text("abcxyz_", min_size=1, max_size=8)
schemas = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "object"}, {"type": "integer", "enum": [1, 2, 3]}]),
    lambda inner: st.dictionaries(names, inner, max_size=3).map(lambda held: {"type": "object", "properties": held}),
    max_leaves=6,
)
parts = st.one_of(
    texts.map(lambda text: {"type": "text", "text": text}),
    st.sampled_from(
        [
            {"type": "image_url", "image_url": {"url": PICTURE}},
            {"type": "image_url", "image_url": {"url": PICTURE, "detail": "low"}},
            {"type": "image_url", "image_url": {"url": "https://pictures.example/1.png", "detail": "high"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
            {"type": "file", "file": {"file_id": "file-1"}},
            {"type": "input_audio", "input_audio": {"format": "wav", "data": "UklGRg=="}},
            {"type": "video_url", "video_url": {"url": "https://pictures.example/1.mp4"}},
        ]
    ),
)
turns = st.one_of(texts, st.lists(parts, max_size=4)).map(lambda content: {"role": "user", "content": content})
tools = st.builds(
    lambda name, schema: {"type": "function", "function": {"name": name, **schema}},
    names,
    st.one_of(st.just({}), schemas.map(lambda schema: {"parameters": schema})),
)
forms = schemas.map(lambda schema: {"type": "json_schema", "json_schema": {"name": "form", "schema": schema}})
bounds = st.integers(1, 5_000)
calls = st.fixed_dictionaries(
    {"messages": st.lists(turns, min_size=1, max_size=3)},
    optional={
        "tools": st.lists(tools, max_size=3),
        "response_format": forms,
        "n": st.integers(1, 4),
        "max_tokens": bounds,
        "max_completion_tokens": bounds,
        "service_tier": st.sampled_from(["auto", "default", "flex", "priority"]),
        "speed": st.just("fast"),
        "generationConfig": st.fixed_dictionaries(
            {}, optional={"maxOutputTokens": bounds, "candidateCount": st.integers(1, 4)}
        ),
    },
)
shares = st.one_of(st.just(1.0), st.floats(0, 1))


def price_at(model: str) -> Price:
    return price_of(model, OWN if model.startswith("vllm/") else None)


def sent(body: dict[str, Any], model: str) -> dict[str, Any]:
    """The call as it goes out, in the provider's form."""
    provider, _, name = model.partition("/")
    match provider:
        case "anthropic":
            return for_anthropic(body, model=name, most_tokens=None, traits=traits(name, {}))
        case "google":
            return for_google(body, model=name, most_tokens=None)
        case "bedrock":
            return for_bedrock(body, model=name, most_tokens=None, options={})
        case _:
            found: dict[str, Any] = msgspec.json.decode(encoded(body, strict="openai" if provider == "openai" else ""))
            return found


def said(value: Any) -> Iterator[str]:
    """Every text that a model may be given to read, with the names around it; not the bytes of pictures and files."""
    if isinstance(value, str):
        yield "" if value.startswith("data:") else value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in {"data", "bytes"}:
                yield name
                yield from said(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from said(inner)


def most_billed(body: dict[str, Any], model: str) -> tuple[int, int]:
    """The tokens that a provider can bill for: as many as there are bytes, the largest pictures, everything it reads
    of a file, what it writes around a call; and every choice to its bound."""
    wire = sent(body, model)
    config = wire.get("generationConfig") or wire.get("inferenceConfig") or {}
    bound = config.get("maxOutputTokens") or config.get("maxTokens") or output_bound(wire)
    choices = config.get("candidateCount") or wire.get("n") or 1
    kinds = [part for turn in body["messages"] if isinstance(turn["content"], list) for part in turn["content"]]
    pictures = [part["image_url"] for part in kinds if part["type"] == "image_url"]
    small = sum(picture.get("detail") == "low" and model.startswith("openai/") for picture in pictures)
    largest = 48_169 if "4o-mini" in model else 24_600
    tokens = sum(len(text.encode()) for text in said(wire)) + (len(pictures) - small) * largest + small * 2_833
    tokens += 4 * len(body["messages"]) + (800 if body.get("tools") or body.get("response_format") else 0)
    if any(part["type"] not in {"text", "image_url"} for part in kinds):
        tokens += price_at(model).reading.window
    return tokens, (bound or 0) * choices


@given(st.sampled_from(MODELS), calls, st.tuples(shares, shares), st.tuples(*[shares] * 5), st.integers(0, 3))
def test_nothing_that_can_be_billed_is_more_than_what_is_reserved(
    model: str,
    body: dict[str, Any],
    used: tuple[float, float],
    kinds: tuple[float, ...],
    tier: int,
) -> None:
    named = output_bound(body)
    most = most_of(body, output_tokens=named or DEFAULT_BOUND, size_bytes=len(msgspec.json.encode(body)))
    if named is None:  # as the flow asks for what it reserved
        body = {**body, "max_completion_tokens": DEFAULT_BOUND}
    price = price_at(model)
    tokens, cost = price.worst(most)
    try:
        most_in, most_out = most_billed(body, model)
    except UntranslatableError:
        return
    tokens_in, tokens_out = round(used[0] * most_in), round(used[1] * most_out)
    usage = Usage(
        tokens_in,
        tokens_out,
        cached_tokens=round(kinds[0] * tokens_in),
        cache_write_tokens=round(kinds[1] * tokens_in),
        cache_write_hour_tokens=round(kinds[2] * kinds[1] * tokens_in),
        reasoning_tokens=round(kinds[3] * tokens_out),
        audio_input_tokens=round(kinds[4] * tokens_in),
    )
    assert tokens_in + tokens_out <= tokens
    billed = price.cost_pico(usage, service_tier=given_tier(body, model, tier))
    if cost is not None:
        assert billed is not None
        assert billed <= cost


def given_tier(body: dict[str, Any], model: str, number: int) -> str:
    """A treatment that the provider may give the call."""
    if model.startswith("anthropic/"):
        return "fast" if body.get("speed") else "standard"
    if not model.startswith("openai/"):
        return ""
    asked = body.get("service_tier", "auto")
    may = {"auto": ("default", "flex", "priority"), "default": ("default",)}.get(asked, (asked, "default"))
    known = [tier for tier in may if tier != "priority" or tier in price_at(model).service_tiers]
    return known[number % len(known)] if known else "default"


def test_a_call_that_says_nothing_of_its_treatment_may_get_the_one_of_the_project() -> None:
    price = price_of("openai/gpt-4.1-mini")
    plain, auto, dear, cheap = (
        price.worst(most_of({**HELLO, **asked}, output_tokens=100, size_bytes=1_000))[1]
        for asked in ({"service_tier": "default"}, {}, {"service_tier": "priority"}, {"service_tier": "flex"})
    )
    assert plain is not None
    assert dear is not None
    assert auto == dear > plain == cheap
    assert plain < price.worst(most_of({**HELLO, "service_tier": "auto"}, output_tokens=100, size_bytes=1_000))[1]  # type: ignore[operator]


def test_a_treatment_nobody_knows_the_price_of_makes_the_cost_unknown() -> None:
    price = price_of("openai/gpt-4")
    assert price.cost_pico(Usage(10, 10), service_tier="default") == price.cost_pico(Usage(10, 10))
    assert price.cost_pico(Usage(10, 10), service_tier="flex") == price.cost_pico(Usage(10, 10))
    assert price.cost_pico(Usage(10, 10), service_tier="priority") is None
    assert price.worst(most_of({**HELLO, "service_tier": "priority"}, output_tokens=1))[1] is None
    own = price_of("vllm/qwen", OWN)
    assert own.cost_pico(Usage(10, 10), service_tier="priority") == own.cost_pico(Usage(10, 10))
    assert own.worst(most_of({**HELLO, "service_tier": "priority"}, output_tokens=1))[1] is not None


def test_every_choice_is_reserved_for_and_the_largest_of_several_bounds() -> None:
    def out(**asked: Any) -> int:
        return most_of({**HELLO, **asked}, output_tokens=10).output_tokens

    assert (out(), out(n=3), out(best_of=4, n=2), out(n=2.0)) == (10, 30, 40, 20)
    assert out(generationConfig={"maxOutputTokens": "50", "candidateCount": 2}) == 100
    assert out(additionalModelRequestFields={"max_tokens": 70}) == 70
    assert out(options={"num_predict": -1}) == 100_000_000
    assert out(max_tokens=5) == 10
    assert out(prediction={"type": "content", "content": "x" * 90}) > 100


def test_a_picture_counts_as_the_largest_one_and_not_as_its_bytes() -> None:
    def read(model: str, **picture: str) -> int:
        part = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 900_000, **picture}}
        body = {"messages": [{"role": "user", "content": [part]}]}
        return price_of(model).worst(most_of(body, output_tokens=0))[0]

    assert 25_000 < read("openai/gpt-4o") < 26_000
    assert 3_000 < read("openai/gpt-4o", detail="low") < 4_000
    assert 48_169 < read("openai/gpt-4o-mini") < 49_000
    assert 25_000 < read("anthropic/claude-sonnet-4-5", detail="low") < 26_000


@pytest.mark.parametrize(
    "part",
    [
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "file", "file": {"file_data": PDF}},
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"type": "document", "source": {"type": "url", "url": "https://documents.example/1.pdf"}},
        {"type": "container_upload", "file_id": "file-1"},
        {"type": "nobody-knows"},
    ],
)
def test_what_has_no_length_counts_as_all_that_the_model_reads(part: dict[str, Any]) -> None:
    body = {"messages": [{"role": "user", "content": [part]}]}
    most = most_of(body, output_tokens=0)
    assert most.is_open
    assert 128_000 < price_of("openai/gpt-4o").worst(most)[0] < 129_000
    # The list names the shorter of its two windows; long prompts have a price of their own.
    assert price_of("anthropic/claude-sonnet-4-5").worst(most)[0] > 1_000_000
    assert price_of("vllm/qwen").worst(most)[0] > 2_000_000


def test_an_earlier_answer_that_is_only_named_has_no_length() -> None:
    assert most_of({"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]}, output_tokens=0).is_open
    written = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
    assert not most_of({"messages": [{"role": "user", "content": [written]}]}, output_tokens=0).is_open


@pytest.mark.parametrize(
    ("asked", "counted"),
    [
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, True),
        ({"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]}, True),
        ({"tools": [{"type": "code_execution_20250522", "name": "code_execution"}]}, False),
        ({"tools": [{"type": "web_search_preview"}]}, False),
        ({"tools": [{"googleSearch": {}}]}, False),
        ({"tools": [{"type": "function", "systemTool": {"name": "nova_grounding"}}]}, False),
        ({"tools": [{"type": "mcp", "server_url": "https://tools.example"}]}, False),
        ({"tools": ["?"]}, False),
        ({"web_search_options": {}}, False),
        ({"plugins": [{"id": "web"}]}, False),
        ({"cachedContent": "cachedContents/1"}, False),
        ({"inference_geo": "us"}, False),
    ],
)
def test_what_has_fees_costs_nobody_knows_how_much(asked: dict[str, Any], counted: bool) -> None:
    body = {**HELLO, **asked}
    assert has_fees(body)
    assert has_uncounted_fees(body) != counted
    tokens, cost = price_of("anthropic/claude-sonnet-4-5").worst(most_of(body, output_tokens=10))
    assert (tokens > 0, cost) == (True, None)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"tools": [{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "g"}}]},
        {"tools": [{"type": "text_editor_20250728", "name": "edit"}, {"functionDeclarations": []}, {"toolSpec": {}}]},
        {"web_search_options": None, "inference_geo": "global", "top_k": 3},
    ],
)
def test_what_the_caller_runs_itself_has_no_fees(asked: dict[str, Any]) -> None:
    assert not has_fees({**HELLO, **asked})
    assert not has_uncounted_fees({**HELLO, **asked})


def test_of_several_models_those_that_bill_count_together() -> None:
    prices = [price_of("a/b", PriceOverride(one, 0.0)) for one in (1.0, 3.0, 2.0)]
    most = most_of(HELLO, output_tokens=10, size_bytes=72)  # 72 + 128 for the call + 16 for the message
    assert worst_together(prices, most, billed=1) == (226, 216 * 3_000_000)
    assert worst_together(prices, most, billed=2) == (452, 216 * 5_000_000)
    assert worst_together(prices, most, billed=3) == (678, 216 * 6_000_000)
    assert worst_together(prices[:1], most, billed=1) == (226, 216 * 1_000_000)
    assert worst_together([*prices, price_of("vllm/qwen")], most, billed=1) == (226, None)


def test_the_length_of_a_call_is_that_of_its_json_also_where_that_has_broken_characters() -> None:
    body = {"messages": [{"role": "user", "content": "\ud800 and more"}]}
    assert most_of(body, output_tokens=0).input_tokens > 128 + 16 + 10


def test_a_route_may_say_how_much_its_model_reads() -> None:
    most = most_of({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}, output_tokens=0)
    assert 32_000 < price_of("vllm/qwen", OWN, window=32_000).worst(most)[0] < 33_000
    assert 32_000 < price_of("openai/gpt-4o", window=32_000).worst(most)[0] < 33_000
    assert price_of("openai/gpt-4o").reading.window == 128_000
