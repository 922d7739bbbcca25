"""Names, kinds and attributes of the spans that we make: OpenTelemetry GenAI conventions, v1.41.1.

Each builder gives a plain dictionary; None is left out. Costs and our own facts begin with `plimsoll.`, because no
convention has a name for them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from plimsoll.kernel.digest import Json

Attributes = dict[str, Json]

CHAT: Final = "chat"
EMBEDDINGS: Final = "embeddings"
RETRIEVAL: Final = "retrieval"
WORKFLOW: Final = "invoke_workflow"
GUARDRAIL: Final = "guardrail"
"""Of ours; the conventions have no operation for it."""
CACHE: Final = "cache"
"""Of ours as well."""

_OLD_NAMES: Final = {
    "gen_ai.provider.name": "gen_ai.system",
    "gen_ai.usage.input_tokens": "gen_ai.usage.prompt_tokens",
    "gen_ai.usage.output_tokens": "gen_ai.usage.completion_tokens",
}
_PROVIDERS: Final = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "xai": "x_ai",
}


def workflow(name: str, *, release: str = "", environment: str = "", surface: str = "") -> Attributes:
    """A whole request, span `invoke_workflow {name}` (internal); without a name where nothing has the one asked for."""
    said: Attributes = {"gen_ai.operation.name": WORKFLOW, "plimsoll.release": release}
    if name:
        said["gen_ai.workflow.name"] = name
    return _with(said, {"plimsoll.environment": environment or None, "plimsoll.surface": surface or None})


def model_call(
    target: str, *, operation: str = CHAT, parameters: Mapping[str, Any] | None = None, outcome: str = "", why: str = ""
) -> Attributes:
    """One attempt at a model, span `chat {model}` (client).

    `target` is `provider/model`; `parameters` are in OpenAI's names.
    """
    provider, _, model = target.partition("/")
    said: Attributes = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": _PROVIDERS.get(provider, provider),
        "gen_ai.request.model": model or provider,
    }
    for name, value in (parameters or {}).items():
        # Callers write what they like, and whatever stands behind the name of a setting is kept as a fact.
        if name in _PARAMETERS and isinstance(value, int | float):
            said[_PARAMETERS[name]] = value
    return _with(said, {"plimsoll.attempt.outcome": outcome or None, "plimsoll.attempt.why": why or None})


def answered(
    model: str, finish_reasons: Sequence[str], *, response_id: str = "", first_chunk_ms: float | None = None
) -> Attributes:
    """What a model call is told when its answer is complete."""
    said: Attributes = {"gen_ai.response.model": model, "gen_ai.response.finish_reasons": list(finish_reasons)}
    if response_id:
        said["gen_ai.response.id"] = response_id
    if first_chunk_ms is not None:
        said["gen_ai.response.time_to_first_chunk"] = round(first_chunk_ms / 1000, 6)
    return said


def usage(input_tokens: int, output_tokens: int, cost_usd: float | None, **details: int) -> Attributes:
    """Tokens and cost. `details`: cached_tokens, cache_write_tokens, reasoning_tokens; those of zero are left out."""
    said: Attributes = {"gen_ai.usage.input_tokens": input_tokens, "gen_ai.usage.output_tokens": output_tokens}
    for name, count in details.items():
        if count:
            said[_DETAILS[name]] = count
    if cost_usd is not None:
        said["plimsoll.cost_usd"] = cost_usd
    return said


def retrieval(source: str, found: Sequence[tuple[str, float]] = ()) -> Attributes:
    """A search, span `retrieval {source}` (client). `found` are ids of passages with their scores."""
    said: Attributes = {"gen_ai.operation.name": RETRIEVAL, "gen_ai.data_source.id": source}
    documents: list[Json] = [{"id": name, "score": score} for name, score in found]
    return _with(said, {"gen_ai.retrieval.documents": documents or None})


def guardrail(policy: str, stage: str, action: str) -> Attributes:
    """A look of a guardrail, span `guardrail {stage}` (internal)."""
    return {
        "gen_ai.operation.name": GUARDRAIL,
        "plimsoll.guardrail.policy": policy,
        "plimsoll.guardrail.stage": stage,
        "plimsoll.guardrail.action": action,
    }


def cache(kind: str, *, hit: bool) -> Attributes:
    """A look into the cache, span `cache {kind}` (internal)."""
    return {"gen_ai.operation.name": CACHE, "plimsoll.cache.kind": kind, "plimsoll.cache.hit": hit}


def with_old_names(attributes: Mapping[str, Json]) -> Attributes:
    """The attributes with the names that conventions up to 1.36 had for some of them beside the new ones."""
    old = {_OLD_NAMES[name]: value for name, value in attributes.items() if name in _OLD_NAMES}
    return {**attributes, **old}


_PARAMETERS: Final = {
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_tokens": "gen_ai.request.max_tokens",
    "n": "gen_ai.request.choice.count",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
}
_DETAILS: Final = {
    "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_write_tokens": "gen_ai.usage.cache_creation.input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
}


def _with(said: Attributes, more: Mapping[str, Json]) -> Attributes:
    for name, value in more.items():
        if value is not None:
            said[name] = value
    return said
