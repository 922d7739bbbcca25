"""Commands of the noun review about labels: queues of answers that people label, each without seeing the others."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from plimsoll.kernel.errors import ConflictError, InvalidError

from .._state import State, json_option
from ..show import labels as show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from plimsoll.bootstrap import Platform
    from plimsoll.reviews.annotations import Annotations, Item, Settled

_MOST_BYTES = 64 * 1024 * 1024


class AnswersInvalidError(InvalidError):
    """A file of answers cannot be read."""

    code = "answers_invalid"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} is no file of answers: {why}",
            hint='write one JSON object a line: {"id": "…", "question": "…", "answer": "…", "reference": ["…"]}',
        )


class StillBlindError(ConflictError):
    """Who still has answers to label sees nothing of what others said."""

    code = "still_blind"

    def __init__(self, queue: str) -> None:
        super().__init__(
            f"you still have answers to label in {queue}, so you cannot see what others said",
            hint=f"label them first (`plimsoll review next {queue}`), or let somebody else export them",
        )


class RunMissingError(InvalidError):
    """Neither a file of answers nor a run was named, or both."""

    code = "answers_unnamed"

    def __init__(self) -> None:
        super().__init__("name the answers that are to be labelled", hint="give --file ANSWERS.jsonl or --run DIGEST")


def annotations_of(platform: "Platform") -> "Annotations":
    """The queues and labels of an installation."""
    from plimsoll.reviews.annotations import Annotations

    return Annotations(platform.records, platform.ledger)


@click.command("queue", epilog="Example: plimsoll review queue first --file answers.jsonl --labels wrong,right")
@click.argument("name", required=False)
@click.option("--file", "file", type=click.Path(path_type=Path), help="JSONL of answers.")
@click.option("--run", "run", help="The digest of an evaluation run, whose answers are taken.")
@click.option("--question", default="Is the answer right?", show_default=True, help="What annotators decide.")
@click.option("--labels", default="wrong,right", show_default=True, help="What they can say, the worst first.")
@click.option(
    "--annotators", default=2, show_default=True, type=click.IntRange(1, 20), help="How many label each answer."
)
@click.option("--judge", help="Ask what this judge is asked: judge_coherence, judge_helpfulness, judge_factuality …")
@json_option
def queue(
    state: State, *, name: str | None, file: Path | None, run: str | None, judge: str | None, **task: Any
) -> None:
    """Open a queue of answers to label, or list the queues without a NAME. A queue never changes.

    The answers come from a file, or from the rows of an evaluation run.
    """
    from plimsoll.reviews.annotations import Task

    with state.platform(state.project_root(), "trace") as platform:
        store = annotations_of(platform)
        if name is None:
            found = store.queues(platform.app)
            state.output.result([show.queue_json(one) for one in found], lambda screen: show.queues(screen, found))
            return
        if (file is None) == (run is None):
            raise RunMissingError
        items = list(_of_run(platform, run) if file is None else _of_file(file))
        labels = tuple(label.strip() for label in task["labels"].split(","))
        asked, labels = (task["question"], labels) if judge is None else _of_judge(judge)
        made = store.open(platform.app, name, Task(asked, labels, task["annotators"]), items, by=platform.acting.by)
    state.output.result(show.queue_json(made), lambda screen: show.opened(screen, made))


def _of_judge(name: str) -> tuple[str, tuple[str, ...]]:
    """What a judge with a rubric is asked, word for word, and what it can say."""
    from plimsoll.evaluation.judges import RUBRICS
    from plimsoll.evaluation.scorers import ScorerOptionsError

    rubric = RUBRICS.get(name.removeprefix("judge_"))
    if rubric is None:
        known = ", ".join(f"judge_{one}" for one in RUBRICS)
        raise ScorerOptionsError(name, "there is no such rubric", f"rubrics: {known}; or give --question and --labels")
    return rubric.text(), tuple(str(number) for number in range(1, len(rubric.anchors) + 1))


def _of_file(path: Path) -> "Iterator[Item]":
    from msgspec import ValidationError

    from plimsoll.reviews.annotations import Item

    number = 0
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise AnswersInvalidError(path, "it is larger than 64 MB")
        for number, line in enumerate(data.decode("utf-8").split("\n"), start=1):
            if line.strip():
                yield Item.from_json({"id": f"row-{number}", **json.loads(line)})
    except OSError as error:
        raise AnswersInvalidError(path, error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise AnswersInvalidError(path, "it is not UTF-8") from None
    except (ValueError, TypeError, RecursionError, ValidationError) as error:
        raise AnswersInvalidError(path, f"line {number}: {error}") from None


def _of_run(platform: "Platform", run: str | None) -> "Iterator[Item]":
    """The answered rows of a run; each once, however often it was asked."""
    from plimsoll.reviews.annotations import Item

    content = platform.runs.get(str(run))
    references = _references(platform, content)
    for row in content["rows"]:
        if row.get("error") or row.get("repeat") or not row.get("answer"):
            continue
        yield Item(
            id=row["row"],
            question=row["question"],
            answer=row["answer"],
            reference=references.get(row["row"], ()),
            passages=tuple(passage["text"] for passage in row.get("passages", ())),
            tags=tuple(row.get("tags", ())),
            group=row.get("group", ""),
            author=row.get("target", ""),
            source=f"run:{run}",
        )


def _references(platform: "Platform", content: "Mapping[str, Any]") -> "Mapping[str, tuple[str, ...]]":
    """The accepted answers of a run's rows, from the dataset that its suite was made with."""
    from plimsoll.registry import VersionRef

    suite = VersionRef("suite", content["suite"], content["suite_digest"])
    datasets = [ref for ref in platform.registry.parents(platform.app, suite) if ref.kind == "dataset"]
    found: dict[str, tuple[str, ...]] = {}
    for ref in datasets:
        rows = cast("Mapping[str, Any]", platform.registry.content(ref.digest))["rows"]
        # Rows of labelled texts are named by their field as well, and have no reference of their own.
        found |= {row["id"]: tuple(row["answers"]) for row in rows if "answers" in row}
    return found


@click.command("next", epilog="Example: plimsoll review next first")
@click.argument("queue")
@json_option
def next_answer(state: State, queue: str) -> None:
    """The next answer that you have not labelled, without what others said of it."""
    with state.platform(state.project_root(), "trace") as platform:
        found = annotations_of(platform).next(platform.app, queue, platform.acting.by.actor)
    state.output.result(show.next_json(found), lambda screen: show.shown(screen, queue, found))


@click.command("label", epilog="Example: plimsoll review label first row-7 right --note 'clause 4'")
@click.argument("queue")
@click.argument("answer")
@click.argument("label")
@click.option("--note", default="", help="Why, in your own words; sealed for you.")
@json_option
def label_answer(state: State, *, queue: str, answer: str, label: str, note: str) -> None:
    """Say which LABEL an ANSWER has. Your last word counts until all annotators have said theirs."""
    with state.platform(state.project_root(), "trace") as platform:
        said = annotations_of(platform).label(platform.app, queue, answer, label, by=platform.acting.by, note=note)
    state.output.result(show.annotation_json(said), lambda screen: show.annotated(screen, said))


@click.command("adjudicate", epilog="Example: plimsoll review adjudicate first row-7 right --reason 'clause 4 says so'")
@click.argument("queue")
@click.argument("answer")
@click.argument("label")
@click.option("--reason", default="", help="Why; sealed for you.")
@json_option
def adjudicate(state: State, *, queue: str, answer: str, label: str, reason: str) -> None:
    """Settle an ANSWER on which annotators differ. Nobody settles what they labelled themselves."""
    with state.platform(state.project_root(), "approve") as platform:
        platform.acting.require("trace")
        store = annotations_of(platform)
        said = store.adjudicate(platform.app, queue, answer, label, by=platform.acting.by, reason=reason)
    state.output.result(show.annotation_json(said), lambda screen: show.annotated(screen, said))


@click.command("agreement", epilog="Example: plimsoll review agreement first --export labels.jsonl")
@click.argument("queue")
@click.option("--export", "export", type=click.Path(path_type=Path), help="Also write what was agreed as JSONL.")
@json_option
def agreement(state: State, *, queue: str, export: Path | None) -> None:
    """How far annotators agree, and which answers wait for somebody to settle them.

    Shown only to who has nothing left to label here: nobody sees what others said before they said it themselves.
    """
    from plimsoll.reviews.annotations import standing

    with state.platform(state.project_root(), "trace") as platform:
        store = annotations_of(platform)
        task = store.queue(platform.app, queue).task
        settled = store.trusted(platform.app, queue)
        waits = store.next(platform.app, queue, platform.acting.by.actor) is not None
        named = {who: platform.named(who) for one in settled for who in one.labels}
    if waits and export is not None:
        raise StillBlindError(queue)
    found = standing(task, settled)
    disputed = [] if waits else [one for one in settled if one.is_disputed]
    if export is not None:
        export.write_text("".join(_lines(settled)), encoding="utf-8")
    state.output.result(show.standing_json(found), lambda screen: show.standing(screen, found, disputed, named))


def _lines(settled: "Sequence[Settled]") -> "Iterator[str]":
    """What was agreed, as JSONL; what was erased, or is not agreed, is left out."""
    for one in settled:
        if one.label and one.item is not None:
            said = {**one.item.to_json(), "label": one.label, "labels": sorted(one.labels.values())}
            yield json.dumps(said, ensure_ascii=False) + "\n"


LABELLING: tuple[click.Command, ...] = (queue, next_answer, label_answer, adjudicate, agreement)
"""What `plimsoll review` can do about labels, beside approvals."""
