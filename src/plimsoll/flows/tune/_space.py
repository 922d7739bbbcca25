"""What may be tried: one line for each setting. A new setting of a project file is one more line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from plimsoll.project import KnowledgeDefinition
from plimsoll.retrieval.chunkers import KINDS

from ._types import Settings, Value

_FACTORS: Final = (0.5, 0.75, 1.0, 1.5, 2.0)
_OVERLAPS: Final = (0.0, 0.1, 0.2, 0.3)
_WEIGHTS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

Chosen = dict[str, Value]


def always(_chosen: Chosen) -> bool:
    """For settings that matter whatever else is chosen."""
    return True


@dataclass(frozen=True, slots=True)
class Dimension:
    """One setting: its place in the file, the values that are tried, and for which other choices it matters."""

    place: str
    values: tuple[Value, ...]
    matters: Callable[[Chosen], bool] = always


def _joined(chosen: Chosen) -> bool:
    return chosen["search.mode"] == "hybrid" and chosen["search.ranking"] == "none"


def _is(place: str, value: Value) -> Callable[[Chosen], bool]:
    return lambda chosen: chosen[place] == value


def _is_given(place: str) -> Callable[[Chosen], bool]:
    return lambda chosen: chosen[place] is not None


EMBEDDER: Final = "embed.model"
RERANKER: Final = "search.reranker"

SPACE: Final[tuple[Dimension, ...]] = (
    Dimension("chunk.kind", ("recursive", "structure", "sentences", "tokens", "parent_child", "semantic")),
    # Size and overlap are shares of what is usual for the kind, so that one setting means the same for all of them.
    Dimension("chunk.size", _FACTORS),
    Dimension("chunk.overlap", _OVERLAPS),
    Dimension("chunk.context", ("headings", "none")),
    Dimension(EMBEDDER, ()),
    Dimension("search.mode", ("hybrid", "text", "vector")),
    Dimension("search.ranking", ("builtin", "none")),
    Dimension("search.fusion", ("weighted", "rrf"), _joined),
    Dimension("search.vector_weight", _WEIGHTS, lambda chosen: _joined(chosen) and chosen["search.fusion"] != "rrf"),
    Dimension("search.candidates", (50, 100, 200)),
    Dimension("search.diversity", (0.0, 0.1, 0.3)),
    Dimension("search.parents", (True, False), _is("chunk.kind", "parent_child")),
    Dimension(RERANKER, (None,)),
    Dimension("search.rerank_depth", (10, 30), _is_given(RERANKER)),
    Dimension("search.rerank_weight", (0.3, 0.5, 0.8), _is_given(RERANKER)),
)
"""The embedders, and rerankers beside none, are filled in by whoever asks."""


def space_with(embedders: tuple[str, ...], rerankers: tuple[str, ...]) -> tuple[Dimension, ...]:
    """The table with the embedders and rerankers that may be tried; a setting with one value is not searched."""
    filled = {EMBEDDER: embedders, RERANKER: (None, *rerankers)}
    lines = (Dimension(one.place, filled.get(one.place, one.values), one.matters) for one in SPACE)
    return tuple(line for line in lines if line.values)


def choose(space: tuple[Dimension, ...], pick: Callable[[str, tuple[Value, ...]], Value]) -> Settings:
    """Settings of which each was picked, as they would stand in the file."""
    chosen: Chosen = {}
    for line in space:
        if line.matters(chosen):
            chosen[line.place] = line.values[0] if len(line.values) == 1 else pick(line.place, line.values)
        else:
            chosen[line.place] = None
    return _written({place: value for place, value in chosen.items() if value is not None})


def _written(chosen: Chosen) -> Settings:
    """Shares of a kind's usual size as numbers in its unit."""
    rule = KINDS[str(chosen["chunk.kind"])]
    size = min(rule.most, max(rule.least, round(float(chosen["chunk.size"] or 1) * rule.size)))
    # An overlap must stay under half of a chunk.
    overlap = min((size - 1) // 2, round(float(chosen["chunk.overlap"] or 0) * size))
    return {**chosen, "chunk.size": size, "chunk.overlap": overlap}


def applied(definition: KnowledgeDefinition, settings: Settings) -> KnowledgeDefinition:
    """A knowledge base with other settings; each section is checked as if it stood in a file.

    A setting that is not named keeps its value, except in `chunk`, where another kind has other settings. Raises
    pydantic's ValidationError for settings that do not go together.
    """
    changed = {name: _section(definition, name, settings) for name in ("chunk", "embed", "search")}
    return definition.model_copy(update=changed)


def _section(definition: KnowledgeDefinition, name: str, settings: Settings) -> Any:
    own = {place.partition(".")[2]: value for place, value in settings.items() if place.startswith(f"{name}.")}
    section = getattr(definition, name)
    return section if not own else type(section).model_validate(written_section(definition, name, own))


def written_section(definition: KnowledgeDefinition, name: str, own: dict[str, Any]) -> dict[str, Any]:
    """What a section of the file would say: what a person wrote, and the changes."""
    section = getattr(definition, name)
    given = {key: getattr(section, key) for key in section.model_fields_set if getattr(section, key) is not None}
    given = {
        key: value.model_dump(exclude_none=True) if hasattr(value, "model_dump") else value
        for key, value in given.items()
    }
    if name == "chunk" and own.get("kind") != section.kind:
        given = {}
    if name == "chunk" and own.get("context", "model") != "model":
        # A trial asks no model about every chunk.
        given.pop("context_by", None)
    if name == "embed" and own.get("model") != section.model:
        given = {}
    if "reranker" in own:
        own = {**own, "reranker": {"model": own["reranker"]}}
    return {**given, **own}
