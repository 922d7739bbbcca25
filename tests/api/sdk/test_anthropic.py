"""Three majors of the official `anthropic` client against the real door."""

from typing import Any

from tests.api.sdk.scripted import TEXT, Scripted

Client = tuple[dict[str, Any], Scripted]
CALLS = [{"city": "Oslo"}, {"city": "Rome"}]


def test_a_plain_answer(anthropic_client: Client) -> None:
    found, service = anthropic_client
    assert found["plain"] == {"text": TEXT, "stop": "end_turn", "usage": [56, 64, 9], "release": "r-3f9c2a", "id": True}
    assert service.asked[0].body["messages"][0] == {"role": "system", "content": "Be short."}


def test_a_stream(anthropic_client: Client) -> None:
    first, last, deltas = anthropic_client[0]["streamed"]
    assert (first, last) == ("message_start", "message_stop")
    assert deltas > 1


def test_the_stream_helper(anthropic_client: Client) -> None:
    assert anthropic_client[0]["stream_helper"] == [TEXT, ["thinking", "text"], "end_turn", 9]


def test_tools(anthropic_client: Client) -> None:
    assert anthropic_client[0]["tools"] == {"stop": "tool_use", "calls": CALLS, "last": TEXT, "streamed": CALLS}


def test_tokens_are_counted_about(anthropic_client: Client) -> None:
    assert anthropic_client[0]["counted"] > 5


def test_models(anthropic_client: Client) -> None:
    assert anthropic_client[0]["models"] == [["contracts/ask", "gpt-4.1-mini"], "model"]


def test_every_error_has_its_status_and_type(anthropic_client: Client) -> None:
    assert anthropic_client[0]["errors"] == {
        "blocked": [400, "invalid_request_error", True, True],
        "denied": [403, "permission_error", True, True],
        "nothing": [404, "not_found_error", True, True],
        "changed": [409, "invalid_request_error", True, True],
        "limited": [429, "rate_limit_error", True, True],
        "quota": [429, "billing_error", True, True],
        "damaged": [500, "api_error", True, True],
        "down": [503, "overloaded_error", True, True],
        "late": [504, "timeout_error", True, True],
        "field": True,
        "key": [401, "authentication_error"],
    }


def test_it_tries_again_where_that_helps_and_only_there(anthropic_client: Client) -> None:
    found, service = anthropic_client
    assert found["retries"] == TEXT
    assert (service.calls["limited-once"], service.calls["quota-again"]) == (2, 1)


def test_headers(anthropic_client: Client) -> None:
    assert anthropic_client[0]["raw"] == ["r-3f9c2a", True]


def test_a_stream_that_breaks_is_an_error(anthropic_client: Client) -> None:
    assert anthropic_client[0]["broken"] == "overloaded_error"


def test_a_stream_that_is_closed_ends_the_call(anthropic_client: Client) -> None:
    found, service = anthropic_client
    assert found["cancelled"] == "message_start"
    assert service.left.is_set()


def test_the_asynchronous_client(anthropic_client: Client) -> None:
    assert anthropic_client[0]["asynchronous"] == [TEXT, TEXT]
