"""What serving is made of: the concrete parts that the composition root hands in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import Struct

from plimsoll.access.limits import Meter
from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import Json
from plimsoll.models import Body, ChatModel
from plimsoll.models.answers import AnswerCache, Lifetimes
from plimsoll.models.predictors import Predictor
from plimsoll.models.prices import Most, Worst
from plimsoll.models.routing import RoutedEmbeddingModel
from plimsoll.registry import Registry
from plimsoll.releases import Releases
from plimsoll.releases.environments import Environments
from plimsoll.retrieval.search import Paraphraser, Retrieval, Scope
from plimsoll.tracing import Recorder


class Within(Struct, frozen=True, gc=False):
    """What of a knowledge base may be searched for a request."""

    groups: tuple[str, ...] | None = ()
    """The groups of who asks, sorted: documents for everybody or for one of them. None finds everything, which is for
    the project's own commands and never for callers."""
    filter: Mapping[str, Any] = {}
    """What the documents must be, as `plimsoll.retrieval.Filter` reads it."""


EVERYTHING = Within(groups=None)


async def nothing_to_close() -> None:
    """For parts that share nothing."""


def _may_hide(_body: Body) -> bool:
    """Of a model nobody knows."""
    return True


class Searcher(Protocol):
    """An open index with everything that searching it needs."""

    async def retrieve(self, question: str, scope: Scope, paraphraser: Paraphraser | None = None) -> Retrieval:
        """The best passages for a question, of the documents that may be searched.

        `paraphraser` puts this one question in other words, in place of what the index was opened with.
        """

    async def close(self) -> None:
        """Give back files, memory and connections. In the loop in which it was searched."""


class OpenIndex(Protocol):
    """Opens indexes."""

    def __call__(self, index: Json, knowledge: Json, variants_by: Json = None, /) -> Searcher:
        """An index, from the contents of its version and of the knowledge version that says how it is searched.

        `variants_by` is the content of a route that puts each question in other words, where no request pays for that.
        """


@dataclass(frozen=True, slots=True)
class Route:
    """A route, ready to be called."""

    name: str
    model: ChatModel | None
    """None where the route makes vectors."""
    worst_case: Callable[[Most], Worst]
    """The tokens of a call that can use so much, and what it can cost; None when a price is unknown."""
    cost_pico: Callable[[int, int, str], int | None]
    """What so many tokens in and out cost in the treatment that a call asked for, where it was cut off; None when the
    price is unknown."""
    serves: tuple[str, ...] = ()
    """Names under which callers may call it as it is."""
    guardrail: str | None = None
    """For those calls."""
    max_output_tokens: int = 8192
    """Of a call that names no bound, where a budget needs one: it is sent along, so that it holds."""
    caching: Lifetimes | None = None
    """For how long its answers are given again; None for never."""
    embedding: RoutedEmbeddingModel | None = None
    """None where the route answers chats."""
    billed: int = 1
    """How many tries `worst_case` covers."""
    hides_output: Callable[[Body], bool] = _may_hide
    """Whether an answer to a call may be billed for more than its stream shows, such as reasoning."""
    names_files: bool = False
    """Whether calls may name what lies in the provider's account, which all callers share."""

    @property
    def asks(self) -> str:
        """The model that it names first."""
        model = self.model or self.embedding
        return "" if model is None else model.name


@dataclass(frozen=True, slots=True)
class ServeParts:
    """Everything that the serving flow needs from outside."""

    registry: Registry
    releases: Releases
    environments: Environments
    recorder: Recorder
    open_index: OpenIndex
    make_route: Callable[[str, Json], Route]
    """A route that can be called, from its name and the content of its version."""
    make_guardrail: Callable[[str, Json, Callable[[str], Json]], Policy]
    """A guardrail, from its name, the content of its version, and what gives the content of the release's routes."""
    make_predictor: Callable[[str, Json], Predictor]
    """A classical model, from its name and the content of its version."""
    count_tokens: Callable[[str], int]
    """Tokens of a text, about; for calls that end without the provider's count."""
    meter: Meter | None = None
    """Budgets and limits; None where nobody is held to any."""
    answers: Callable[[], AnswerCache] | None = None
    """Asked only where a route keeps answers."""
    close: Callable[[], Awaitable[None]] = nothing_to_close
    """Gives back what the parts share, such as connections."""


@dataclass(frozen=True, slots=True)
class Helper:
    """A route that is asked beside the endpoint's own, and what is needed to let whoever asks pay for it."""

    route: Route
    parts: ServeParts
