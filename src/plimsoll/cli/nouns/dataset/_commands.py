"""The commands of datasets."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import InvalidError

from ..._exits import DONE, REFUSED
from ..._output import progress
from ..._state import State, json_option
from ..cost import moment_before

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.datasets import Row
    from plimsoll.datasets.files import Description
    from plimsoll.flows.dataset.documents import DocumentReport, DocumentWish
    from plimsoll.flows.dataset.traces import TraceParts
    from plimsoll.project import Project

_FILE = click.Path(dir_okay=False, path_type=Path)
_SEED = click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, 2**31), help="For the same rows again."
)
_REPLACE = click.option("--replace", is_flag=True, help="Write over a dataset of this name.")
_ROWS = click.option(
    "--rows", default=200, show_default=True, type=click.IntRange(1, 100_000), help="How many at most."
)
_SPLIT = click.option("--split", metavar="SHARES", help="Divide them, such as train=0.6,dev=0.2,test=0.2.")


class NothingMadeError(InvalidError):
    """There is nothing to write."""

    code = "nothing_made"

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(f"no row was made: {why}", hint=hint)


class ColumnUnfitError(InvalidError):
    """A column cannot be what is said of it."""

    code = "column_unfit"

    def __init__(self, given: str, why: str) -> None:
        super().__init__(f"`--column {given[:100]}` cannot be read", hint=f"write KEY=COLUMN; {why}")


@click.group(short_help="Questions with known answers")
def dataset() -> None:
    """The datasets of a project: questions with the answers that people expect, as files in datasets/."""


@dataset.command("list", epilog="Example: plimsoll dataset list")
@json_option
def list_(state: State) -> None:
    """The datasets of the project, with the versions that a build makes of them."""
    from plimsoll.flows.dataset import described

    from ...show import datasets as show

    project = state.project()
    found = [described(project, name) for name in sorted({*project.datasets, *project.labelled})]
    state.output.result([one.to_json() for one in found], lambda screen: show.listed(screen, found))


@dataset.command("show", epilog="Example: plimsoll dataset show ask --slice hard")
@click.argument("name")
@click.option("--slice", "slice_", help="Only rows with this tag.")
@click.option("--split", type=click.Choice(["train", "dev", "test"]), help="Only rows of this split.")
@json_option
def show_(state: State, *, name: str, slice_: str | None, split: str | None) -> None:
    """One dataset: counts, splits, slices, where rows come from, and the rows."""
    from plimsoll.flows.dataset import described, rows_of

    from ...show import datasets as show

    project = state.project()
    about = described(project, name)
    rows = [
        row
        for row in rows_of(project, name)
        if (slice_ is None or slice_ in row.tags) and (split is None or row.split == split)
    ]
    said: dict[str, Any] = {**about.to_json(), "shown": [row.to_json() for row in rows]}
    state.output.result(said, lambda screen: show.rows_shown(screen, about, about.about, rows))


@dataset.command("check", epilog="Example: plimsoll dataset check ask --json")
@click.argument("name")
@json_option
def check_(state: State, name: str) -> int:
    """Leaks, duplicates, contradictions, unknown documents, rows too few to say anything; exit 1 when there are any.

    Questions are held against prompts, training data of models, other datasets, other splits, and the documents of the
    last build.
    """
    from plimsoll.flows.dataset import CheckParts, check

    from ...show import datasets as show

    project = state.project()
    with state.platform(project.root, "read") as platform:
        registry = platform.registry
        parts = CheckParts(lambda app: registry.versions(app, kind="source"), registry.content)
        found = check(project, name, parts)
    state.output.result(found.to_json(), lambda screen: show.checked(screen, found))
    return REFUSED if found.wrong else DONE


@dataset.command("diff", epilog="Example: plimsoll dataset diff ask@1 ask")
@click.argument("old")
@click.argument("new", required=False)
@json_option
def diff_(state: State, old: str, new: str | None) -> None:
    """What differs between two datasets, told apart by the ids of their rows.

    Each is a dataset of the project, a version of one (`ask@3`, or `ask@` for the newest), or a file. With one name:
    what a build would change.
    """
    from plimsoll.datasets import diff_rows

    from ...show import datasets as show

    project = state.project()
    if new is None:
        old, new = f"{old}@", old
    found = diff_rows(*(_rows(state, project, name) for name in (old, new)))
    said = {
        "added": [row.to_json() for row in found.added],
        "removed": [row.to_json() for row in found.removed],
        "changed": [{"id": one.id, "changed": dict(one.changed)} for one in found.changed],
        "same": found.same,
        "moved": found.moved,
    }
    state.output.result(said, lambda screen: show.difference(screen, (old, new), found))


@dataset.command("import", epilog="Example: plimsoll dataset import faq.csv --column question=Q --column answers=A")
@click.argument("file", type=_FILE)
@click.option("--name", help="What it is called; otherwise as the file.")
@click.option("--column", "columns", multiple=True, metavar="KEY=COLUMN", help="Which column is what; repeatable.")
@click.option("--separator", default="", help="What stands between several answers, documents or tags in a cell.")
@click.option("--unique", is_flag=True, help="Leave out questions that are the same as an earlier one, or nearly.")
@_SPLIT
@_REPLACE
@json_option
def import_(state: State, *, file: Path, name: str | None, split: str | None, unique: bool, **wanted: Any) -> None:
    """Make a dataset of a JSONL, CSV or Parquet file, with all mistakes told at once."""
    from plimsoll.datasets.files import read_file
    from plimsoll.flows.dataset import place_of

    from ...show import datasets as show

    root = state.project_root()
    path = place_of(root, name or file.stem)
    rows = read_file(file, _description(wanted["columns"], wanted["separator"]))
    rows = _from_file(rows, file)
    left_out = 0
    if unique:
        from plimsoll.datasets.alike import without_duplicates

        found = without_duplicates(rows)
        rows, left_out = found.rows, found.same + found.near
    _write(path, rows, split, replace=wanted["replace"])
    if left_out:
        state.output.note(f"{left_out} questions were left out, because an earlier one asks the same or nearly that")
    said = {"path": path, "rows": len(rows), "left_out": left_out}
    state.output.result(said, lambda screen: show.written(screen, len(rows), path))


@dataset.command("from-traces", epilog="Example: plimsoll dataset from-traces real --endpoint ask --since 7d")
@click.argument("name")
@click.option("--endpoint", help="Only requests to this endpoint.")
@click.option("--env", "environment", help="Only requests to this environment.")
@click.option("--since", default="7d", show_default=True, metavar="TIME", help="24h, 7d, or a date (UTC).")
@click.option("--until", metavar="TIME", help="As --since; now otherwise.")
@_ROWS
@click.option("--balanced", is_flag=True, help="More rows of what is rare than its share.")
@click.option("--keep-pii", is_flag=True, help="Keep personal data; needs the right `erase`.")
@_SEED
@_SPLIT
@_REPLACE
@json_option
def from_traces_(
    state: State, *, name: str, since: str, until: str | None, split: str | None, replace: bool, **wanted: Any
) -> None:
    """Make a dataset of requests that were served: a sample of every kind, without the personal data in it.

    Corrections that people sent as feedback, and answers that they found good, become the expected answers.
    """
    from plimsoll.flows.dataset import place_of
    from plimsoll.flows.dataset.traces import TraceWish, from_traces

    from ...show import datasets as show

    now = utc_now()
    first, last = moment_before(since, now), None if until is None else moment_before(until, now)
    root = state.project_root()
    path = _free(place_of(root, name), replace=replace)
    with state.platform(root, "trace") as platform, progress(state.output) as advance:
        found = from_traces(TraceWish(since=first, until=last, **wanted), _trace_parts(platform, advance))
    if not found.rows:
        why = f"{found.requests} requests fit, and none can be a row"
        raise NothingMadeError(why, "look further back with --since, or at another endpoint")
    _write(path, found.rows, split, replace=replace)
    said = {"path": path, **found.to_json()}
    state.output.result(said, lambda screen: show.made_from_traces(screen, found, path))


@dataset.command("from-documents", epilog="Example: plimsoll dataset from-documents facts --knowledge contracts")
@click.argument("name")
@click.option("--knowledge", help="The knowledge base; the only one of the project otherwise.")
@_ROWS
@click.option("--unanswerable", default=0.2, show_default=True, type=click.FloatRange(0, 0.9), help="Their share.")
@click.option("--no-blanks", is_flag=True, help="Only sentences that a question can be made of, and none with blanks.")
@click.option("--route", help="Let the model of this route write questions; it pays from your budgets.")
@_SEED
@_SPLIT
@_REPLACE
@json_option
def from_documents_(
    state: State, *, name: str, knowledge: str | None, split: str | None, replace: bool, **wanted: Any
) -> None:
    """Make a dataset of questions whose answers stand in the documents, and of some that nothing there answers.

    Without --route no model is asked: sentences of English documents become questions by their form.
    """
    from plimsoll.flows.dataset import place_of
    from plimsoll.flows.dataset.documents import DocumentWish

    from ...show import datasets as show

    project = state.project()
    path = _free(place_of(project.root, name), replace=replace)
    chosen = _knowledge(project, knowledge)
    route, no_blanks = wanted.pop("route"), wanted.pop("no_blanks")
    found = _made(state, project, chosen, DocumentWish(blanks=not no_blanks, **wanted), route)
    if not found.rows:
        why = f"{found.sentences} sentences, {found.asked} questions, and none that holds"
        raise NothingMadeError(why, "sentences of English prose are read; name a route with --route for other texts")
    _write(path, found.rows, split, replace=replace)
    said = {"path": path, **found.to_json()}
    state.output.result(said, lambda screen: show.made_from_documents(screen, found, path))


def _made(
    state: State, project: "Project", knowledge: str, wish: "DocumentWish", route: str | None
) -> "DocumentReport":
    from ._parts import make

    with state.platform(project.root) as platform:
        platform.acting.require("publish")
        with progress(state.output) as advance:
            return asyncio.run(make(project, knowledge, wish, platform, (route, advance)))


def _knowledge(project: "Project", name: str | None) -> str:
    from plimsoll.flows.refresh import KnowledgeUnknownError

    names = sorted(project.knowledge)
    if name is None and len(names) == 1:
        return names[0]
    if name is None or name not in project.knowledge:
        raise KnowledgeUnknownError(name or "", names)
    return name


def _trace_parts(platform: "Platform", advance: Any) -> "TraceParts":
    from ._parts import trace_parts

    return trace_parts(platform, advance)


def _rows(state: State, project: "Project", name: str) -> "tuple[Row, ...]":
    """The rows of a file, of a version of a dataset, or of a dataset as the project has it."""
    from plimsoll.datasets.files import ENDINGS, read_file
    from plimsoll.flows.dataset import rows_of

    file = Path(name)
    if file.suffix.lower() in ENDINGS:
        return read_file(file)
    if "@" not in name:
        return rows_of(project, name)
    from ._parts import rows_of_version

    with state.platform(project.root, "read") as platform:
        return rows_of_version(platform, name)


def _description(columns: "tuple[str, ...]", separator: str) -> "Description":
    from plimsoll.datasets.files import Description, column_mistake

    chosen: dict[str, tuple[str, ...]] = {}
    for given in columns:
        key, _, column = given.partition("=")
        if not column:
            raise ColumnUnfitError(given, "such as question=prompt")
        if why := column_mistake(key):
            raise ColumnUnfitError(given, why)
        chosen[key] = (*chosen.get(key, ()), column)
    return Description(columns=chosen, separator=separator)


def _from_file(rows: "tuple[Row, ...]", file: Path) -> "tuple[Row, ...]":
    from dataclasses import replace

    name = file.name.encode("utf-8", "backslashreplace").decode()
    return tuple(
        row if row.source else replace(row, source=f"file:{name}#row={number}")
        for number, row in enumerate(rows, start=1)
    )


def _free(path: Path, *, replace: bool) -> Path:
    """The path, where nothing stands in its way. Not after minutes, when there is something to write."""
    from plimsoll.datasets.files import DatasetThereError

    if path.exists() and not replace:
        raise DatasetThereError(path)
    return path


def _write(path: Path, rows: "tuple[Row, ...]", split: str | None, *, replace: bool) -> None:
    from plimsoll.datasets import divide, read_shares
    from plimsoll.datasets.files import write_rows

    write_rows(path, rows if split is None else divide(rows, read_shares(split)), replace=replace)


COMMANDS: tuple[click.Command, ...] = (dataset,)
