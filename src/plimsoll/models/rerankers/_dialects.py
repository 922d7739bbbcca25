"""How servers want to be asked for scores, and how they answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ..providers.openai._reading import NonsenseError

_NONSENSE: Final = "the server sent something that is not a list of scores"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One provider's `/rerank`."""

    base_url: str
    """The usual address."""
    path: str
    key_reference: str | None
    """Name of the environment variable that usually holds the key."""
    body: Callable[[str, str, Sequence[str]], Mapping[str, Any]]
    """Takes the model, the question and the texts."""
    most_texts: int = 500
    """In one call."""


class _Scored(msgspec.Struct):
    index: int
    relevance_score: float | None = None
    score: float | None = None


class _Listed(msgspec.Struct):
    results: list[_Scored] | None = None
    data: list[_Scored] | None = None


def _cohere(model: str, question: str, texts: Sequence[str]) -> Mapping[str, Any]:
    return {"model": model, "query": question, "documents": texts, "top_n": len(texts)}


def _jina(model: str, question: str, texts: Sequence[str]) -> Mapping[str, Any]:
    return {**_cohere(model, question, texts), "return_documents": False}


def _voyage(model: str, question: str, texts: Sequence[str]) -> Mapping[str, Any]:
    return {"model": model, "query": question, "documents": texts, "top_k": len(texts)}


def _tei(_model: str, question: str, texts: Sequence[str]) -> Mapping[str, Any]:
    return {"query": question, "texts": texts, "truncate": True}


DIALECTS: Final[Mapping[str, Dialect]] = {
    "cohere": Dialect("https://api.cohere.com", "/v2/rerank", "COHERE_API_KEY", _cohere),
    "jina": Dialect("https://api.jina.ai", "/v1/rerank", "JINA_API_KEY", _jina),
    "voyage": Dialect("https://api.voyageai.com", "/v1/rerank", "VOYAGE_API_KEY", _voyage),
    # Hugging Face's text-embeddings-inference takes 32 texts in a call unless it was started otherwise.
    "tei": Dialect("http://127.0.0.1:8080", "/rerank", None, _tei, most_texts=32),
    "vllm": Dialect("http://127.0.0.1:8000", "/v1/rerank", None, _jina),
}
"""By the prefix of a reranker's name."""


def read_scores(raw: bytes, count: int) -> list[float]:
    """The scores in the order of the texts. Raises NonsenseError unless there is exactly one for each."""
    try:
        answer = msgspec.json.decode(raw, type=list[_Scored] | _Listed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NonsenseError(_NONSENSE) from None
    scored = (answer.results or answer.data or []) if isinstance(answer, _Listed) else answer
    if sorted(each.index for each in scored) != list(range(count)):
        raise NonsenseError(f"the server sent {len(scored)} scores for {count} texts, or counts them wrongly")
    found = [0.0] * count
    for each in scored:
        value = each.score if each.relevance_score is None else each.relevance_score
        if value is None:
            raise NonsenseError(_NONSENSE)
        found[each.index] = value
    return found
