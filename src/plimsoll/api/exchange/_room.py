"""What every call needs of the door, and what happens around each of them."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

from anyio import CapacityLimiter
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from plimsoll.access import Acting
from plimsoll.access.models import ModelForbiddenError
from plimsoll.flows.serve import AnswerRequest, Caller, EndpointMissingError, Surface
from plimsoll.releases import NothingLiveError
from plimsoll.tracing.traceparent import parse_traceparent

from .._dialect import Asked
from .._edge import let_go
from .._errors import ClientGoneError, ModelNotFoundError
from .._metrics import Measurement, Metrics
from .._problems import CLIENT_GONE_STATUS, status_of
from .._service import Service
from .._settings import ApiSettings
from ..admission import Sent, acting_of
from ..load import Bodies, Held, LoadGate, Permit
from ._body import read_json
from ._caller import USER_HEADER, user_from
from ._within import within_of

ENVIRONMENT_HEADER: Final = b"x-plimsoll-environment"
_KEY: Final = "key:"
_HELD: Final = "held"
_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class Room:
    """What every call needs of the door."""

    service: Service
    settings: ApiSettings
    metrics: Metrics
    gate: LoadGate
    bodies: Bodies
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_THREADS))
    """For what is worked out here, and not by a model: it would keep the event loop from everybody else."""

    def read(self, scope: Scope, receive: Receive) -> Awaitable[bytes]:
        """The body of a request; what is held of it is given back at the end of the call.

        Raises MediaTypeError, BodyTooLargeError, OverloadedError, and Starlette's ClientDisconnect.
        """

        def hold() -> Held:
            held = scope["state"][_HELD] = self.bodies.of(_tenant(acting_of(scope)))
            return held

        return read_json(Sent.of(scope), receive, self.settings.max_body_bytes, hold)

    def admit(self, request: AnswerRequest) -> Permit:
        """A place among the requests in flight, to be given back. Raises OverloadedError.

        One tenant is a team, or an actor without one.
        """
        return self.gate.enter(_tenant(request.caller))

    @contextmanager
    def admitted(self, request: AnswerRequest) -> Iterator[None]:
        """The same as a block, in which what is not served becomes a ModelNotFoundError."""
        permit = self.admit(request)
        try:
            yield
        except (EndpointMissingError, NothingLiveError) as error:
            raise not_served(request, error) from error
        finally:
            permit.leave()


def _tenant(who: Acting | Caller) -> str:
    return who.team or who.actor


def not_served(request: AnswerRequest, error: EndpointMissingError | NothingLiveError) -> ModelNotFoundError:
    """What a caller is told who asks for something that is not there."""
    if isinstance(error, NothingLiveError):
        return ModelNotFoundError(request.target, request.environment, ())
    lacks = "classical model" if request.surface == "predict" else "endpoint and no served route for such a call"
    return ModelNotFoundError(request.target, request.environment, error.known, lacks=lacks)


def check_may_use(acting: Acting, *names: str) -> None:
    """Hold a call that no release answers to the models of its key. Raises ModelForbiddenError for the first name."""
    if acting.models is not None and not acting.models.allows(*names):
        raise ModelForbiddenError(names[0], ())


Arrived = tuple[Scope, Sent, int]
"""What a request came as: its scope, its headers, and how long its body is."""


class Measured(ABC):
    """An ASGI application that answers one kind of call, and counts how each ended."""

    def __init__(self, room: Room) -> None:
        self.room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        measured = Measurement(self.room.metrics)
        status = CLIENT_GONE_STATUS
        try:
            status = await self.respond(scope, receive, send, measured)
        except (ClientGoneError, ClientDisconnect) as gone:
            let_go(gone)
        except Exception as error:
            status = status_of(error)
            raise
        finally:
            measured.end(status)
            held = scope["state"].get(_HELD)
            if held is not None:
                held.leave()

    @abstractmethod
    async def respond(self, scope: Scope, receive: Receive, send: Send, measured: Measurement) -> int:
        """Answer one request; the status to count. Raises errors of the kernel's families."""


def request_for(
    asked: Asked, arrived: Arrived, room: Room, *, surface: Surface, measured: Measurement
) -> AnswerRequest:
    """What the platform is asked. Raises FieldError for headers that cannot be read, and RightMissingError."""
    scope, sent, size_bytes = arrived
    app, acting = room.service.app, acting_of(scope)
    environment = sent.text(ENVIRONMENT_HEADER) or room.settings.default_environment
    return AnswerRequest(
        app=app,
        target=asked.target,
        body=asked.body,
        environment=environment,
        caller=_caller(acting, asked, sent),
        within=within_of(acting, sent),
        size_bytes=size_bytes,
        surface=surface,
        fresh=_freshness(sent),
        joined=_joined(sent),
        found=partial(measured.serving, app=app, environment=environment),
    )


def _joined(sent: Sent) -> str:
    """The caller's own trace, where it names it (W3C Trace Context)."""
    given = sent.headers.get(b"traceparent")
    parent = None if given is None else parse_traceparent(given.decode("latin-1"))
    return "" if parent is None else parent.joined


def _freshness(sent: Sent) -> Literal["", "no-cache", "no-store"]:
    """What `Cache-Control` says (RFC 9111, section 5.2.1); other directives mean nothing here."""
    if b"cache-control" not in sent.headers:
        return ""
    said = sent.text(b"cache-control").lower()
    return "no-store" if "no-store" in said else "no-cache" if "no-cache" in said else ""


def _caller(acting: Acting, asked: Asked, sent: Sent) -> Caller:
    """Who calls, and for whom."""
    via = acting.via
    key = via[len(_KEY) :] if via.startswith(_KEY) else ""
    user = user_from(asked.users, sent) if asked.users or USER_HEADER in sent.headers else ""
    at = (acting.actor, acting.team, acting.project)
    name = acting.name if acting.actor else ""
    return Caller(*at, user, key, acting.models, acting.replaced, name)
