"""The search: a tree-structured Parzen estimator chooses settings, and only the better half is asked more questions.

The estimator is that of Bergstra et al. (2011), by optuna; the halving is that of Karnin et al. (2013) in the
asynchronous form of Li et al. (2018), among the trials that ended. What is known is kept in a file, so that a search
goes on where it was stopped; and it goes on as if it had not been stopped, because chance begins anew with each trial,
from a seed and the trials before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import convert, to_builtins

from plimsoll.kernel.digest import Digest

from ._errors import TunePartsMissingError
from ._space import Dimension, choose
from ._types import Measured, Settings

if TYPE_CHECKING:
    import optuna

_FIRST_BY_CHANCE: Final = 8
_APART: Final = 1_000_003
"""So far are the seeds of two searches apart, that none of their trials share one."""
_HALVING: Final = 2
RUNGS: Final = 3
"""A quarter, half, and all of the questions; fewer where a quarter would say nothing."""
_LEAST_ASKED: Final = 20
"""Fewer say nothing."""

Report = Callable[[int, float], bool]
"""Told the rung and the figure so far; whether the trial is given up."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a trial ended: with a measurement, given up after a rung, or with an error."""

    measured: Measured | None = None
    error: str = ""


Attempt = Callable[[int, Settings, Report], Ended]


def rungs(count: int) -> tuple[int, ...]:
    """How many questions are asked at each rung, of so many; at the last all of them, and at each more than before."""
    least = min(count, _LEAST_ASKED)
    return tuple(dict.fromkeys(max(least, count // _HALVING**power) for power in reversed(range(RUNGS))))


class Study:
    """The trials of one search. Nobody else may have the file open for one."""

    def __init__(self, file: Path, name: Digest, space: tuple[Dimension, ...], seed: int) -> None:
        try:
            import optuna
            from optuna.storages.journal import JournalFileBackend
        except ImportError:
            raise TunePartsMissingError from None
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear_after_a_kill(file)
        backend = JournalFileBackend(str(file))
        self._space = space
        self._seed = seed
        self._study = optuna.create_study(
            storage=optuna.storages.JournalStorage(backend),
            study_name=name,
            direction="maximize",
            pruner=optuna.pruners.NopPruner(),
            load_if_exists=True,
        )
        for trial in self._study.get_trials(deepcopy=False):
            if not trial.state.is_finished():
                # Its process was killed; the trial is chosen again.
                self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)

    @property
    def count(self) -> int:
        """How many trials ended, given up ones included."""
        return len(self._ended())

    def measured(self) -> list[Measured]:
        """Those that were asked every question, in their order."""
        kept = (trial.user_attrs.get("measured") for trial in self._ended())
        return [convert(one, Measured) for one in kept if one is not None]

    def errors(self) -> list[str]:
        """Why trials could not be measured, each reason once."""
        return list(dict.fromkeys(trial.user_attrs["error"] for trial in self._ended() if "error" in trial.user_attrs))

    def step(self, attempt: Attempt) -> None:
        """Choose settings, try them, and remember what came of it."""
        import optuna

        done = self.count
        seed = (self._seed * _APART + done) % 2**32
        self._study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_FIRST_BY_CHANCE)
        trial = self._study.ask()
        settings = choose(self._space, lambda place, values: trial.suggest_categorical(place, list(values)))

        def report(rung: int, figure: float) -> bool:
            trial.report(figure, rung)
            return rung < RUNGS - 1 and not self._is_of_the_better(rung, figure)

        ended = attempt(done, settings, report)
        if ended.measured is not None:
            trial.set_user_attr("measured", to_builtins(ended.measured))
            self._study.tell(trial, ended.measured.figures.ndcg.value)
            return
        if ended.error:
            trial.set_user_attr("error", ended.error)
        self._study.tell(trial, state=optuna.trial.TrialState.PRUNED)

    def _is_of_the_better(self, rung: int, figure: float) -> bool:
        """Whether a trial belongs to the better half of those that ended and came so far, itself included.

        Not left to optuna, which also counts a trial that was killed there and is tried again.
        """
        others = (trial.intermediate_values.get(rung) for trial in self._ended())
        ranked = sorted([figure, *(other for other in others if other is not None)], reverse=True)
        return figure >= ranked[max(len(ranked) // _HALVING - 1, 0)]

    def _ended(self) -> "Sequence[optuna.trial.FrozenTrial]":
        from optuna.trial import TrialState

        return self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _clear_after_a_kill(file: Path) -> None:
    """Remove a last line that was never ended, and the lock of who wrote it, for which optuna would wait."""
    Path(f"{file}.lock").unlink(missing_ok=True)
    if not file.exists():
        return
    with file.open("rb+") as journal:
        journal.truncate(journal.read().rfind(b"\n") + 1)


def same_settings(found: Sequence[Measured], settings: Settings) -> Measured | None:
    """A trial of the same settings that was measured before."""
    return next((one for one in found if dict(one.settings) == dict(settings)), None)
