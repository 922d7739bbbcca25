"""Scorers by name: what is known of each, what is refused, how suites name them, and those of packages."""

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from subprocess import run
from sys import executable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation
from plimsoll.evaluation.figures import CHOSEN, FIGURES, FigureEntry
from plimsoll.evaluation.scorers import (
    SCORERS,
    RuleScorer,
    Score,
    ScorerEntry,
    ScorerOptionsError,
    ScorerPlugInError,
    _plugins,
    make_scorer,
    scorer_entry,
    scorer_names,
)
from plimsoll.evaluation.scorers.choices import Choice, choice_content, read_choice
from plimsoll.evaluation.scorers.options import number, whole

ROW = Row("1", "How long?", ("60 days",), ("a.md",), answerable=True, tags=())


def shouting(_: Row, seen: Observation) -> float:
    """The share of capitals."""
    return sum(one.isupper() for one in seen.answer) / max(1, len(seen.answer))


ENTRY = ScorerEntry(
    "shouting",
    "The share of capitals.",
    lambda name, options: RuleScorer(name, shouting, version=str(options["least"]), better="less"),
    (whole("least", 1, most=9),),
)
MISNAMED = ScorerEntry("whispering", "", ENTRY.make)
RAISING = ScorerEntry("raising", "", lambda _name, _options: 1 / 0)  # type: ignore[arg-type,return-value]  # what it does
PARTLESS = ScorerEntry("partless", "", lambda name, _options: name)  # type: ignore[arg-type,return-value]  # no scorer


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Installs entry points of a package that is called `scorers-of-others`."""
    points: list[EntryPoint] = []

    def found(*, group: str, name: str | None = None) -> list[EntryPoint]:
        return [point for point in points if point.group == group and name in {None, point.name}]

    def add(name: str, value: str) -> None:
        point = EntryPoint(name, f"{__name__}:{value}", _plugins.GROUP)
        points.append(point._for(SimpleNamespace(name="scorers-of-others")))  # type: ignore[attr-defined]  # as the library makes them

    monkeypatch.setattr(_plugins, "entry_points", found)
    _plugins._loaded.cache_clear()
    yield add
    _plugins._loaded.cache_clear()


def test_every_scorer_and_figure_says_what_it_is_for_and_what_it_takes() -> None:
    entries: list[ScorerEntry | FigureEntry] = [*SCORERS.values(), *CHOSEN.values()]
    assert [entry.name for entry in entries] == [*SCORERS, *CHOSEN]
    for entry in entries:
        assert entry.says.endswith("."), entry.says
        assert len({option.name for option in entry.options}) == len(entry.options)
        for option in entry.options:
            assert option.example.startswith(f"{option.name}: "), option
            assert option.says
            assert option.name not in {"scorer", "figure", "name"}
            assert option.required or option.default in (None, "", (), {}) or option.holds(option.default), option
    assert not {*SCORERS} & {*FIGURES, *CHOSEN}


def test_the_page_of_scorers_names_all_of_them_with_their_options() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "scorers.md").read_text("utf-8")
    entries: list[ScorerEntry | FigureEntry] = [*SCORERS.values(), *CHOSEN.values()]
    for entry in entries:
        assert f"`{entry.name}`" in page
        assert [option.name for option in entry.options if f"`{option.name}" not in page] == [], entry.name
    assert [name for name in FIGURES if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    ("scorer", "options", "message", "hint"),
    [
        ("recall_at_k", {"K": 5}, "no option 'K'", "options: k, level, passages"),
        ("recall_at_k", {"levell": "documents"}, "no option 'levell'", "did you mean `level`?"),
        ("recall_at_k", {"k": 0}, "`k` must be a whole number from 1", "write `k: 10`"),
        ("recall_at_k", {"k": True}, "`k` must be a whole number", "write `k: 10`"),
        ("recall_at_k", {"k": 2.5}, "`k` must be a whole number", "write `k: 10`"),
        ("ndcg_at_k", {"gain": "log"}, "`gain` must be one of linear, exponential", "gain: exponential"),
        ("ndcg_at_k", {"grades": "g", "level": "passages"}, "those of documents", "take `level: passages` away"),
        ("token_f1", {"k": 5}, "no option 'k'", "take it away: this scorer has no options"),
        ("toxicity", {"least": float("nan")}, "`least` must be a number from 0.01 to 1", "least: 0.5"),
        ("json_fields", {"only": []}, "`only` must be a list of at least one text", "only: [total, date]"),
        ("json_fields", {"only": "total"}, "`only` must be a list", "only: [total, date]"),
        ("json_fields", {"exact": 1}, "`exact` must be true or false", "exact: true"),
        ("semantic_similarity", {"model": "openai/x"}, "`model` must be one of builtin/static", "model: builtin"),
        ("tokn_f1", {}, "there is no such scorer", "did you mean `token_f1`? scorers: answer_contains"),
        ("x" * 500, {}, "there is no such scorer", "scorers: answer_contains"),
    ],
)
def test_what_cannot_be_is_told_with_what_would_be_right(
    scorer: str, options: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(ScorerOptionsError) as raised:
        make_scorer(scorer, options=options)
    assert message in raised.value.message
    assert hint in raised.value.hint
    assert len(raised.value.message) < 300


def test_null_is_the_same_as_leaving_an_option_out() -> None:
    assert make_scorer("recall_at_k", options={"k": None}).name == "recall_at_k"


def test_another_scorer_or_option_of_the_same_name_is_another_version() -> None:
    made = [
        make_scorer("recall_at_k"),
        make_scorer("recall_at_k", options={"k": 5}),
        make_scorer("recall_at_k", options={"k": 6}),
        make_scorer("precision_at_k", name="recall_at_k"),
        make_scorer("precision_at_k", name="recall_at_k", options={"k": 5}),
    ]
    assert {one.name for one in made} == {"recall_at_k"}
    assert len({one.version for one in made}) == len(made)
    assert make_scorer("recall_at_k", options={"k": 5}).version == made[1].version


def test_a_package_may_bring_a_scorer(install: Callable[[str, str], None]) -> None:
    install("shouting", "ENTRY")
    assert scorer_names() == (*SCORERS, "shouting")
    entry = scorer_entry("shouting")
    assert (entry.by, entry.says) == ("scorers-of-others", "The share of capitals.")
    scorer = make_scorer("shouting", name="loud", options={"least": 3})
    assert scorer.name == "loud"
    assert scorer.version.startswith("3+")
    assert scorer.score(ROW, Observation("AbCd")) == Score(0.5)
    with pytest.raises(ScorerOptionsError, match="`least` must be"):
        make_scorer("shouting", options={"least": 10})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("gone", "NOWHERE", "AttributeError"),
        ("shouting", "ROW", "is no ScorerEntry"),
        ("shouting", "MISNAMED", "calls itself 'whispering'"),
        ("raising", "RAISING", "ZeroDivisionError"),
        ("partless", "PARTLESS", "has not all of"),
    ],
)
def test_a_broken_package_is_told_by_its_name(
    install: Callable[[str, str], None], name: str, value: str, message: str
) -> None:
    install(name, value)
    with pytest.raises(ScorerPlugInError, match="scorers-of-others") as raised:
        make_scorer(name)
    assert message in raised.value.message
    assert raised.value.package == "scorers-of-others"


def test_what_comes_with_plimsoll_is_no_package_s_to_replace(install: Callable[[str, str], None]) -> None:
    install("token_f1", "ENTRY")
    assert scorer_names() == tuple(SCORERS)
    assert scorer_entry("token_f1").by == ""


@pytest.mark.parametrize(
    ("value", "choice", "content"),
    [
        ("token_f1", Choice("token_f1", "token_f1"), "token_f1"),
        ({"scorer": "token_f1"}, Choice("token_f1", "token_f1"), "token_f1"),
        ({"scorer": "token_f1", "name": "f1"}, Choice("token_f1", "f1"), {"scorer": "token_f1", "name": "f1"}),
        (
            {"k": 5, "scorer": "recall_at_k", "name": "recall_5", "level": None},
            Choice("recall_at_k", "recall_5", {"k": 5}),
            {"scorer": "recall_at_k", "name": "recall_5", "k": 5},
        ),
    ],
)
def test_suites_name_scorers_alone_or_with_options(value: Any, choice: Choice, content: Any) -> None:
    assert read_choice(value) == choice
    assert choice_content(choice) == content


def test_suites_name_figures_likewise() -> None:
    choice = read_choice({"figure": "latency", "name": "latency_p99", "share": 0.99}, "figure")
    assert choice == Choice("latency", "latency_p99", {"share": 0.99})
    assert choice_content(choice, "figure") == {"figure": "latency", "name": "latency_p99", "share": 0.99}


NAME = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)


@given(
    of=NAME,
    name=NAME,
    options=st.dictionaries(NAME.filter(lambda one: one not in {"scorer", "name"}), st.integers() | st.text()),
)
def test_what_is_written_is_read_back(of: str, name: str, options: dict[str, Any]) -> None:
    choice = Choice(of, name, options)
    assert read_choice(choice_content(choice)) == choice


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, "a scorer is a name, or a group of keys"),
        (None, "a scorer is a name, or a group of keys"),
        (["token_f1"], "a scorer is a name, or a group of keys"),
        ({1: 2}, "a scorer is a name, or a group of keys"),
        ({}, "`scorer` is missing"),
        ({"name": "x"}, "scorer x: `scorer` is missing"),
        ({"scorer": 5}, "`scorer` must be the name of a scorer"),
        ({"scorer": "token_f1", "name": 5}, "a name is a small letter"),
        ({"scorer": "token_f1", "name": ""}, "a name is a small letter"),
        ({"scorer": "token_f1", "name": "F 1"}, "a name is a small letter"),
        ("", "a name is a small letter"),
        ("Token", "a name is a small letter"),
    ],
)
def test_anything_else_is_told(value: Any, message: str) -> None:
    with pytest.raises(ScorerOptionsError) as raised:
        read_choice(value)
    assert message in raised.value.message
    assert "token_f1" in raised.value.hint


def test_a_number_that_is_none_is_no_number() -> None:
    option = number("least", 0.5, least=0, most=1)
    assert [option.holds(value) for value in (0, 1, 0.5, 2, True, "1", None, float("nan"))] == [True] * 3 + [False] * 5


def test_names_are_known_without_what_scorers_need() -> None:
    code = (
        "import sys, plimsoll.evaluation.scorers.choices as c; sys.exit('numpy' in sys.modules or 're2' in sys.modules)"
    )
    assert run([executable, "-c", code], check=False).returncode == 0
