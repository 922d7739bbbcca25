"""Three majors of the official `openai` client against the real door."""

from typing import Any

from tests.api.sdk.scripted import TEXT, Scripted

Client = tuple[dict[str, Any], Scripted]
CALLS = ['{"city":"Oslo"}', '{"city":"Rome"}']


def test_a_plain_answer(openai_client: Client) -> None:
    found, service = openai_client
    assert found["plain"] == {
        "texts": [TEXT, TEXT],
        "finish": "stop",
        "tokens": 129,
        "cached": 64,
        "release": "r-3f9c2a",
        "id": True,
    }
    first = service.asked[0]
    assert (first.body["top_k"], first.caller.user) == (3, "u-1")


def test_a_stream(openai_client: Client) -> None:
    assert openai_client[0]["streamed"] == {"text": TEXT, "role": "assistant", "usage": 129, "ids": 1}


def test_tools(openai_client: Client) -> None:
    assert openai_client[0]["tools"] == {"calls": CALLS, "last": TEXT}


def test_answers_as_objects(openai_client: Client) -> None:
    assert (openai_client[0]["parsed"], openai_client[0]["stream_helper"]) == (90, 90)


def test_vectors_in_both_encodings(openai_client: Client) -> None:
    assert openai_client[0]["embeddings"] == [[[0.0, 0.5, -0.25], [1.0, 0.5, -0.25]], [0.0, 0.5, -0.25], 5]


def test_models(openai_client: Client) -> None:
    assert openai_client[0]["models"] == [["contracts/ask", "gpt-4.1-mini"], "contracts"]


def test_every_error_has_its_class_code_and_request_id(openai_client: Client) -> None:
    assert openai_client[0]["errors"] == {
        "blocked": ["BadRequestError", 400, "content_filter", True],
        "denied": ["PermissionDeniedError", 403, "denied", True],
        "nothing": ["NotFoundError", 404, "not_found", True],
        "changed": ["ConflictError", 409, "conflict", True],
        "gate": ["UnprocessableEntityError", 422, "gate", True],
        "limited": ["RateLimitError", 429, "rate_limit_exceeded", True],
        "quota": ["RateLimitError", 429, "insufficient_quota", True],
        "damaged": ["InternalServerError", 500, "integrity", True],
        "down": ["InternalServerError", 503, "unavailable", True],
        "late": ["InternalServerError", 504, "provider_timeout", True],
        "field": ["temperature", "invalid_value"],
        "key": [401, "invalid_api_key"],
    }


def test_it_tries_again_where_that_helps_and_only_there(openai_client: Client) -> None:
    found, service = openai_client
    assert found["retries"] == [TEXT, TEXT]
    tried = {name: service.calls[name] for name in ("limited-once", "down-once", "quota-again", "damaged-again")}
    assert tried == {"limited-once": 2, "down-once": 2, "quota-again": 1, "damaged-again": 1}


def test_headers(openai_client: Client) -> None:
    assert openai_client[0]["raw"] == {"release": "r-3f9c2a", "cost": "0.00125", "same": True}


def test_a_stream_that_breaks_is_an_error(openai_client: Client) -> None:
    assert openai_client[0]["broken"] == ["the provider hung up", "unavailable"]


def test_a_stream_that_is_closed_ends_the_call(openai_client: Client) -> None:
    found, service = openai_client
    assert found["cancelled"] == "assistant"
    assert service.left.is_set()


def test_responses(openai_client: Client) -> None:
    assert openai_client[0]["responses"] == {
        "text": TEXT,
        "types": ["reasoning", "message"],
        "status": "completed",
        "tokens": 129,
        "release": "r-3f9c2a",
        "first": ["response.created", "response.in_progress"],
        "last": "response.completed",
    }


def test_responses_with_tools(openai_client: Client) -> None:
    assert openai_client[0]["responses_tools"] == {"calls": CALLS, "last": TEXT, "streamed": CALLS}


def test_responses_as_objects(openai_client: Client) -> None:
    assert openai_client[0]["responses_parsed"] == [90, 90]


def test_what_responses_cannot_do_is_refused(openai_client: Client) -> None:
    refused = dict.fromkeys(["previous_response_id", "store", "background", "tools"], "unsupported_parameter")
    assert openai_client[0]["responses_refused"] == {**refused, "breaks": "unavailable"}


def test_the_asynchronous_client(openai_client: Client) -> None:
    assert openai_client[0]["asynchronous"] == [TEXT, TEXT, "response.completed", [1.0, 0.5, -0.25]]
