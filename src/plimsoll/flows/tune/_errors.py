"""Why nothing can be tuned."""

from collections.abc import Sequence

from plimsoll.kernel.errors import ConflictError, InvalidError, UnavailableError


class TunePartsMissingError(UnavailableError):
    """The optimiser is not installed."""

    code = "tune_parts_missing"

    def __init__(self) -> None:
        super().__init__("tuning needs the package optuna, which is not installed", hint="pip install 'plimsoll[tune]'")


class TuningRunsError(ConflictError):
    """Somebody tunes the same knowledge base at this moment."""

    code = "tuning_runs"

    def __init__(self, knowledge: str) -> None:
        super().__init__(
            f"{knowledge} is being tuned by another process",
            hint="wait for it to end; what it tried is remembered, and the same command goes on from there",
        )


class SearchedWithoutError(InvalidError):
    """A search went on without a part that was to be measured."""

    code = "searched_without"

    def __init__(self, note: str) -> None:
        super().__init__(
            f"the figures would not be of these settings: {note}",
            hint="see that what is tried answers, then tune with another --seed",
        )


class DatasetUnclearError(InvalidError):
    """Nobody said which questions to tune on."""

    code = "dataset_unclear"

    def __init__(self, wanted: str | None, known: Sequence[str]) -> None:
        listed = ", ".join(known) or "none"
        what = "which dataset?" if wanted is None else f"there is no dataset `{wanted}`"
        super().__init__(what, hint=f"name one of datasets/ with --dataset: {listed}")


class TooFewQuestionsError(InvalidError):
    """A dataset has too few rows that say where their answer stands."""

    code = "too_few_questions"

    def __init__(self, dataset: str, found: int, least: int) -> None:
        super().__init__(
            f"dataset {dataset} has {found} questions that name indexed documents, and tuning needs {least}",
            hint='add rows such as {"question": "…", "answers": ["…"], "documents": ["path/of/one.pdf"]}',
        )
