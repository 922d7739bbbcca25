"""What the commands of datasets hand to the flows."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.datasets import Row
    from plimsoll.flows.dataset.documents import DocumentReport, DocumentWish
    from plimsoll.flows.dataset.traces import TraceParts
    from plimsoll.project import Project

Advance = Callable[[str, int, int], None]

_READER = "builtin/reader"
_STATIC = "builtin/static"


def trace_parts(platform: "Platform", advance: Advance) -> "TraceParts":
    """For rows from traces."""
    from plimsoll.flows.dataset.traces import TraceParts

    guarding = platform.guard_parts()

    def marks(since: datetime) -> Mapping[str, Sequence[str]]:
        said: dict[str, list[str]] = defaultdict(list)
        for mark in guarding.marks.all(platform.app, since=since):
            said[mark.about.trace].append(mark.said)
        return said

    return TraceParts(
        app=platform.app,
        traces=platform.traces,
        flush=guarding.flush,
        feedback=platform.feedback.of_trace,
        marks=marks,
        embed=lambda texts: platform.embedder(_STATIC).embed(texts),
        require=platform.require,
        on_progress=advance,
    )


def rows_of_version(platform: "Platform", name: str) -> "tuple[Row, ...]":
    """The rows of a version of a dataset: `ask@3`, `ask@LABEL`, or `ask@` for the newest.

    Raises NotFoundError, and RowInvalidError for labelled texts.
    """
    from plimsoll.datasets import Row

    version = platform.labels.resolve(platform.app, f"dataset:{name.removesuffix('@')}")
    content = cast("dict[str, Any]", platform.registry.content(version.digest))
    return tuple(Row.from_json(row) for row in content["rows"])


async def make(
    project: "Project",
    knowledge: str,
    wish: "DocumentWish",
    platform: "Platform",
    by: tuple[str | None, Advance],
) -> "DocumentReport":
    """Questions from documents; `by` is the route that writes them, if any, and who is told how far it is."""
    from plimsoll.flows.dataset.documents import DocumentParts, asker, documents_of, from_documents, served_name
    from plimsoll.project.schemas import RouteDefinition

    route, advance = by
    building = platform.build_parts(lambda *_: None)
    reader = RouteDefinition.model_validate({"model": _READER}).content()
    async with AsyncExitStack() as stack:
        ask = None
        if route is not None:
            name = served_name(project, route)
            draft = platform.releases.working_draft(platform.app)
            asking = asker(draft, name, platform.caller, platform.serve_parts(metered=True))
            ask = await stack.enter_async_context(asking)
        parts = DocumentParts(
            documents=documents_of(knowledge, project, building),
            open_reader=partial(building.open_route, "reader", reader),
            ask=ask,
            on_progress=advance,
        )
        return await from_documents(wish, parts)
