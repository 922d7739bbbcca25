"""Diffs and lineage as a person sees them on a terminal."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from rich.console import Console

from plimsoll.cli.show import diffs, graphs
from plimsoll.flows.compare import IndexComparison, ReleaseComparison, VersionComparison
from plimsoll.governance.graph import LineageEdge, LineageGraph, LineageNode
from plimsoll.governance.release_diff import diff_releases
from plimsoll.kernel.digest import Digest, Json, digest_json
from plimsoll.models import Passage
from plimsoll.registry import Kind, Version
from plimsoll.registry.diff import diff_versions
from plimsoll.releases import Evidence, Manifest
from plimsoll.retrieval import Hit
from plimsoll.retrieval.compare import compare_indexes

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)

Draw = Callable[[Console], None]


def drawn(draw: Draw, *, width: int = 100) -> str:
    screen = Console(width=width, record=True, force_terminal=False, emoji=False)
    with screen.capture() as captured:
        draw(screen)
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))


def coloured(draw: Draw) -> str:
    screen = Console(width=100, force_terminal=True, color_system="standard", emoji=False)
    with screen.capture() as captured:
        draw(screen)
    return captured.get()


def version(kind: Kind, name: str, number: int, content: Json) -> Version:
    return Version("app", kind, name, number, digest_json(content), AT, "s-0", "", number)


def compared(kind: Kind, old: Json, new: Json, index: IndexComparison | None = None) -> Draw:
    found = VersionComparison(diff_versions(kind, old, new), index)
    return lambda screen: diffs.version(screen, found, version(kind, "answer", 1, old), version(kind, "answer", 2, new))


def test_a_prompt_is_shown_by_meaning_and_as_text() -> None:
    old: Json = {"system": "You answer questions.\nBe brief.\n", "parameters": {"temperature": 0.2, "seed": 3}}
    new: Json = {"system": "You answer questions.\nBe kind. \n", "parameters": {"temperature": 0.7}}
    assert (
        drawn(compared("prompt", old, new))
        == f"""\
prompt answer v1 → answer v2
{digest_json(old)[7:19]} of 2026-03-01 12:30:00 → {digest_json(new)[7:19]} of 2026-03-01 12:30:00 UTC

- seed removed: 3
~ temperature 0.2 → 0.7
~ system: 1 line added, 1 removed

text of system
@@ -1,3 +1,3 @@
 You answer questions.
-Be brief.
+Be kind.·

"""
    )


OLD_POLICY: Json = {
    "input": [
        {"check": "toxicity", "threshold": 0.8, "action": "block"},
        {"check": "pii", "action": "redact"},
        {"check": "injection", "action": "block"},
    ]
}
NEW_POLICY: Json = {
    "input": [
        {"check": "injection", "action": "flag"},
        {"check": "toxicity", "threshold": 0.75, "action": "block"},
        {"check": "secrets", "action": "block"},
    ]
}


def test_what_loosens_comes_first_and_in_colour() -> None:
    plain = drawn(compared("guardrail", OLD_POLICY, NEW_POLICY)).split("\n")[3:]
    assert plain == [
        "! loosens  input: check `pii` removed",
        "! loosens  input: action of `injection`: block → flag",
        "> input: check `injection` moved from 3 to 1",
        "~ input: check `toxicity`: threshold 0.80 → 0.75",
        "+ input: check `secrets` added",
        "",
    ]
    red = "\x1b[1;31m! loosens  input: check `pii` removed\x1b[0m"
    assert red in coloured(compared("guardrail", OLD_POLICY, NEW_POLICY))


def test_versions_with_the_same_content_are_said_to_be_the_same() -> None:
    assert "they have the same content" in drawn(compared("prompt", {"system": "a"}, {"system": "a"}))


def test_a_long_list_is_counted_and_cut() -> None:
    old: Json = {"documents": []}
    new: Json = {
        "documents": [
            {"path": f"{number:02}.pdf", "digest": f"{number}", "fate": "indexed", "reason": ""} for number in range(50)
        ]
    }
    shown = drawn(compared("source", old, new))
    assert "documents: 50 added" in shown
    assert "+ document `19.pdf` added" in shown
    assert "20.pdf" not in shown
    assert "… and 30 more" in shown


def test_names_are_neither_markup_nor_commands_to_the_terminal() -> None:
    shown = coloured(compared("agent", {}, {"[red]x[/red]": "\x1b[2J[bold]y"}))
    assert "[red]x[/red]" in shown
    assert "[bold]y" in shown
    assert "\x1b[2J" not in shown


def hit(name: str) -> Hit:
    passage = Passage(id=name, document=f"{name}.pdf", title="", page=1, start=0, end=1, text="", score=1.0)
    return Hit(passage, None, None, None, None)


def finds(names: str) -> Callable[[str], Sequence[Hit]]:
    return lambda _: [hit(name) for name in names]


def test_neighbours_of_an_index() -> None:
    index = IndexComparison("texts", compare_indexes(finds("abcd"), finds("bace"), ["Who pays?", "When?"], 4))
    shown = drawn(compared("index", {"documents": 4}, {"documents": 5}, index))
    assert shown.endswith("""\
~ documents 4 → 5

neighbours in index texts
  questions that find other documents, or the same in another order: 2 of 2 (top 4 passages)
  kept on average: 75% of the documents, 75% of the passages
  75% kept: Who pays?
    - d.pdf
    + e.pdf
    > b.pdf 2 → 1, a.pdf 1 → 2
  75% kept: When?
    - d.pdf
    + e.pdf
    > b.pdf 2 → 1, a.pdf 1 → 2
""")


def test_an_index_that_cannot_be_opened_is_said_in_a_sentence() -> None:
    index = IndexComparison("texts", None, "the index texts v1 cannot be opened any more: it is gone")
    assert "cannot be opened any more" in drawn(compared("index", {"documents": 4}, {"documents": 5}, index))


class Contents:
    """Versions and runs by their digests."""

    def __init__(self) -> None:
        self.kept: dict[Digest, Json] = {}

    def put(self, content: Json) -> Digest:
        digest = digest_json(content)
        self.kept[digest] = content
        return digest

    def evidence(self, threshold: float, value: float, *questions: str) -> Evidence:
        rows = self.put({"rows": [{"id": question, "question": question} for question in questions]})
        suite = self.put({"thresholds": {"answered": {"at_least": threshold}}, "dataset_version": rows})
        run = self.put({"measures": [{"name": "answered", "value": value, "count": 30}], "at": value})
        return Evidence("ask", suite, run, "pass")


@pytest.fixture
def comparison() -> ReleaseComparison:
    contents = Contents()
    same = contents.put({"model": "builtin/reader"})
    old = Manifest(
        "app",
        {
            "prompt:answer": contents.put({"parameters": {"temperature": 0}}),
            "guardrail:standard": contents.put(OLD_POLICY),
            "guardrail:strict": contents.put({}),
            "route:default": same,
        },
        (contents.evidence(0.8, 0.93, "A?", "B?"),),
    )
    new = Manifest(
        "app",
        {
            "prompt:answer": contents.put({"parameters": {"temperature": 0.2}}),
            "guardrail:standard": contents.put(NEW_POLICY),
            "route:default": same,
            "endpoint:ask": contents.put({"kind": "chat"}),
        },
        (contents.evidence(0.75, 0.9, "A?", "C?"),),
    )
    read = contents.kept.__getitem__
    return ReleaseComparison(diff_releases(old, new, read, run=read), ())


def test_a_release_begins_with_what_loosens(comparison: ReleaseComparison) -> None:
    diff = comparison.diff
    shown = drawn(lambda screen: diffs.release(screen, comparison)).split("\n")
    assert shown[:7] == [
        f"{diff.old.name} → {diff.new.name}",
        "artifacts: 2 changed, 1 added, 1 removed, 1 the same",
        "loosens: 4 rules hold less than before",
        "  ! guardrail:strict removed",
        "  ! guardrail:standard: input: check `pii` removed",
        "  ! guardrail:standard: input: action of `injection`: block → flag",
        "  ! suite:ask: threshold of answered: at least 0.80 → 0.75",
    ]
    assert shown[shown.index("~ evidence of suite ask: pass") :] == [
        "~ evidence of suite ask: pass",
        "  answered 0.93 → 0.90 (n=30)",
        "  ! loosens  threshold of answered: at least 0.80 → 0.75",
        shown[-5],
        "  rows: 1 added, 1 removed, 1 the same",
        "  - row `B?` removed: B?",
        "  + row `C?` added: C?",
        "",
    ]
    assert "dataset_version" in shown[-5]


def test_the_same_release_is_said_to_be_the_same(comparison: ReleaseComparison) -> None:
    same = ReleaseComparison(diff_releases(comparison.diff.old, comparison.diff.old, lambda _: None), ())
    assert drawn(lambda screen: diffs.release(screen, same)).endswith("they are the same release\n")


def test_a_release_for_programs_has_every_diff(comparison: ReleaseComparison) -> None:
    content = diffs.release_json(comparison)
    assert [change["artifact"] for change in content["artifacts"]] == [
        "endpoint:ask",
        "guardrail:standard",
        "guardrail:strict",
        "prompt:answer",
    ]
    assert content["evidence"][0]["measures"][0]["after"] == 0.9


def node(name: str) -> LineageNode:
    return LineageNode(name, "environment" if name == "production" else "version", name, digest_json(name))


def test_lineage_is_drawn_in_both_directions() -> None:
    names = ["source", "knowledge", "index", "endpoint", "release", "production"]
    graph = LineageGraph(
        ("index",),
        tuple(node(name) for name in names),
        (
            LineageEdge("source", "made into", "index"),
            LineageEdge("knowledge", "made into", "index"),
            LineageEdge("index", "made into", "endpoint"),
            LineageEdge("index", "part of", "release"),
            LineageEdge("endpoint", "part of", "release"),
            LineageEdge("release", "live in", "production"),
        ),
        ("the graph is larger than this",),
    )
    digest = {name: digest_json(name)[7:19] for name in names}
    assert (
        drawn(lambda screen: graphs.tree(screen, graph))
        == f"""\
index  {digest["index"]}

made from
├── source  {digest["source"]}
└── knowledge  {digest["knowledge"]}

what came of it
├── endpoint  {digest["endpoint"]}
│   └── part of release  {digest["release"]}
│       └── live in production  {digest["production"]}
└── part of release  {digest["release"]}  (see above)
the graph is larger than this
"""
    )
    table = drawn(lambda screen: graphs.rows(screen, graph))
    assert "endpoint, release" in table
    assert graphs.tree_json(graph)["start"] == ["index"]


def test_a_circle_is_drawn_once() -> None:
    edges = (LineageEdge("a", "made into", "b"), LineageEdge("b", "made into", "a"))
    graph = LineageGraph(("a",), (node("a"), node("b")), edges)
    shown = drawn(lambda screen: graphs.tree(screen, graph))
    assert shown.count("└──") == 4
    assert shown.count("(see above)") == 2
