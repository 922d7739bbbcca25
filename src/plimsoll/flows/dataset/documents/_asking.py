"""Asking a route of the project for questions, as any caller does: held to the same budgets, and recorded."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import InvalidError
from plimsoll.project import Project
from plimsoll.releases import Manifest
from plimsoll.tracing import EVALUATION

from ...serve import Answering, AnswerRequest, Caller
from ...serve.parts import ServeParts
from ._model import Ask


class RouteUnservedError(InvalidError):
    """A route cannot be called by itself."""

    code = "route_unserved"

    def __init__(self, route: str, *, there: bool) -> None:
        what = "serves no name, and so cannot be called" if there else "is not in the project"
        super().__init__(
            f"the route {route[:100]!a} {what}",
            hint="name a route of routes/ that has `serves: [a-name]`, and run `plimsoll build`",
        )


def served_name(project: Project, route: str) -> str:
    """The name under which a route is called. Raises RouteUnservedError."""
    definition = project.routes.get(route)
    if definition is None or not definition.serves:
        raise RouteUnservedError(route, there=definition is not None)
    return definition.serves[0]


@asynccontextmanager
async def asker(draft: Manifest, name: str, caller: Caller, parts: ServeParts) -> AsyncIterator[Ask]:
    """What asks a served name of a build; with a meter in `parts` the caller pays. Raises what starting raises."""
    answering = Answering(parts)

    async def ask(call: Mapping[str, Json]) -> str:
        request = AnswerRequest(
            draft.app, name, dict(call), environment=EVALUATION, release=draft.digest, caller=caller
        )
        return (await answering.answer(request)).done.text

    try:
        await answering.start()
        yield ask
    finally:
        await answering.close()
