"""The lineage graph of versions with what became of them: releases, environments, answers; and ways to write it down.

A door of its own. Names from strangers cannot leave the quotes that they stand in, whatever they are: nodes have
numbers, and names are labels only.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from plimsoll.kernel.digest import Digest, Json, hex_part, short_name
from plimsoll.registry import Version, VersionRef
from plimsoll.registry.graph import Graph
from plimsoll.releases.environments import Environment, EnvironmentMove

__all__ = ["Around", "LineageEdge", "LineageGraph", "LineageNode", "extend", "rows", "to_dot", "to_json", "to_mermaid"]

MOST_RELEASES = 200

Sort = Literal["version", "release", "environment", "answers"]
Link = Literal["made into", "part of", "live in", "was live in", "gets a share in", "answered"]

_DIGITS = 12
_LONGEST_LABEL = 120
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_DOT_SHAPES = {"version": "box", "release": "ellipse", "environment": "hexagon", "answers": "note"}
_MERMAID_SHAPES: Mapping[Sort, tuple[str, str]] = {
    "version": ("[", "]"),
    "release": ("([", "])"),
    "environment": ("{{", "}}"),
    "answers": ("[[", "]]"),
}


@dataclass(frozen=True, slots=True)
class LineageNode:
    """A version, a release, an environment, or the answers of a release."""

    id: str
    """Stable: the same thing has it in every graph."""
    sort: Sort
    label: str
    """What a person says: `prompt answer v3`, `r-3f9c2a`, `production`."""
    digest: Digest = ""


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """From what was there first to what came of it, by the `id` of both."""

    source: str
    link: Link
    target: str


@dataclass(frozen=True, slots=True)
class LineageGraph:
    """Everything in a stable order, and what was left out, said in sentences."""

    start: tuple[str, ...]
    """Identifiers of the nodes that were asked about."""
    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of the versions of a graph besides their lineage."""

    versions: Mapping[VersionRef, Version] = field(default_factory=dict)
    """Their records, for their numbers."""
    releases: Mapping[VersionRef, Sequence[Digest]] = field(default_factory=dict)
    """The releases that contain a version."""
    environments: Sequence[Environment] = ()
    moves: Sequence[EnvironmentMove] = ()
    answers: Mapping[Digest, int] = field(default_factory=dict)
    """How many answers each release gave."""


def extend(graph: Graph, start: Sequence[VersionRef], around: Around) -> LineageGraph:
    """The graph of versions with the releases that contain them, where those are or were live, and their answers."""
    contained = {ref: around.releases.get(ref, ()) for ref in graph.nodes}
    releases = {digest for digests in contained.values() for digest in digests}
    live = {digest for place in around.environments for digest in (place.live, place.candidate) if digest in releases}
    shown = set(sorted(releases, key=lambda digest: (digest not in live, digest))[:MOST_RELEASES])
    places = _place_edges(around, shown)
    edges = [
        *(LineageEdge(_version_id(edge.parent), "made into", _version_id(edge.made)) for edge in graph.edges),
        *(
            LineageEdge(_version_id(ref), "part of", _release_id(digest))
            for ref, digests in contained.items()
            for digest in sorted(shown.intersection(digests))
        ),
        *places,
        *(LineageEdge(_release_id(release), "answered", _answers_id(release)) for release in _answered(around, shown)),
    ]
    nodes = [
        *(_version_node(ref, around.versions.get(ref)) for ref in graph.nodes),
        *(LineageNode(_release_id(digest), "release", short_name("r", digest), digest) for digest in sorted(shown)),
        *(_environment_node(target) for target in sorted({edge.target for edge in places})),
        *(_answers_node(release, around.answers[release]) for release in _answered(around, shown)),
    ]
    known = tuple(_version_id(ref) for ref in start if ref in set(graph.nodes))
    return LineageGraph(known, tuple(nodes), tuple(dict.fromkeys(edges)), _notes(graph, len(releases) - len(shown)))


def to_json(graph: LineageGraph) -> dict[str, Json]:
    """For programs."""
    return {
        "start": list(graph.start),
        "nodes": [
            {"id": node.id, "sort": node.sort, "label": node.label, "digest": node.digest or None}
            for node in graph.nodes
        ],
        "edges": [{"from": edge.source, "link": edge.link, "to": edge.target} for edge in graph.edges],
        "notes": list(graph.notes),
    }


def to_dot(graph: LineageGraph) -> str:
    """The graph in the language of Graphviz: `plimsoll … > lineage.dot && dot -Tsvg lineage.dot`."""
    number = _numbers(graph)
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for node in graph.nodes:
        style = ", penwidth=2" if node.id in graph.start else ""
        label = _dot_text(_label(node))
        lines.append(f"  n{number[node.id]} [shape={_DOT_SHAPES[node.sort]}, label={label}{style}];")
    for edge in graph.edges:
        style = "" if edge.link == "made into" else f" [label={_dot_text(edge.link)}, style=dashed]"
        lines.append(f"  n{number[edge.source]} -> n{number[edge.target]}{style};")
    return "\n".join([*lines, "}", ""])


def to_mermaid(graph: LineageGraph) -> str:
    """The graph as a Mermaid flowchart, for a Markdown page."""
    number = _numbers(graph)
    lines = ["flowchart LR"]
    for node in graph.nodes:
        opening, closing = _MERMAID_SHAPES[node.sort]
        lines.append(f'  n{number[node.id]}{opening}"{_mermaid_text(_label(node))}"{closing}')
    for edge in graph.edges:
        arrow = "-->" if edge.link == "made into" else f"-.->|{edge.link}|"
        lines.append(f"  n{number[edge.source]} {arrow} n{number[edge.target]}")
    return "\n".join([*lines, ""])


def rows(graph: LineageGraph) -> tuple[tuple[str, str, str, str], ...]:
    """For a table: what it is, its digest, what came before it, and what came of it."""
    label = {node.id: node.label for node in graph.nodes}
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for edge in graph.edges:
        after.setdefault(edge.source, []).append(_linked(edge.link, label[edge.target]))
        before.setdefault(edge.target, []).append(label[edge.source])
    return tuple(
        (
            node.label,
            hex_part(node.digest)[:_DIGITS],
            ", ".join(before.get(node.id, ())),
            ", ".join(after.get(node.id, ())),
        )
        for node in graph.nodes
    )


def _linked(link: Link, label: str) -> str:
    return label if link in {"made into", "part of", "answered"} else f"{link} {label}"


def _place_edges(around: Around, shown: set[Digest]) -> list[LineageEdge]:
    """Where releases are live, get a share of the traffic, or were live once."""
    now = {(place.live, place.name) for place in around.environments}
    candidates = {(place.candidate, place.name) for place in around.environments}
    once: set[tuple[Digest | None, str]] = {
        (move.to_release, move.environment) for move in around.moves if move.move in {"ship", "rollback"}
    }
    groups: list[tuple[Link, set[tuple[Digest | None, str]]]] = [
        ("live in", now),
        ("gets a share in", candidates - now),
        ("was live in", once - now - candidates),
    ]
    return [
        LineageEdge(_release_id(release), link, _environment_id(name))
        for link, pairs in groups
        for release, name in sorted((release, name) for release, name in pairs if release is not None)
        if release in shown
    ]


def _answered(around: Around, shown: set[Digest]) -> Iterator[Digest]:
    return (digest for digest in sorted(shown) if around.answers.get(digest))


def _notes(graph: Graph, left_out: int) -> tuple[str, ...]:
    notes = []
    if graph.cut:
        notes.append(f"the graph is larger than this: it was cut at {len(graph.nodes):,} versions")
    if graph.unfollowed:
        one = len(graph.unfollowed) == 1
        many = "1 version stands" if one else f"{len(graph.unfollowed):,} versions stand"
        notes.append(f"{many} at the depth that was asked for, and {'was' if one else 'were'} not followed further")
    if left_out:
        notes.append(f"{left_out:,} more releases contain these versions")
    return tuple(notes)


def _version_id(ref: VersionRef) -> str:
    return f"version {ref.key} {ref.digest}"


def _release_id(digest: Digest) -> str:
    return f"release {digest}"


def _environment_id(name: str) -> str:
    return f"environment {name}"


def _answers_id(release: Digest) -> str:
    return f"answers {release}"


def _version_node(ref: VersionRef, version: Version | None) -> LineageNode:
    label = ref.name if version is None else version.label
    return LineageNode(_version_id(ref), "version", f"{ref.kind} {label}", ref.digest)


def _environment_node(identifier: str) -> LineageNode:
    return LineageNode(identifier, "environment", identifier.partition(" ")[2])


def _answers_node(release: Digest, count: int) -> LineageNode:
    return LineageNode(_answers_id(release), "answers", f"{count:,} {'answer' if count == 1 else 'answers'}")


def _numbers(graph: LineageGraph) -> dict[str, int]:
    return {node.id: number for number, node in enumerate(graph.nodes)}


def _label(node: LineageNode) -> str:
    text = _CONTROLS.sub(" ", node.label)[:_LONGEST_LABEL]
    return f"{text} · {hex_part(node.digest)[:_DIGITS]}" if node.sort == "version" else text


def _dot_text(text: str) -> str:
    """A quoted string of DOT, in which Graphviz finds neither the end of the string, nor an escape, nor an entity."""
    escaped = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _mermaid_text(text: str) -> str:
    """Text that Mermaid cannot take for anything else: all but letters, digits and a few marks as `#code;`."""
    return "".join(
        character if character.isalnum() or character in " -_.,/" else f"#{ord(character)};" for character in text
    )
