"""A route as a model of embeddings."""

import random as randomness
import time
from collections.abc import Callable, Sequence

from .._types import Body, CallCosts, EmbeddingModel, Embeddings
from ._call import Call, OnAttempt, Route
from ._order import Random
from ._types import RoutePolicy, Target
from ._whole import Whole
from .health import Health


class RoutedEmbeddingModel:
    """Asks the targets of a route as its policy says. Vectors are never checked, and calls never hedged.

    Vectors of different models do not fit together: name targets that serve the same model.
    """

    def __init__(
        self,
        name: str,
        targets: Sequence[Target[EmbeddingModel]],
        policy: RoutePolicy,
        *,
        health: Health,
        clock: Callable[[], float] = time.monotonic,
        random: Random = randomness.random,
    ) -> None:
        self._route = Route(name, targets, policy, health=health, clock=clock, random=random)
        self._targets = tuple(targets)

    @property
    def name(self) -> str:
        """The model that the route names first."""
        return self._targets[0].name

    @property
    def route(self) -> str:
        """The name of the route."""
        return self._route.name

    def watch(self, on_attempt: OnAttempt) -> None:
        """Tell somebody of every decision, with the name of the route: for metrics. It must not raise."""
        self._route.on_attempt = on_attempt

    async def embed_texts(
        self, inputs: Sequence[str] | Sequence[Sequence[int]], parameters: Body, costs: CallCosts | None = None
    ) -> Embeddings:
        """See EmbeddingModel; `costs` are told what the tries cost."""
        call: Call[EmbeddingModel] = Call(self._route, streams=False, costs=costs)

        async def ask(model: EmbeddingModel) -> Embeddings:
            return await model.embed_texts(inputs, parameters)

        return (await Whole(call, ask, lambda answer: answer.usage).answer()).answer

    async def close(self) -> None:
        """See EmbeddingModel."""
        for target in self._targets:
            await target.model.close()
