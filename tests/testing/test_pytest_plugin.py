"""The pytest plugin, on a real project, inside this process."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from tests.flows.conftest import FILES, Workshop

from plimsoll.cli import main
from plimsoll.flows.serve import Answering

pytest_plugins = ["pytester"]

TESTS = """
import pytest
from plimsoll.testing.evaluation import assert_gate

@pytest.mark.plimsoll(suite="ask")
def test_row(plimsoll_row):
    assert plimsoll_row.answer or not plimsoll_row.expected
    assert plimsoll_row.score("answer_contains") == 1.0

@pytest.mark.plimsoll(suite="ask")
def test_gate(plimsoll_run):
    assert_gate(plimsoll_run)
"""
Pytest = Callable[..., pytest.RunResult]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A project that was built and run once in this process, so that what inner sessions import is there."""
    workshop = Workshop(tmp_path_factory.mktemp("plugin") / "harbour")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLIMSOLL_ACTOR", "ada")
        with pytest.raises(SystemExit):
            main(["-C", str(workshop.root), "eval"])
    return workshop


@pytest.fixture
def project(built: Workshop) -> Workshop:
    """The same with its files as they were."""
    for name, text in FILES.items():
        built.write(name, text)
    return built


@pytest.fixture
def run_tests(project: Workshop, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Pytest:
    """Run a test file in a session of its own; plug-ins of this environment stay out.

    The project comes first: what `pytester` does not find imported when it begins, it takes away again.
    """
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PLIMSOLL_ACTOR", "ada")

    def run(text: str = TESTS, *options: str) -> pytest.RunResult:
        pytester.makepyfile(text)
        plugin = ("-p", "plimsoll.testing.pytest_plugin", "-p", "no:cacheprovider")
        return pytester.runpytest_inprocess(*plugin, "--plimsoll-project", str(project.root), *options)

    return run


def test_each_row_is_a_test_and_the_gate_is_one(run_tests: Pytest) -> None:
    result = run_tests(TESTS, "-v", "--strict-markers")
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(["*test_row[[]row-1[]] PASSED*", "*test_row[[]row-3[]] SKIPPED*", "*test_gate PASSED*"])


def test_a_scorer_that_does_not_apply_skips_with_the_reason(run_tests: Pytest) -> None:
    run_tests(TESTS, "-rs").stdout.fnmatch_lines(["SKIPPED*answer_contains does not apply to row-3"])


def test_a_gate_that_does_not_pass_says_which_condition_and_why(run_tests: Pytest, project: Workshop) -> None:
    path = project.root / "evals/ask.yaml"
    project.write("evals/ask.yaml", path.read_text().replace("confidence: estimate\n", "").replace("0.5", "1.2"))
    result = run_tests()
    result.assert_outcomes(passed=2, skipped=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "fail: the gate of suite ask",
            "  fail: answer_contains 1.000 (2 rows, interval * to 1.000), at least 1.2: 1.000 is below 1.2",
            "  not measured: retrieval_recall *more rows are needed*",
        ]
    )


def test_thresholds_of_a_test_take_the_place_of_those_of_the_suite(run_tests: Pytest) -> None:
    result = run_tests(
        """
        import pytest
        from plimsoll.evaluation import Threshold
        from plimsoll.testing.evaluation import assert_gate

        @pytest.mark.plimsoll("ask")
        def test_loose(plimsoll_run):
            assert_gate(plimsoll_run, Threshold("answer_contains", at_least=0.3, confidence=None))

        @pytest.mark.plimsoll("ask")
        def test_sure(plimsoll_run):
            assert_gate(plimsoll_run, Threshold("answer_contains", at_least=0.9))

        @pytest.mark.plimsoll("ask")
        def test_unknown(plimsoll_run):
            assert_gate(plimsoll_run, Threshold("no_such_measure", at_least=0.9))
        """
    )
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["not measured: the gate of suite ask", "  not measured: no_such_measure*"])


def test_only_rows_that_are_wanted_are_asked_and_each_once(
    run_tests: Pytest, project: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    honest = Answering.answer

    async def answer(self: Answering, request: object) -> object:
        asked.append(request.body["messages"][0]["content"])  # type: ignore[attr-defined]  # an AnswerRequest
        return await honest(self, request)  # type: ignore[arg-type]  # the same

    monkeypatch.setattr(Answering, "answer", answer)
    run_tests(TESTS, "-k", "row-2", "--plimsoll-fresh").assert_outcomes(passed=1, deselected=3)
    assert asked == ["When did the freezer fail?"]
    asked.clear()
    run_tests(TESTS, "--plimsoll-fresh").assert_outcomes(passed=3, skipped=1)
    assert len(asked) == 3
    asked.clear()
    run_tests().assert_outcomes(passed=3, skipped=1)
    assert asked == [], "answers of an earlier run are kept"
    assert project.root.is_dir()


def test_a_row_without_an_answer_is_an_error_and_no_failure(run_tests: Pytest) -> None:
    result = run_tests(TESTS, "--plimsoll-fresh", "--plimsoll-max-usd", "0")
    result.assert_outcomes(errors=3, failed=1)
    result.stdout.fnmatch_lines(["not measured: row-1 has no answer: not asked: the run has cost 0 USD*"])


def test_rows_with_a_tag(run_tests: Pytest, project: Workshop) -> None:
    dataset = project.root / "datasets/ask.jsonl"
    answers = '"answers": ["3 May 2025"]'
    dataset.write_text(dataset.read_text().replace(answers, f'{answers}, "tags": ["late"]'))
    late = TESTS.replace('suite="ask"', 'suite="ask", tag="late"')
    run_tests(late, "-k", "test_row", "-v").stdout.fnmatch_lines(["*test_row[[]row-2[]] PASSED*"])
    none = run_tests(TESTS.replace('suite="ask"', 'suite="ask", tag="none"'), "-k", "test_row")
    none.assert_outcomes(errors=1)
    none.stdout.fnmatch_lines(["*not measured: suite ask has no rows with the tag none*"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TESTS.replace('"ask"', '"asks"'), "*evals/ has no suite `asks`*"),
        (TESTS.replace('(suite="ask")', "()"), '*needs the mark @pytest.mark.plimsoll(suite="NAME")*'),
        (TESTS.replace('"answer_contains"', '"no_such"'), "*the suite has no scorer no_such; it has answer_contains*"),
    ],
)
def test_wrong_use_is_told(run_tests: Pytest, text: str, said: str) -> None:
    result = run_tests(text)
    result.stdout.fnmatch_lines([said])
    assert result.ret != 0


def test_a_project_with_mistakes_is_told_with_their_places(run_tests: Pytest, project: Workshop) -> None:
    project.write("evals/ask.yaml", "dataset: ask\nendpoint: nothing\nscorers: []\n")
    result = run_tests()
    result.stdout.fnmatch_lines(["*evals/ask.yaml*"])
    assert result.ret != 0


def test_an_event_loop_around_the_test_is_no_hindrance(run_tests: Pytest) -> None:
    run_tests(
        """
        import asyncio
        import pytest

        def test_inside(plimsoll_project):
            async def inside():
                return plimsoll_project.run("ask")
            assert asyncio.run(inside()).verdict.outcome == "pass"
        """
    ).assert_outcomes(passed=1)


def test_workers_may_not_all_ask_everything(run_tests: Pytest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p xdist -n 2")
    result = run_tests(TESTS, "--plimsoll-fresh")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_loading_the_plugin_imports_nothing_of_the_rooms() -> None:
    named = "sorted(name for name in sys.modules if name.startswith('plimsoll'))"
    code = f"import sys, plimsoll.testing.pytest_plugin; print(*{named})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["plimsoll", "plimsoll.testing", "plimsoll.testing.pytest_plugin"]
