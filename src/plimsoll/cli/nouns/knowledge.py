"""The noun knowledge: what settings make of a document before anything is built."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plimsoll.kernel.errors import NotFoundError

from .._state import State, json_option
from ..show import chunks as show

if TYPE_CHECKING:
    from plimsoll.documents import LoadSettings
    from plimsoll.flows.preview import PreviewParts
    from plimsoll.models import Embedder
    from plimsoll.project import KnowledgeDefinition
    from plimsoll.retrieval.chunkers import ChunkSettings

READ_TOKENS = {"builtin/minilm": 256}
"""What embedders read of a text at most, where the project does not say."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class KnowledgeMissingError(NotFoundError):
    """The project has no knowledge base of this name."""

    code = "knowledge_missing"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        listed = ", ".join(known)
        super().__init__(
            f"the project has no knowledge base {name}",
            hint=f"its knowledge bases are: {listed}" if known else "write one, such as knowledge/handbook.yaml",
        )


@click.group(short_help="Documents, chunks, refreshes")
def knowledge() -> None:
    """What becomes of documents before they can be found: chunks, indexes, refreshes."""


@knowledge.command("chunks", epilog="Example: plimsoll knowledge chunks lease.pdf --kind structure --compare recursive")
@click.argument("file", type=_FILE)
@click.option("--knowledge", "name", help="As this knowledge base of the project is set.")
@click.option("--kind", help="The kind of chunker; otherwise the knowledge base's, or recursive.")
@click.option("--size", type=click.IntRange(1), help="How large, in the unit of the kind.")
@click.option("--overlap", type=click.IntRange(0), help="How much of a chunk the next one repeats.")
@click.option("--context", type=click.Choice(["none", "headings", "auto"]), help="What is told above each chunk.")
@click.option("--compare", multiple=True, metavar="KIND", help="Also show what this kind makes of it; may be repeated.")
@json_option
def chunks(state: State, *, file: Path, name: str | None, compare: tuple[str, ...], **changes: Any) -> None:
    """Show how FILE is cut into chunks, with their sizes, headings and pages; nothing is built or kept."""
    from plimsoll.flows.preview import preview

    definition = None if name is None else _definition(state, name)
    first = _settings(definition, **changes)
    ways = [first, *(_other(first, kind) for kind in compare)]
    with ExitStack() as opened:
        parts = _parts(state, definition, opened)
        if changes["context"] is not None:
            # Something else is told above each chunk.
            parts = replace(parts, context_by=None)
        found = preview(file, ways, parts, _load(definition))
    state.output.result(show.chunks_json(found), lambda screen: show.chunks(screen, file.name, found))


def _definition(state: State, name: str) -> "KnowledgeDefinition":
    bases = state.project().knowledge
    if name not in bases:
        raise KnowledgeMissingError(name, tuple(bases))
    return bases[name]


def _settings(definition: "KnowledgeDefinition | None", *, kind: str | None, **changes: Any) -> "ChunkSettings":
    """What the knowledge base says, or what is usual for the kind, with the changes."""
    from plimsoll.flows.preview import changed
    from plimsoll.retrieval.chunkers import ChunkSettings, check_chunker_name

    settings = ChunkSettings() if definition is None else definition.chunk.settings()
    if kind is not None and kind != settings.kind:
        check_chunker_name(kind)
        settings = ChunkSettings.of_kind(kind)
    return changed(settings, **changes)


def _other(first: "ChunkSettings", kind: str) -> "ChunkSettings":
    """Another kind with its own usual sizes."""
    from plimsoll.flows.preview import changed
    from plimsoll.retrieval.chunkers import ChunkSettings, check_chunker_name

    check_chunker_name(kind)
    return changed(ChunkSettings.of_kind(kind), context=first.context)


def _parts(state: State, definition: "KnowledgeDefinition | None", opened: ExitStack) -> "PreviewParts":
    from plimsoll.flows.preview import PreviewParts
    from plimsoll.models.catalogue import EMBEDDERS, make_embedder

    if definition is None:
        return PreviewParts(lambda: make_embedder(EMBEDDERS[0]))
    embed = definition.embed

    def of_project() -> "Embedder":
        return opened.enter_context(state.platform(state.project_root())).embedder(embed.settings())

    reads_tokens = embed.max_tokens or READ_TOKENS.get(embed.model)
    return PreviewParts(of_project, reads_tokens, definition.chunk.context_by)


def _load(definition: "KnowledgeDefinition | None") -> "LoadSettings":
    from plimsoll.documents import LoadSettings

    if definition is None:
        return LoadSettings()
    given = definition.load
    return LoadSettings(
        ocr=given.ocr,
        ocr_languages=tuple(given.ocr_languages),
        max_file_mb=given.max_file_mb,
        max_pages=given.max_pages,
    )


COMMANDS: tuple[click.Command, ...] = (knowledge,)
