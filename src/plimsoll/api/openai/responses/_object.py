"""The `response` object: what was asked, said again, and what came out."""

from dataclasses import dataclass
from typing import Any, Final

from plimsoll.flows.serve import AnswerDone, AnswerStarted
from plimsoll.models import Usage

from ..._problems import Problem
from ...wire import facts

_INCOMPLETE: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}
_SAID_AGAIN: Final = (
    "instructions", "max_output_tokens", "max_tool_calls", "prompt_cache_key", "prompt_cache_retention",
    "safety_identifier", "service_tier", "temperature", "top_logprobs", "top_p", "user",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Echo:
    """What the answer says again of the request."""

    given: dict[str, Any]
    seals_thinking: bool = False
    """Whether the caller wants signed thoughts, to send them back."""


class ResponseObject:
    """The object in each of its states."""

    def __init__(self, started: AnswerStarted, model: str, created: int, echo: Echo) -> None:
        given = echo.given
        reasoning, text = given.get("reasoning") or {}, given.get("text") or {}
        self._started = started
        self._created = created
        self._constant = {
            "id": f"resp_{started.trace_id}",
            "object": "response",
            "created_at": created,
            "background": False,
            "model": model,
            "store": False,
            "previous_response_id": None,
            "truncation": "disabled",
            **{name: given.get(name) for name in _SAID_AGAIN},
            "metadata": given.get("metadata") or {},
            "parallel_tool_calls": given.get("parallel_tool_calls") is not False,
            "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
            "text": {"format": {"type": "text"}, **text},
            "tool_choice": given.get("tool_choice") or "auto",
            "tools": [{"parameters": None, "strict": None, **tool} for tool in given.get("tools") or ()],
        }

    def begun(self) -> dict[str, Any]:
        """As it is before anything came."""
        return self._with("in_progress", ())

    def ended(self, done: AnswerDone, output: tuple[Any, ...]) -> dict[str, Any]:
        """As it is when the model has ended: `completed`, or `incomplete` with its reason."""
        reason = _INCOMPLETE.get(done.finish_reason)
        return self._with("incomplete" if reason else "completed", output) | {
            "incomplete_details": {"reason": reason} if reason else None,
            "completed_at": None if reason else self._created + int(done.latency_ms / 1000),
            "usage": _usage(done.usage),
            "plimsoll": facts(self._started, done),
        }

    def failed(self, problem: Problem, output: tuple[Any, ...]) -> dict[str, Any]:
        """As it is when something broke; the API knows few codes here."""
        code = problem.code if problem.code in {"rate_limit_exceeded", "server_error"} else "server_error"
        return self._with("failed", output) | {"error": {"code": code, "message": problem.whole_message}}

    def _with(self, status: str, output: tuple[Any, ...]) -> dict[str, Any]:
        nothing = {"completed_at": None, "error": None, "incomplete_details": None, "usage": None}
        return {**self._constant, **nothing, "status": status, "output": output}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": usage.cache_write_tokens},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
