"""Models of a route, each with a client of its own that ends with it: nothing stays open after a test."""

from collections.abc import AsyncGenerator

from plimsoll.http import Client
from plimsoll.models import ChatEnd, ChatModel, ChatRequest, Chunks, Completion
from plimsoll.models.catalogue import RouteSettings, make_chat_model, make_embedder


class ClosingModel:
    """A model that closes the client that was made for it."""

    def __init__(self, settings: RouteSettings) -> None:
        self._client = Client()
        self._model: ChatModel = make_chat_model(
            settings, embedder=make_embedder("builtin/static"), client=self._client
        )

    @property
    def name(self) -> str:
        return self._model.name

    async def complete(self, request: ChatRequest) -> Completion:
        return await self._model.complete(request)

    def stream(self, request: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        return self._model.stream(request)

    async def close(self) -> None:
        await self._client.close()
