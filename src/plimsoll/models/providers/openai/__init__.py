"""Any server that speaks OpenAI's form: OpenAI, Azure, vLLM, Ollama, llama.cpp and most others.

Here: the request (`_request`), the stream and whole answers (`_reading`), usage (`_usage`), the meaning of refusals
(`_refusals`), chat (`_chat`) and vectors (`_embeddings`). Not here: how bytes travel (`plimsoll.http`), and whether a
call is tried again (`plimsoll.models.routing`).
"""

from ._chat import OpenAIChatModel, Traits
from ._embeddings import OpenAIEmbeddingModel

__all__ = ["OpenAIChatModel", "OpenAIEmbeddingModel", "Traits"]
