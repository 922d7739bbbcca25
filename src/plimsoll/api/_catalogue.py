"""Which endpoint a caller means by `model`."""

from collections.abc import Sequence

from anyio import to_thread

from ._errors import ModelAmbiguousError, ModelNotFoundError
from ._service import ServedModel, Service


class Catalogue:
    """The served endpoints, read from the service only when a name is not known yet.

    A name that was served once is passed on without asking: the service itself chooses the release for each request,
    and says so when nothing is live any more.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: dict[tuple[str, str], ServedModel] = {}

    async def served_in(self, environment: str) -> list[ServedModel]:
        """What can be called in one environment now, by id."""
        every = await to_thread.run_sync(self._service.models)
        self._known = {(model.environment, model.id): model for model in every}
        return sorted((model for model in every if model.environment == environment), key=lambda model: model.id)

    async def resolve(self, name: str, environment: str) -> ServedModel:
        """The endpoint called `name`: `app/endpoint`, or `endpoint` alone where only one application serves it.

        Raises ModelNotFoundError and ModelAmbiguousError.
        """
        known = self._known.get((environment, name))
        return known or choose(name, environment, await self.served_in(environment))


def choose(name: str, environment: str, served: Sequence[ServedModel]) -> ServedModel:
    """The one of `served` that `name` means; raises as `Catalogue.resolve` does."""
    found = [model for model in served if model.id == name] or [model for model in served if model.endpoint == name]
    if not found:
        raise ModelNotFoundError(name, environment, [model.id for model in served])
    if len(found) > 1:
        raise ModelAmbiguousError(name, [model.id for model in found])
    return found[0]
