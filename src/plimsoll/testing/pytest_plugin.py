"""The pytest plugin: rows of a suite as tests, its gate as an assertion.

    @pytest.mark.plimsoll(suite="ask")
    def test_row(plimsoll_row):
        assert plimsoll_row.score("token_f1") >= 0.5

    @pytest.mark.plimsoll(suite="ask")
    def test_gate(plimsoll_run):
        assert_gate(plimsoll_run)

Each suite is asked once for a session, in parallel, through the function that serves. A row without an answer is an
error of its test and no failure; a scorer that does not apply skips it. Nothing of Plimsoll is imported before a test
wants it, so that other test suites in the same environment pay nothing.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from plimsoll.evaluation import Run

    from .evaluation import AskedRow, ProjectUnderTest

T = TypeVar("T")

_PROJECT: "pytest.StashKey[ProjectUnderTest]" = pytest.StashKey()
_MARK = (
    "plimsoll(suite, tag=None): the suite whose rows are tested, or those with a tag (`plimsoll_row`, `plimsoll_run`)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the command line, and one of the configuration file."""
    group = parser.getgroup("plimsoll", "suites of a Plimsoll project")
    group.addoption("--plimsoll-project", metavar="DIR", help="the project folder; otherwise the ini's, or the rootdir")
    group.addoption("--plimsoll-at-once", type=int, default=4, metavar="N", help="rows asked at a time (4)")
    group.addoption("--plimsoll-max-usd", type=float, metavar="USD", help="begin no more rows of a suite beyond this")
    group.addoption("--plimsoll-fresh", action="store_true", help="ask everything again, and keep nothing")
    parser.addini("plimsoll_project", "the folder of the Plimsoll project, from the rootdir")


def pytest_configure(config: pytest.Config) -> None:
    """The mark; and what cannot be had together."""
    config.addinivalue_line("markers", _MARK)
    if config.getoption("--plimsoll-fresh") and (
        config.getoption("numprocesses", None) or hasattr(config, "workerinput")
    ):
        msg = "--plimsoll-fresh keeps no answer, so every worker would ask every row: leave out -n"
        raise pytest.UsageError(msg)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the project, where one was opened."""
    project = config.stash.get(_PROJECT, None)
    if project is not None:
        project.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each row of the suite, under the row's id."""
    if "plimsoll_row" not in metafunc.fixturenames:
        return
    suite, tag = _marked(metafunc.definition)
    rows = [row for row in _rows(metafunc.config, suite) if tag is None or tag in row.tags]
    if not rows:
        which = f" with the tag {tag}" if tag is not None else ""
        pytest.fail(f"not measured: suite {suite} has no rows{which}", pytrace=False)
    ids = [row.id for row in rows]
    metafunc.parametrize("plimsoll_row", ids, ids=ids, indirect=True)


def _rows(config: pytest.Config, suite: str) -> Any:
    from plimsoll.kernel.errors import PlimsollError

    try:
        return _project(config).rows(suite)
    except PlimsollError as error:
        said = _told(error)
    pytest.fail(said, pytrace=False)


def _told(error: Any) -> str:
    places = (f"{one.place}: {one.what}" for one in getattr(error, "mistakes", ()) if hasattr(one, "place"))
    return "\n".join([error.message, *places, f"hint: {error.hint}"] if error.hint else [error.message, *places])


def _marked(item: Any) -> tuple[str, str | None]:
    """The suite of a test, and the tag of rows that it wants."""
    mark = item.get_closest_marker("plimsoll")
    given = {} if mark is None else dict(mark.kwargs)
    if mark is not None and mark.args:
        given.setdefault("suite", mark.args[0])
    if not given.get("suite"):
        pytest.fail(f'{item.name} needs the mark @pytest.mark.plimsoll(suite="NAME")', pytrace=False)
    return given["suite"], given.get("tag")


def _project(config: pytest.Config) -> "ProjectUnderTest":
    if _PROJECT not in config.stash:
        from .evaluation import ProjectUnderTest, Wishes

        named = config.getoption("--plimsoll-project")
        start = Path(named).absolute() if named else config.rootpath / config.getini("plimsoll_project")
        options = (config.getoption(f"--plimsoll-{name}") for name in ("fresh", "at-once", "max-usd"))
        config.stash[_PROJECT] = ProjectUnderTest(start, Wishes(*options))
    return config.stash[_PROJECT]


def pytest_collection_finish(session: pytest.Session) -> None:
    """What the tests want that are left: of rows that `-k` took away nobody is asked."""
    for item in session.items:
        names = getattr(item, "fixturenames", ())
        if "plimsoll_row" not in names and "plimsoll_run" not in names:
            continue
        if item.get_closest_marker("plimsoll") is None:
            continue
        suite, _ = _marked(item)
        project = _project(session.config)
        if "plimsoll_run" in names:
            project.whole.add(suite)
        if "plimsoll_row" in names:
            project.wanted[suite].add(item.callspec.params["plimsoll_row"])  # type: ignore[attr-defined]  # parametrised above


@pytest.fixture(scope="session")
def plimsoll_project(pytestconfig: pytest.Config) -> "ProjectUnderTest":
    """The project whose suites are tested; `run(suite)` gives the run of any of them."""
    return _project(pytestconfig)


@pytest.fixture
def plimsoll_run(request: pytest.FixtureRequest, plimsoll_project: "ProjectUnderTest") -> "Run":
    """The run of the marked suite with all of its rows, for `assert_gate`."""
    return _guarded(lambda: plimsoll_project.run(_marked(request.node)[0]))


@pytest.fixture
def plimsoll_row(request: pytest.FixtureRequest, plimsoll_project: "ProjectUnderTest") -> "AskedRow":
    """One row of the marked suite, with its answer and scores; a row without an answer is an error of the test."""
    return _guarded(lambda: plimsoll_project.asked(_marked(request.node)[0], request.param))


def _guarded(work: Callable[[], T]) -> T:
    """An expected error as its sentence and hint, without the trace of our own calls."""
    from plimsoll.kernel.errors import PlimsollError

    from .evaluation import NotMeasuredError

    try:
        return work()
    except PlimsollError as error:
        said = f"not measured: {_told(error)}"
    except NotMeasuredError as error:
        said = str(error)
    pytest.fail(said, pytrace=False)
