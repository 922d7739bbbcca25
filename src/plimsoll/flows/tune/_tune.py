"""Tuning one knowledge base: the questions are parted, settings are tried on one part, and the other says how good."""

import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from plimsoll import __version__
from plimsoll.kernel.digest import Json, digest_json
from plimsoll.kernel.errors import BudgetError, PlimsollError, UnavailableError
from plimsoll.project import Project
from plimsoll.retrieval.search import Scope

from ..build.one import forget_unpublished, look, texts_of
from ._errors import DatasetUnclearError, TooFewQuestionsError, TuningRunsError
from ._figures import Question, chance_of, interval, plain, question_of
from ._proposal import Gain, Proposal, propose
from ._space import Dimension, applied, space_with
from ._study import RUNGS, Ended, Report, Study, rungs, same_settings
from ._trial import Bench, Trial, TrialParts
from ._types import Measured, Settings, pareto

_LEAST_QUESTIONS: Final = 12
_HELD_BACK: Final = 3
"""Every third question is held back."""

OnTrial = Callable[[int, int], None]
"""Told how many trials have ended, and how many there are to be."""


@dataclass(frozen=True, slots=True)
class TuneWish:
    """What is to be tuned, and how long."""

    knowledge: str
    dataset: str | None = None
    trials: int = 40
    budget_s: float | None = None
    """No trial begins when so many seconds have passed."""
    seed: int = 1
    embedders: tuple[str, ...] = ()
    """Tried beside the present one."""
    rerankers: tuple[str, ...] = ()
    """Tried beside none."""


@dataclass(frozen=True, slots=True)
class TuneParts:
    """What tuning needs from outside."""

    trial: TrialParts
    folder: Path
    """Where what was tried is remembered."""
    on_trial: OnTrial = lambda _done, _total: None
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class TuneReport:
    """What tuning found. The figures of trials are of the questions that chose them, and so too good to be true."""

    wish: TuneWish
    questions: int
    held_back: int
    """Of these; no trial has seen them."""
    trials: int
    given_up: int
    """Trials that were not asked every question."""
    current: Measured
    front: tuple[Measured, ...]
    """The trials, and the settings as they are, that no other dominates."""
    proposal: Proposal | None
    """None where nothing tried was better than what is."""
    errors: tuple[str, ...] = ()
    """Why some settings could not be tried."""


@dataclass(slots=True)
class _Tuning:
    """One run."""

    project: Project
    wish: TuneWish
    parts: TuneParts
    tuned: tuple[Question, ...]
    held_back: tuple[Question, ...]
    bench: Bench
    known: list[Measured] = field(default_factory=list)

    def attempt(self, number: int, settings: Settings, report: Report) -> Ended:
        """Try settings, a rung of questions after the other. Raises UnavailableError and BudgetError."""
        before = same_settings(self.known, settings)
        if before is not None:
            return Ended(replace(before, number=number))
        try:
            return self._attempt(number, settings, report)
        except (UnavailableError, BudgetError):
            # That says nothing of the settings: the next run of the same command tries them again.
            raise
        except ValidationError as error:
            return Ended(error=str(error.errors()[0]["msg"]))
        except PlimsollError as error:
            return Ended(error=error.message)

    def _attempt(self, number: int, settings: Settings, report: Report) -> Ended:
        with self.trial(settings) as trial:
            for rung, count in enumerate(rungs(len(self.tuned))):
                scores = trial.ask(self.tuned[:count], Scope())
                # Who was asked everything is not given up: its figures are there.
                if count < len(self.tuned) and report(rung, sum(one.ndcg for one in scores) / count):
                    return Ended()
            return Ended(self.measured(trial, settings, self.tuned, number))

    def trial(self, settings: Settings) -> Trial:
        """Settings, built."""
        name = self.wish.knowledge
        return Trial(name, self.project, applied(self.project.knowledge[name], settings), self.bench)

    def measured(self, trial: Trial, settings: Settings, questions: Sequence[Question], number: int) -> Measured:
        """What a trial says of some questions."""
        found = trial.measured(settings, questions, number)
        self.known.append(found)
        return found


def tune(project: Project, wish: TuneWish, parts: TuneParts) -> TuneReport:
    """Look for better settings of a knowledge base. Nothing is published and nothing of the project is changed.

    The same wish on the same documents and questions finds the same, also when it was stopped in between: it goes on
    where it was. Raises DatasetUnclearError, TooFewQuestionsError, TuningRunsError, TunePartsMissingError, and what
    building raises.
    """
    with _alone(parts.folder, wish.knowledge):
        try:
            return _tune(project, wish, parts)
        finally:
            forget_unpublished(parts.trial.build)


@contextmanager
def _alone(folder: Path, knowledge: str) -> Iterator[None]:
    """Two at once would take each other's trials for those of a process that was killed. Raises TuningRunsError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"{knowledge}.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TuningRunsError(knowledge) from None
        yield


def _tune(project: Project, wish: TuneWish, parts: TuneParts) -> TuneReport:
    name, bench = wish.knowledge, Bench(parts.trial)
    with Trial(name, project, project.knowledge[name], bench) as current:
        questions = _questions(project, wish, parts)
        tuned, held_back = _parted(questions)
        tuning = _Tuning(project, wish, parts, tuned, held_back, bench)
        current.ask(tuned, Scope())
        now = tuning.measured(current, {}, tuned, -1)
        current.ask(held_back, Scope())
        now_held = current.measured({}, held_back, -1)
    space = _space(project, wish)
    searched = _named(tuning, questions, now)
    study = Study(parts.folder / f"{name}.jsonl", searched, space, wish.seed)
    tuning.known += study.measured()
    _search(study, tuning)
    found = study.measured()
    front = pareto([now, *found])
    best = next((one for one in front if one.number >= 0 and one.figures.ndcg.value > now.figures.ndcg.value), None)
    return TuneReport(
        wish=wish,
        questions=len(questions),
        held_back=len(held_back),
        trials=study.count,
        given_up=study.count - len(found),
        current=now,
        front=tuple(front),
        proposal=None if best is None else _proposal(best, now_held, tuning),
        errors=tuple(study.errors()),
    )


def _search(study: Study, tuning: _Tuning) -> None:
    wish, parts = tuning.wish, tuning.parts
    started = parts.monotonic()
    parts.on_trial(study.count, wish.trials)
    while study.count < wish.trials:
        if wish.budget_s is not None and parts.monotonic() - started >= wish.budget_s:
            return
        study.step(tuning.attempt)
        parts.on_trial(study.count, wish.trials)


def _proposal(best: Measured, now_held: Measured, tuning: _Tuning) -> Proposal:
    """The best, asked the questions that nobody has seen, beside the settings as they are."""
    with tuning.trial(best.settings) as trial:
        trial.ask(tuning.held_back, Scope())
        held = trial.measured(best.settings, tuning.held_back, best.number)
    gains = [after - before for after, before in zip(held.scores, now_held.scores, strict=True)]
    gain = Gain(interval(gains), chance_of(gains))
    return propose(tuning.project, tuning.wish.knowledge, best, (now_held.figures, held.figures), gain)


def _questions(project: Project, wish: TuneWish, parts: TuneParts) -> tuple[Question, ...]:
    dataset = wish.dataset or (next(iter(project.datasets)) if len(project.datasets) == 1 else None)
    if dataset is None or dataset not in project.datasets:
        raise DatasetUnclearError(wish.dataset, sorted(project.datasets))
    texts = {path: plain(text) for path, text in texts_of(wish.knowledge, project, parts.trial.build).items()}
    found = tuple(question for row in project.datasets[dataset] if (question := question_of(row, texts)) is not None)
    different = len({plain(one.text) for one in found})
    if different < _LEAST_QUESTIONS:
        raise TooFewQuestionsError(dataset, different, _LEAST_QUESTIONS)
    # An order that says nothing about the questions, and that one more question does not change for the others.
    return tuple(sorted(found, key=lambda one: digest_json(plain(one.text))))


def _parted(questions: Sequence[Question]) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """Two thirds to choose with, and a third to judge with; a question that is asked twice is in one of them."""
    asked = [plain(one.text) for one in questions]
    different = tuple(dict.fromkeys(asked))
    held = {text for text in different if int(digest_json(text)[-8:], 16) % _HELD_BACK == 0}
    if min(len(held), len(different) - len(held)) < _HELD_BACK:
        # So few questions that chance put them all on one side.
        held = set(different[:_HELD_BACK])
    ours = tuple(one for one, text in zip(questions, asked, strict=True) if text not in held)
    theirs = tuple(one for one, text in zip(questions, asked, strict=True) if text in held)
    return ours, theirs


def _space(project: Project, wish: TuneWish) -> tuple[Dimension, ...]:
    present = project.knowledge[wish.knowledge].embed.model
    return space_with(tuple(dict.fromkeys((present, *wish.embedders))), wish.rerankers)


def _named(tuning: _Tuning, questions: Sequence[Question], now: Measured) -> str:
    """The name of the search: another one for whatever could change what it finds.

    How the settings as they are do stands for all that lies in code and weights.
    """
    project, wish = tuning.project, tuning.wish
    asked: Json = [[one.id, one.text, sorted(one.documents), list(one.answers)] for one in questions]
    tried: Json = [[line.place, list(line.values)] for line in _space(project, wish)]
    seen = look(wish.knowledge, project, tuning.parts.trial.build).digest
    return digest_json([__version__, RUNGS, wish.seed, seen, asked, tried, list(now.scores)])
