"""One table from errors to statuses, and both companies' envelopes."""

import json
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from starlette.exceptions import HTTPException

from plimsoll.access import KeyUnknownError
from plimsoll.api._errors import BodyTimeoutError, BodyTooLargeError, FieldError, MediaTypeError, WrongKeyError
from plimsoll.api._problems import Problem, problem_from
from plimsoll.api.load import OverloadedError
from plimsoll.kernel.errors import (
    BlockedError,
    BudgetError,
    ConflictError,
    DeniedError,
    GateError,
    IntegrityError,
    NotFoundError,
    PlimsollError,
    UnavailableError,
)


def leaf(family: type[PlimsollError], code: str) -> Any:
    """A class of errors as a room would have it."""
    return type("LeafError", (family,), {"code": code})


RATE = leaf(BudgetError, "rate_limit_exceeded")
PRICE = leaf(BudgetError, "price_unknown")
TIMEOUT = leaf(UnavailableError, "provider_timeout")
BUSY = leaf(UnavailableError, "rate_limit_exceeded")
QUOTA = leaf(UnavailableError, "provider_quota")

CASES: list[tuple[Exception, int, str, dict[str, str]]] = [
    (FieldError("n", "too large"), 400, "invalid_value", {}),
    (BlockedError("a guardrail said no"), 400, "content_filter", {}),
    (WrongKeyError(given=True), 401, "invalid_api_key", {}),
    (KeyUnknownError(), 401, "key_unknown", {}),
    (DeniedError("no"), 403, "denied", {}),
    (PRICE("no price"), 403, "price_unknown", {"x-should-retry": "false"}),
    (NotFoundError("nothing"), 404, "not_found", {}),
    (BodyTimeoutError(20), 408, "request_timeout", {}),
    (ConflictError("changed"), 409, "conflict", {}),
    (BodyTooLargeError(10), 413, "request_too_large", {}),
    (MediaTypeError(""), 415, "unsupported_media_type", {}),
    (GateError("not reached"), 422, "gate", {}),
    (BudgetError("used up"), 429, "insufficient_quota", {"x-should-retry": "false"}),
    (
        BudgetError("used up", retry_after_s=3600),
        429,
        "insufficient_quota",
        {"x-should-retry": "false", "retry-after": "3600", "retry-after-ms": "3600000"},
    ),
    (RATE("slower", retry_after_s=0.25), 429, "rate_limit_exceeded", {"retry-after": "1", "retry-after-ms": "250"}),
    (RATE("never fits"), 429, "rate_limit_exceeded", {"x-should-retry": "false"}),
    (OverloadedError("full", retry_after_s=1.5), 429, "overloaded", {"retry-after": "2", "retry-after-ms": "1500"}),
    (BUSY("busy", retry_after_s=7), 429, "rate_limit_exceeded", {"retry-after": "7", "retry-after-ms": "7000"}),
    (IntegrityError("damaged"), 500, "integrity", {"x-should-retry": "false"}),
    (RuntimeError("secret"), 500, "server_error", {}),
    (QUOTA("the account is used up"), 503, "provider_quota", {"x-should-retry": "false"}),
    (UnavailableError("down"), 503, "unavailable", {"retry-after": "1"}),
    (TIMEOUT("late"), 504, "provider_timeout", {"retry-after": "1"}),
    (HTTPException(405), 405, "method_not_allowed", {}),
]


@pytest.mark.parametrize(("error", "status", "code", "headers"), CASES)
def test_the_table(error: Exception, status: int, code: str, headers: dict[str, str]) -> None:
    problem = problem_from(error, request_id="r1")
    assert (problem.status, problem.code, problem.headers) == (status, code, headers)
    told = json.loads(problem.to_json())["error"]
    assert set(told) == {"message", "type", "param", "code"}
    assert told["code"] == code
    assert "secret" not in told["message"]


ANTHROPIC = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
}


@pytest.mark.parametrize("error", [case[0] for case in CASES if case[1] in ANTHROPIC])
def test_anthropics_envelope(error: Exception) -> None:
    problem = problem_from(error, request_id="r1")
    told = json.loads(problem.to_anthropic())
    expected = "billing_error" if problem.code == "insufficient_quota" else ANTHROPIC[problem.status]
    assert (told["type"], told["error"]["type"], told["request_id"]) == ("error", expected, "r1")


def _raised_by_openai(problem: Problem) -> Exception:
    response = httpx2.Response(problem.status, content=problem.to_json(), request=httpx2.Request("POST", "http://x"))
    with openai.OpenAI(api_key="k", base_url="http://x") as client:
        return client._make_status_error_from_response(response)


def _raised_by_anthropic(problem: Problem) -> Exception:
    response = httpx2.Response(
        problem.status, content=problem.to_anthropic(), request=httpx2.Request("POST", "http://x")
    )
    with anthropic.Anthropic(api_key="k", base_url="http://x") as client:
        return client._make_status_error_from_response(response)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (409, "ConflictError"),
        (422, "UnprocessableEntityError"),
        (429, "RateLimitError"),
    ],
)
def test_the_official_clients_raise_the_right_class(status: int, name: str) -> None:
    [problem, *_] = [found for error, *_ in CASES if (found := problem_from(error, request_id="r1")).status == status]
    assert type(_raised_by_openai(problem)).__name__ == name
    assert type(_raised_by_anthropic(problem)).__name__ == name
    assert getattr(_raised_by_openai(problem), "code", None) == problem.code
