"""The lineage graph says what became of versions, and no name can break out of how it is written down."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.governance.graph import Around, LineageGraph, extend, rows, to_dot, to_json, to_mermaid
from plimsoll.kernel.digest import Digest
from plimsoll.registry import Kind, Version, VersionRef
from plimsoll.registry.graph import Edge, Graph
from plimsoll.releases.environments import Environment, EnvironmentMove

AT = datetime(2026, 3, 1, tzinfo=UTC)


def digest(letter: str) -> Digest:
    return "sha256:" + letter * 64


def ref(kind: Kind, name: str, letter: str) -> VersionRef:
    return VersionRef(kind, name, digest(letter))


SOURCE, KNOWLEDGE, INDEX = ref("source", "texts", "a"), ref("knowledge", "texts", "b"), ref("index", "texts", "c")
LIVE, OLD = digest("1"), digest("2")


def version(of: VersionRef, number: int) -> Version:
    return Version("app", of.kind, of.name, number, of.digest, AT, "s-0", "", number)


def move(release: Digest, environment: str, sequence: int) -> EnvironmentMove:
    return EnvironmentMove(sequence, "app", environment, "ship", None, release, AT, "s-0", "")


@pytest.fixture
def lineage() -> LineageGraph:
    graph = Graph((INDEX, KNOWLEDGE, SOURCE), (Edge(KNOWLEDGE, INDEX), Edge(SOURCE, INDEX)))
    around = Around(
        versions={of: version(of, 3) for of in (SOURCE, INDEX)},
        releases={INDEX: (LIVE, OLD), SOURCE: (LIVE,)},
        environments=[Environment("app", "production", LIVE, "r-111111", AT, "s-0")],
        moves=[move(OLD, "production", 1), move(LIVE, "production", 2), move(digest("9"), "staging", 3)],
        answers={LIVE: 1200},
    )
    return extend(graph, [INDEX], around)


DOT = """\
digraph lineage {
  rankdir=LR;
  node [fontname="sans-serif"];
  n0 [shape=box, label="index texts v3 · cccccccccccc", penwidth=2];
  n1 [shape=box, label="knowledge texts · bbbbbbbbbbbb"];
  n2 [shape=box, label="source texts v3 · aaaaaaaaaaaa"];
  n3 [shape=ellipse, label="r-111111"];
  n4 [shape=ellipse, label="r-222222"];
  n5 [shape=hexagon, label="production"];
  n6 [shape=note, label="1,200 answers"];
  n1 -> n0;
  n2 -> n0;
  n0 -> n3 [label="part of", style=dashed];
  n0 -> n4 [label="part of", style=dashed];
  n2 -> n3 [label="part of", style=dashed];
  n3 -> n5 [label="live in", style=dashed];
  n4 -> n5 [label="was live in", style=dashed];
  n3 -> n6 [label="answered", style=dashed];
}
"""

MERMAID = """\
flowchart LR
  n0["index texts v3 #183; cccccccccccc"]
  n1["knowledge texts #183; bbbbbbbbbbbb"]
  n2["source texts v3 #183; aaaaaaaaaaaa"]
  n3(["r-111111"])
  n4(["r-222222"])
  n5{{"production"}}
  n6[["1,200 answers"]]
  n1 --> n0
  n2 --> n0
  n0 -.->|part of| n3
  n0 -.->|part of| n4
  n2 -.->|part of| n3
  n3 -.->|live in| n5
  n4 -.->|was live in| n5
  n3 -.->|answered| n6
"""


def test_graphviz(lineage: LineageGraph) -> None:
    assert to_dot(lineage) == DOT


def test_mermaid(lineage: LineageGraph) -> None:
    assert to_mermaid(lineage) == MERMAID


def test_a_table(lineage: LineageGraph) -> None:
    assert rows(lineage)[:4] == (
        ("index texts v3", "c" * 12, "knowledge texts, source texts v3", "r-111111, r-222222"),
        ("knowledge texts", "b" * 12, "", "index texts v3"),
        ("source texts v3", "a" * 12, "", "index texts v3, r-111111"),
        ("r-111111", "1" * 12, "index texts v3, source texts v3", "live in production, 1,200 answers"),
    )


def test_for_programs(lineage: LineageGraph) -> None:
    content = json.loads(json.dumps(to_json(lineage)))
    assert content["start"] == [f"version index:texts {digest('c')}"]
    known = {node["id"] for node in content["nodes"]}
    assert {edge[end] for edge in content["edges"] for end in ("from", "to")} <= known
    assert {edge["link"] for edge in content["edges"]} == {
        "made into",
        "part of",
        "live in",
        "was live in",
        "answered",
    }


def test_the_order_in_which_records_come_does_not_matter(lineage: LineageGraph) -> None:
    graph = Graph((INDEX, KNOWLEDGE, SOURCE), (Edge(KNOWLEDGE, INDEX), Edge(SOURCE, INDEX)))
    around = Around(
        versions={of: version(of, 3) for of in (INDEX, SOURCE)},
        releases={SOURCE: (LIVE,), INDEX: (OLD, LIVE, OLD)},
        environments=[Environment("app", "production", LIVE, "r-111111", AT, "s-0")],
        moves=[move(digest("9"), "staging", 3), move(LIVE, "production", 2), move(OLD, "production", 1)],
        answers={digest("9"): 3, LIVE: 1200},
    )
    assert extend(graph, [INDEX], around) == lineage


def test_a_candidate_gets_a_share() -> None:
    place = Environment("app", "production", OLD, "r-222222", AT, "s-0", LIVE, 0.1)
    around = Around(releases={INDEX: (LIVE,)}, environments=[place])
    (_, edge) = extend(Graph((INDEX,), ()), [INDEX], around).edges
    assert (edge.link, edge.target) == ("gets a share in", "environment production")


def test_what_is_left_out_is_said() -> None:
    many = {INDEX: tuple(f"sha256:{number:064}" for number in range(205))}
    live = "sha256:" + "f" * 64
    around = Around(
        releases={INDEX: (*many[INDEX], live)}, environments=[Environment("app", "staging", live, "", AT, "s-0")]
    )
    graph = extend(Graph((INDEX, SOURCE), (), unfollowed=(INDEX,), cut=True), [INDEX], around)
    assert graph.notes == (
        "the graph is larger than this: it was cut at 2 versions",
        "1 version stands at the depth that was asked for, and was not followed further",
        "6 more releases contain these versions",
    )
    assert live in {node.digest for node in graph.nodes}


HOSTILE = [
    'x"]; n9 [label="owned',
    "x\\",
    'x\\"; }\ndigraph evil {',
    "\\N \\G \\E <b>bold</b> &quot;",
    '"]\nclick n0 "javascript:alert(1)"',
    "%%{init: {'securityLevel': 'loose'}}%%",
    "`**markdown**` $$x$$ #quot; #35; ; end",
    "\u202egnp.exe\x1b[31m\u2028",
    "ﬂ°°60¶ß",
]
names = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))

_DOT_STRING = r'"(?:[^"\\\n]|\\\\|\\")*"'
_DOT_LINE = re.compile(
    rf"  n\d+ \[shape=(?:box|ellipse|hexagon|note), label={_DOT_STRING}(?:, penwidth=2)?\];"
    rf"|  n\d+ -> n\d+(?: \[label={_DOT_STRING}, style=dashed\])?;"
)
_MERMAID_TEXT = r'"(?:[\w \-.,/]|#\d+;)*"'
_MERMAID_LINE = re.compile(
    rf"  n\d+(?:\[{_MERMAID_TEXT}\]|\(\[{_MERMAID_TEXT}\]\)|\{{\{{{_MERMAID_TEXT}\}}\}}|\[\[{_MERMAID_TEXT}\]\])"
    r"|  n\d+ (?:-->|-\.->\|[a-z ]+\|) n\d+"
)


def hostile_graph(first: str, second: str) -> LineageGraph:
    one, two = ref("prompt", first, "a"), ref("endpoint", second, "b")
    place = Environment("app", second, LIVE, "", AT, "s-0")
    return extend(Graph((two, one), (Edge(one, two),)), [one], Around(releases={two: (LIVE,)}, environments=[place]))


@given(names, names)
def test_no_name_breaks_out_of_graphviz(first: str, second: str) -> None:
    head, _, _, *lines, tail, end = to_dot(hostile_graph(first, second)).split("\n")
    assert (head, tail, end, len(lines)) == ("digraph lineage {", "}", "", 7)
    assert [line for line in lines if not _DOT_LINE.fullmatch(line)] == []


@given(names, names)
def test_no_name_breaks_out_of_mermaid(first: str, second: str) -> None:
    head, *lines, end = to_mermaid(hostile_graph(first, second)).split("\n")
    assert (head, end, len(lines)) == ("flowchart LR", "", 7)
    assert [line for line in lines if not _MERMAID_LINE.fullmatch(line)] == []


def test_an_ordinary_name_stays_readable() -> None:
    graph = hostile_graph("Größe-2.1", 'say "hi"')
    assert '["prompt Größe-2.1 #183; aaaaaaaaaaaa"]' in to_mermaid(graph)
    assert r'label="endpoint say \"hi\" · bbbbbbbbbbbb"' in to_dot(graph)
