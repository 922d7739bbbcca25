"""Everything that can be called in an environment, for those who ask what there is."""

from collections.abc import Sequence

from anyio import to_thread

from plimsoll.access.models import AllowedModels

from ._errors import ModelNotFoundError
from ._service import ServedModel, Service


class Catalogue:
    """What the live releases serve. A call itself is resolved below, in the release that answers it."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def served_in(self, environment: str, allowed: AllowedModels | None = None) -> list[ServedModel]:
        """What can be called in one environment now, by id: of it, what `allowed` lets a key use."""
        every = await to_thread.run_sync(self._service.models)
        here = (model for model in every if model.environment == environment)
        usable = (model for model in here if allowed is None or allowed.allows(model.id, model.endpoint))
        return sorted(usable, key=lambda model: model.id)


def choose(name: str, environment: str, served: Sequence[ServedModel]) -> ServedModel:
    """The one of `served` that `name` means, by its id or its short name. Raises ModelNotFoundError."""
    found = next((model for model in served if model.id == name), None)
    found = found or next((model for model in served if model.endpoint == name), None)
    if found is None:
        raise ModelNotFoundError(name, environment, [model.id for model in served])
    return found
