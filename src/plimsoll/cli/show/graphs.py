"""Lineage: what went into a version, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._output import printable
from ._text import heading, line, short, table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.tree import Tree

    from plimsoll.governance.graph import LineageGraph, LineageNode

_STYLES = {"version": "", "release": "bold", "environment": "bold green", "answers": "cyan"}
_DEEPEST = 30

_Branches = Mapping[str, list[tuple[str, str]]]
"""For each node its neighbours in one direction, with the words on the way to them."""


@dataclass(frozen=True, slots=True)
class _Drawing:
    nodes: "Mapping[str, LineageNode]"
    branches: _Branches
    drawn: set[str]


def tree(screen: "Console", graph: "LineageGraph") -> None:
    """Both directions as trees; what was drawn before is not drawn again with all that hangs on it."""
    nodes = {node.id: node for node in graph.nodes}
    up: dict[str, list[tuple[str, str]]] = {}
    down: dict[str, list[tuple[str, str]]] = {}
    for edge in graph.edges:
        if edge.link == "made into":
            up.setdefault(edge.target, []).append(("", edge.source))
        down.setdefault(edge.source, []).append((_words(edge.link), edge.target))
    for start in graph.start:
        line(screen, f"{nodes[start].label}  {short(nodes[start].digest)}", style="bold")
        _direction(screen, "made from", start, _Drawing(nodes, up, {start}))
        _direction(screen, "what came of it", start, _Drawing(nodes, down, {start}))
    for note in graph.notes:
        line(screen, note, style="yellow")


def tree_json(graph: "LineageGraph") -> dict[str, Any]:
    """For programs."""
    from plimsoll.governance.graph import to_json

    return to_json(graph)


def rows(screen: "Console", graph: "LineageGraph") -> None:
    """Everything in the graph as a table."""
    from plimsoll.governance.graph import rows as graph_rows

    table(screen, "lineage", ["what", "digest", "made from", "what came of it"], graph_rows(graph))
    for note in graph.notes:
        line(screen, note, style="yellow")


def _direction(screen: "Console", title: str, start: str, drawing: _Drawing) -> None:
    from rich.text import Text
    from rich.tree import Tree

    if not drawing.branches.get(start):
        heading(screen, f"{title}: nothing that is known here")
        return
    screen.print()
    root = Tree(Text(title, "bold"), guide_style="dim")
    _grow(root, start, drawing, 0)
    screen.print(root)


def _grow(parent: "Tree", start: str, drawing: _Drawing, depth: int) -> None:
    from rich.text import Text

    for words, identifier in drawing.branches.get(start, ()):
        node = drawing.nodes[identifier]
        again = identifier in drawing.drawn and bool(drawing.branches.get(identifier))
        digest = f"  {short(node.digest)}" if node.digest else ""
        more = "  (see above)" if again else "  …" if depth == _DEEPEST else ""
        text = Text.assemble(
            (words, "dim"), (printable(node.label), _STYLES[node.sort]), (digest, "dim"), (more, "dim")
        )
        branch = parent.add(text)
        if not again and depth < _DEEPEST:
            drawing.drawn.add(identifier)
            _grow(branch, identifier, drawing, depth + 1)


def _words(link: str) -> str:
    return {"made into": "", "answered": "", "part of": "part of "}.get(link, f"{link} ")
