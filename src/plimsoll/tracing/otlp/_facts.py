"""From what instrumentations call things to our one way to say it.

Understood are OpenTelemetry's GenAI conventions up to 1.36 (`gen_ai.system`, `gen_ai.usage.prompt_tokens`, prompts in
`gen_ai.prompt`, messages as events), 1.37 to 1.41 and what came after they moved to a repository of their own, and
OpenInference with its numbered lists. Of several names for one thing the newest counts. Input tokens include cached
ones, output tokens include those of reasoning, as both conventions say; where a sender counts the cached ones apart
(more are cached than went in), they are added.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import DecodeError, json

from plimsoll.kernel.money import PICO_PER_USD

from ._messages import question_in
from ._types import SentSpan, SpanFacts

Attributes = Mapping[str, Any]

_ERROR = 2
_CLIENT = 3
_MOST_TOKENS = 2**40
_MOST_USD = 1000.0
_PREVIEW = 300
_NAME = 200

_STEPS = {
    "chat": "model",
    "text_completion": "model",
    "generate_content": "model",
    "embeddings": "embedding",
    "retrieval": "retrieval",
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "plan": "agent",
    "invoke_workflow": "workflow",
}
_KINDS = {
    "LLM": "model",
    "RETRIEVER": "retrieval",
    "RERANKER": "rerank",
    "CHAIN": "workflow",
    "EVALUATOR": "evaluation",
}
_PROVIDER = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")
_MODEL = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.response.model_name",
    "llm.model_name",
    "llm.request.model_name",
    "embedding.model_name",
    "reranker.model_name",
)
_INPUT = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "llm.usage.prompt_tokens",
)
_OUTPUT = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "llm.usage.completion_tokens",
)
_CACHED = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read",
)
_CACHE_WRITE = (
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
)
_REASONING = (
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
)
_COST = ("plimsoll.cost_usd", "llm.cost.total", "gen_ai.usage.cost")
_USER = ("user.id", "enduser.id")
_ENDPOINT = ("gen_ai.workflow.name", "gen_ai.agent.name", "graph.node.name")
_MARKS_OF_HTTP = ("http.request.method", "http.method")
_MARKS_OF_A_MODEL = ("gen_ai.request.model", "llm.model_name", "gen_ai.system")


def facts_of(span: SentSpan, origin: Attributes) -> SpanFacts:
    """What counts of a span. `origin` says what it has in common with others: `resource`, `scope`."""
    said = span.attributes
    resource = origin.get("resource", {})
    facts = SpanFacts(
        span.id,
        span.parent,
        span.name[:_NAME],
        span.start,
        max(span.start, span.end),
        span.status == _ERROR,
        (span.message or _text(said, ("error.type",)))[:_PREVIEW] if span.status == _ERROR else "",
        step_of(said),
        _text(said, _PROVIDER),
        _text(said, _MODEL),
        user=_text(said, _USER),
        endpoint=_text(said, _ENDPOINT) or (str(resource.get("service.name", ""))[:_NAME] if not span.parent else ""),
        environment=_text(resource, ("deployment.environment.name", "deployment.environment")),
        release=_text(said, ("plimsoll.release",)),
        is_http=span.kind == _CLIENT and any(name in said for name in _MARKS_OF_HTTP),
    )
    _add_usage(facts, said)
    if not span.parent or facts.step == "model":
        facts.question = question_in(span)[:_PREVIEW]
        first = said.get("gen_ai.response.time_to_first_chunk")
        if isinstance(first, int | float) and not isinstance(first, bool) and first >= 0:
            facts.first_ms = first * 1000.0
    return facts


def step_of(said: Attributes) -> str:
    """What kind of step a span is: model, embedding, retrieval, rerank, tool, agent, workflow, …; empty for others."""
    operation = said.get("gen_ai.operation.name")
    if isinstance(operation, str) and operation:
        return _STEPS.get(operation, operation[:_NAME])
    kind = said.get("openinference.span.kind")
    if isinstance(kind, str) and kind:
        return _KINDS.get(kind.upper(), kind.lower()[:_NAME])
    return "model" if any(name in said for name in _MARKS_OF_A_MODEL) else ""


def parse_origin(origin: bytes) -> Attributes:
    """Resource and scope, as the parsers wrote them."""
    try:
        found: Attributes = json.decode(origin)
    except DecodeError:
        return {}
    return found


def _add_usage(facts: SpanFacts, said: Attributes) -> None:
    facts.input_tokens, facts.output_tokens = _tokens(said, _INPUT), _tokens(said, _OUTPUT)
    if not facts.has_usage:
        return
    facts.cached_tokens = _tokens(said, _CACHED) or 0
    facts.cache_write_tokens = _tokens(said, _CACHE_WRITE) or 0
    facts.reasoning_tokens = _tokens(said, _REASONING) or 0
    apart = facts.cached_tokens + facts.cache_write_tokens
    if facts.input_tokens is not None and apart > facts.input_tokens:
        facts.input_tokens += apart
    facts.cost_pico = _cost(said)


def _text(said: Attributes, names: tuple[str, ...]) -> str:
    for name in names:
        value = said.get(name)
        if isinstance(value, str) and value:
            return value[:_NAME]
    return ""


def _tokens(said: Attributes, names: tuple[str, ...]) -> int | None:
    for name in names:
        value = said.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS:
            return value
    return None


def _cost(said: Attributes) -> int | None:
    for name in _COST:
        value = said.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST_USD:
            return round(value * PICO_PER_USD)
    return None
