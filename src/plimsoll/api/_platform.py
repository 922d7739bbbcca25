"""The platform behind the HTTP door."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, cast

from plimsoll.access import Acting
from plimsoll.access.limits import Budget, WindowUse
from plimsoll.bootstrap import Platform
from plimsoll.flows.guard import Desk, GuardDesk
from plimsoll.flows.serve import Answer, AnswerEvent, Answering, AnswerRequest, Predictions, Vectors, served_names
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import PlimsollError
from plimsoll.releases import Manifest, NothingLiveError
from plimsoll.releases.environments import Environment, EnvironmentMove
from plimsoll.tracing import (
    CostLine,
    DaySummary,
    Trace,
    TraceFilter,
    TraceMissingError,
    TracePage,
    TraceSummary,
)
from plimsoll.tracing.feedback import Feedback, Judgement
from plimsoll.tracing.received import Shipment

from ._service import Gives, ServedModel


class PlatformService:
    """Serves one application of a platform from the live releases of its environments; fills `Service`."""

    def __init__(self, platform: Platform, app: str, declared: Sequence[str]) -> None:
        self._platform = platform
        self._app = app
        self._declared = declared
        self._answering = Answering(platform.serve_parts(metered=True))
        self._able: set[Digest] = set()
        self._desk = Desk(platform.guard_parts)

    def check(self, environment: str) -> None:
        """Raise what would keep an environment from answering: nothing live there, or a secret that is not set.

        The candidate is asked like the live release: it answers a share of the traffic.
        """
        places = self._platform.environments.environments(self._app)
        place = next((place for place in places if place.name == environment), None)
        if place is None:
            raise NothingLiveError(self._app, environment)
        self._check_releases(place)

    @property
    def app(self) -> str:
        """See `Service.app`."""
        return self._app

    @property
    def guardrails(self) -> GuardDesk:
        """See `Service.guardrails`."""
        return self._desk

    def stream(self, request: AnswerRequest) -> AsyncGenerator[AnswerEvent]:
        """See `Service.stream`."""
        return self._answering.stream(request)

    async def answer(self, request: AnswerRequest) -> Answer:
        """See `Service.answer`."""
        return await self._answering.answer(request)

    async def embed(self, request: AnswerRequest) -> Vectors:
        """See `Service.embed`."""
        return await self._answering.embed(request)

    async def close(self) -> None:
        """See `Service.close`."""
        await self._answering.close()

    async def predict(self, request: AnswerRequest) -> Predictions:
        """See `Service.predict`."""
        return await self._answering.predict(request)

    async def count(self, request: AnswerRequest) -> None:
        """See `Service.count`."""
        await self._answering.count(request)

    def feedback(self, given: Feedback, team: str = "") -> None:
        """See `Service.feedback`."""
        self._platform.recorder.flush()
        trace = self._platform.traces.get(self._app, given.trace)
        if team and trace.team not in ("", team):
            raise TraceMissingError(given.trace)
        self._platform.feedback.keep(given, trace.environment)

    def submit(self, shipment: Shipment, size_bytes: int) -> "Future[Any]":
        """See `Service.submit`."""
        return self._platform.recorder.submit(shipment, size_bytes)

    async def start(self) -> None:
        """See `Service.start`."""
        await self._answering.start()

    def models(self) -> Sequence[ServedModel]:
        """See `Service.models`."""
        return [model for place in self._platform.environments.environments(self._app) for model in self._served(place)]

    def environments(self) -> Sequence[Environment]:
        """See `Service.environments`."""
        live = {place.name: place for place in self._platform.environments.environments(self._app)}
        nothing = {name: Environment(self._app, name, None, "", None, "") for name in self._declared}
        return list((nothing | live).values())

    def moves(self, limit: int) -> Sequence[EnvironmentMove]:
        """See `Service.moves`."""
        return self._platform.environments.moves(self._app, limit=limit)[::-1]

    def recent_traces(self, limit: int) -> Sequence[TraceSummary]:
        """See `Service.recent_traces`."""
        self._platform.recorder.flush()
        return self._platform.traces.latest(self._app, limit)

    def requests(self, wanted: TraceFilter, *, limit: int, after: str = "") -> TracePage:
        """See `Service.requests`."""
        self._platform.recorder.flush()
        return self._platform.traces.page(self._app, wanted, limit=limit, after=after)

    def judgements(self, trace_id: str) -> Sequence[Judgement]:
        """See `Service.judgements`."""
        return self._platform.feedback.of_trace(trace_id)

    def usage_day(self, day: datetime) -> DaySummary:
        """See `Service.usage_day`."""
        return self._platform.traces.day(self._app, day)

    def used(self, by: Literal["endpoint", "model"], since: datetime) -> Sequence[CostLine]:
        """See `Service.used`."""
        return self._platform.traces.costs(self._app, by, since=since, until=utc_now())

    def budgets(self) -> Sequence[Budget]:
        """See `Service.budgets`."""
        return self._platform.budgets_in_force()

    def windows(self, now: datetime) -> Sequence[WindowUse]:
        """See `Service.windows`."""
        return self._platform.consumption.windows(self._app, now)

    def trace(self, trace_id: str) -> Trace:
        """See `Service.trace`."""
        self._platform.recorder.flush()
        return self._platform.traces.get(self._app, trace_id)

    def names(self, actors: Iterable[str]) -> Mapping[str, str]:
        """See `Service.names`. Nothing is kept: whoever is erased must be gone from the next page."""
        return self._platform.ledger.names({actor for actor in actors if actor})

    def any_key(self) -> bool:
        """See `Service.any_key`."""
        return self._platform.access.any_key()

    def authenticate(self, key: str) -> Acting:
        """See `Service.authenticate`."""
        return self._platform.access.authenticate(key, utc_now())

    def ready(self) -> str | None:
        """See `Service.ready`: one environment must be able to answer, with its live release and its candidate."""
        try:
            places = self._platform.environments.environments(self._app)
        except PlimsollError as error:
            return error.message
        reasons = [self._unable(place) for place in places]
        if None in reasons:
            return None
        return next(iter(reasons), f"no release of {self._app} is live in any environment")

    def warning(self) -> str | None:
        """See `Service.warning`: a call never waits for its trace, so it is answered without."""
        trouble = self._platform.recorder.trouble
        if trouble:
            return f"traces cannot be written: {trouble}"
        # Strangers may read this, so nothing is named.
        changed = "an embedder is not what it was when its index was made; `plimsoll knowledge status` says which"
        return changed if self.changed_embedders() else None

    def changed_embedders(self) -> int:
        """See `Service.changed_embedders`; none where that cannot be read now."""
        with suppress(PlimsollError):
            watch = self._platform.embedder_watch()
            last = watch.last()
            # Only where something was found is it asked whether that is live still.
            current = watch.current() if last and last.findings else ()
            return sum(check.verdict == "changed" for check in current)
        return 0

    def lost_traces(self) -> int:
        """See `Service.lost_traces`."""
        return self._platform.traces.lost(self._app)

    def _unable(self, place: Environment) -> str | None:
        """Why an environment cannot answer, in words that strangers may read."""
        try:
            self._check_releases(place)
        except PlimsollError as error:
            return f"{place.name} cannot answer ({error.code}); `plimsoll status` says why"
        return None

    def _check_releases(self, place: Environment) -> None:
        """Raise what keeps the live release or the candidate from answering; once able, a release stays able."""
        for digest in (place.live, place.candidate):
            if digest is not None and digest not in self._able:
                self._platform.check_routes(self._platform.releases.manifest(digest))
                self._able.add(digest)

    def _served(self, place: Environment) -> list[ServedModel]:
        if place.live is None:
            return []
        release = self._platform.releases.release(self._app, place.live)
        embedding = self._embedding(release.manifest)
        return [
            ServedModel(
                id=called,
                app=self._app,
                endpoint=name,
                created=release.created_at,
                release_name=release.manifest.name,
                environment=place.name,
                gives=embedding.get(called) or self._gives(release.manifest, name),
            )
            for name, called in served_names(release.manifest, self._platform.registry).items()
        ]

    def _gives(self, manifest: Manifest, endpoint: str) -> Gives:
        digest = manifest.artifacts.get(f"endpoint:{endpoint}")
        content = {} if digest is None else cast("dict[str, Any]", self._platform.registry.content(digest))
        return "predict" if content.get("kind") == "predict" else "chat"

    def _embedding(self, manifest: Manifest) -> dict[str, Gives]:
        """The names under which routes are served that make vectors."""
        digests = [digest for key, digest in manifest.artifacts.items() if key.startswith("route:")]
        contents = [cast("dict[str, Any]", self._platform.registry.content(digest)) for digest in digests]
        return {name: "embeddings" for content in contents if content.get("embeds") for name in content["serves"]}
