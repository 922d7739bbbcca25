"""The answer cache, for one call."""

from collections.abc import Callable
from typing import Literal

from plimsoll.models import Body, ChatEnd, Chunks, Completion
from plimsoll.models.answers import AnswerCache, Scope

from ._events import AnswerRequest
from ._merged import merged
from ._record import RequestRecord
from ._runtime import Target


class CallCache:
    """Finds the answer of a call, and keeps the one that is made; does nothing where the route keeps none.

    A tenant is a team, or an actor without one, and the person for whom it asks where one is named: nobody sees again
    what was answered to another. Where nobody is known, all callers are one tenant.
    """

    def __init__(
        self, answers: Callable[[], AnswerCache] | None, request: AnswerRequest, target: Target, record: RequestRecord
    ) -> None:
        self.hit: Literal["", "exact", "semantic"] = ""
        self._answers = answers() if answers is not None and target.route.caching is not None else None
        self._lifetimes = target.route.caching
        self._record = record
        self._fresh = request.fresh
        self._pieces: list[Chunks] = []
        if self._answers is not None:
            knowledge = target.knowledge
            self._scope = Scope(
                tenant=tenant_of(request),
                release=record.release,
                route=f"{target.name}/{target.route.name}",
                index="" if knowledge is None else knowledge.version,
            )

    async def find(self, body: Body) -> Completion | None:
        """The answer that is kept, or None."""
        if self._answers is None or self._lifetimes is None or self._fresh:
            return None
        with self._record.span("cache") as step:
            found = await self._answers.find(self._scope, body, self._lifetimes)
            step.attributes["plimsoll.cache.hit"] = "" if found is None else found.kind
            if found is None:
                return None
            step.attributes["plimsoll.cache.similarity"] = found.similarity
            step.attributes["plimsoll.cache.age_s"] = found.age_s
        self.hit = found.kind
        self._record.cached = found.kind
        return found.completion

    def keep(self, body: Body, completion: Completion) -> None:
        """Keep a whole answer."""
        if self._answers is not None and self._lifetimes is not None and self._fresh != "no-store":
            self._answers.keep(self._scope, body, completion, self._lifetimes)

    def saw(self, chunks: Chunks) -> None:
        """Collect what is streamed."""
        if self._answers is not None:
            self._pieces.append(chunks)

    def keep_stream(self, body: Body, end: ChatEnd) -> None:
        """Keep the answer that was streamed to its end."""
        if self._answers is not None:
            self.keep(body, Completion(merged(self._pieces), end))


def tenant_of(request: AnswerRequest) -> str:
    """Who may see this answer again."""
    caller = request.caller
    owner = f"team:{caller.team}" if caller.team else f"actor:{caller.actor}"
    return f"{owner}/{caller.user}"
