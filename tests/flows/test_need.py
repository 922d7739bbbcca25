"""What is reserved for a call, and what it is settled with when it ends early, lies, or says nothing."""

from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st
from tests.flows.scripted import route_to, says

from plimsoll.access.limits import Need
from plimsoll.flows.serve._need import guessed, heard_tokens, most_of_inputs, output_bound, spent, times, worst_case
from plimsoll.flows.serve.parts import Route
from plimsoll.kernel.money import to_usd
from plimsoll.models import Usage
from plimsoll.models.prices import most_of, price_of

MINI: Final = price_of("openai/gpt-4.1-mini")
ROUTE: Final = route_to(says("Hi"))
PICTURE: Final = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 300_000}}
FILE: Final = {"type": "file", "file": {"file_id": "file-1"}}
COUNTS: Final = st.integers(0, 10_000)


def call(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(parts)}], **more}


def words(text: str) -> int:
    return len(text.split())


def guess(body: dict[str, Any], route: Route = ROUTE, tokens_out: int = 5) -> Usage:
    return guessed(body, most_of(body, output_tokens=tokens_out), tokens_out, route, words)


@given(COUNTS, COUNTS, COUNTS, st.none() | COUNTS, st.none() | st.floats(0, 1e-6))
def test_what_was_only_counted_here_is_never_more_than_what_was_reserved(
    tokens_in: int, tokens_out: int, reserved: int, cost_pico: int | None, usd: float | None
) -> None:
    need = Need(reserved, cost_pico)
    guessed = spent(Usage(tokens_in, tokens_out, usd, estimated=True), need)
    assert guessed.tokens == min(tokens_in + tokens_out, reserved)
    assert (guessed.cost_pico is None) == (usd is None)
    if cost_pico is not None and guessed.cost_pico is not None:
        assert guessed.cost_pico <= cost_pico
    # What a provider says counts, also where it is more: the budget has to know.
    told = spent(Usage(tokens_in, tokens_out, usd), need)
    assert told.tokens == tokens_in + tokens_out
    assert told == spent(Usage(tokens_in, tokens_out, usd))


def test_a_call_that_was_cut_off_is_charged_for_its_pictures() -> None:
    text = {"type": "text", "text": "What is this?"}
    plain, seen = guess(call(text)), guess(call(text, PICTURE))
    assert 3_000 <= seen.input_tokens - plain.input_tokens < 3_100
    assert (seen.output_tokens, seen.estimated) == (5, True)
    assert seen.cost_usd == to_usd(seen.input_tokens + 5)
    need = worst_case(most_of(call(text, PICTURE), output_tokens=5), ROUTE)
    assert spent(seen, need).tokens <= need.tokens


def test_what_was_cut_off_that_has_no_length_or_has_fees_costs_what_was_reserved() -> None:
    for body in (call(FILE), call(web_search_options={})):
        usage = guess(body)
        assert usage.cost_usd is None
        assert spent(usage, Need(10**6, 10**6)).cost_pico is None


def test_what_was_cut_off_is_charged_in_the_treatment_that_it_asked_for() -> None:
    asked: list[str] = []

    def cost(tokens_in: int, tokens_out: int, tier: str) -> int | None:
        asked.append(tier)
        return MINI.cost_pico(Usage(tokens_in, tokens_out), service_tier=tier)

    route = route_to(says("Hi"))
    for tier in ("priority", "default"):
        body = call({"type": "text", "text": "Hello?"}, service_tier=tier)
        object.__setattr__(route, "cost_pico", cost)
        guess(body, route)
    assert asked == ["priority", "default"]


def test_the_length_as_it_came_is_used_only_where_it_is_still_that() -> None:
    body = call({"type": "text", "text": "Hello?"})
    as_it_came = worst_case(most_of(body, output_tokens=7, size_bytes=500), ROUTE)
    assert as_it_came == Need(500 + 128 + 16 + 7, 500 + 128 + 16 + 7)
    measured = worst_case(most_of(body, output_tokens=7), ROUTE)
    assert measured.tokens == most_of(body, output_tokens=7).input_tokens + 7 > len("Hello?") + 7


def test_tokens_of_vectors_may_come_as_numbers() -> None:
    ids = [[1, 2, 3], [4]]
    assert most_of_inputs(ids, size_bytes=0).input_tokens >= 128 + 4
    assert most_of_inputs(["x" * 50], size_bytes=900).input_tokens == 900 + 128


def test_of_two_bounds_the_larger_one_counts() -> None:
    assert output_bound({"max_tokens": 5, "max_completion_tokens": 9}) == 9
    assert output_bound({"max_tokens": 0}) is None
    assert output_bound({}) is None


def test_what_was_heard_is_never_less_than_its_pieces_or_a_third_of_its_bytes() -> None:
    assert heard_tokens(50, 30) >= 50
    assert heard_tokens(1, 3_000) >= 1_000


def test_tries_that_were_alike_add_up() -> None:
    one = guess(call({"type": "text", "text": "Hello?"}))
    assert times(one, 0) == Usage(0, 0, 0.0)
    thrice = times(one, 3)
    assert (thrice.input_tokens, thrice.output_tokens) == (3 * one.input_tokens, 15)
    assert thrice.cost_usd is not None
    assert one.cost_usd is not None
    assert abs(thrice.cost_usd - 3 * one.cost_usd) < 1e-15
