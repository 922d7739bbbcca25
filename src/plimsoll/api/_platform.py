"""The platform behind the HTTP door."""

from collections.abc import AsyncGenerator, Sequence

from plimsoll.bootstrap import Platform
from plimsoll.flows.serve import AnswerEvent, Answering, AnswerRequest, endpoint_names
from plimsoll.kernel.errors import PlimsollError
from plimsoll.releases.environments import Environment, EnvironmentMove
from plimsoll.tracing import Trace, TraceSummary

from ._service import ServedModel


class PlatformService:
    """Serves one application of a platform from the live releases of its environments; fills `Service`."""

    def __init__(self, platform: Platform, app: str, declared: Sequence[str]) -> None:
        self._platform = platform
        self._app = app
        self._declared = declared
        self._answering = Answering(platform.serve_parts())

    def check(self, environment: str) -> None:
        """Raise what would keep an environment from answering: nothing live there, or a secret that is not set."""
        live = self._platform.environments.live(self._app, environment)
        self._platform.check_routes(self._platform.releases.manifest(live))

    def stream(self, request: AnswerRequest) -> AsyncGenerator[AnswerEvent]:
        """See `Service.stream`."""
        return self._answering.stream(request)

    async def close(self) -> None:
        """See `Service.close`."""
        await self._answering.close()

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

    def trace(self, trace_id: str) -> Trace:
        """See `Service.trace`."""
        self._platform.recorder.flush()
        return self._platform.traces.get(self._app, trace_id)

    def ready(self) -> str | None:
        """See `Service.ready`."""
        try:
            live = self._platform.environments.environments(self._app)
        except PlimsollError as error:
            return error.message
        if lost := self._platform.recorder.lost:
            return f"{lost} traces could not be written; the log says why"
        return None if live else f"no release of {self._app} is live in any environment"

    def _served(self, place: Environment) -> list[ServedModel]:
        if place.live is None:
            return []
        release = self._platform.releases.release(self._app, place.live)
        return [
            ServedModel(
                id=f"{self._app}/{endpoint}",
                app=self._app,
                endpoint=endpoint,
                created=release.created_at,
                release_name=release.manifest.name,
                environment=place.name,
            )
            for endpoint in endpoint_names(release.manifest)
        ]
