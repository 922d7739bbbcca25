"""One of two runs that are compared: one that was just made, or one that was kept as evidence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from plimsoll.datasets import Row
from plimsoll.kernel.digest import Digest, digest_json

from .._observation import Observation
from .._types import Measure, Run, ScoredRow, Suite
from ..figures import FIGURES, Figure
from ..scorers import Better, Score, Unit


class Kind(NamedTuple):
    """What the numbers of a measure are."""

    unit: Unit
    better: Better
    version: str


@dataclass(frozen=True, slots=True)
class Side:
    """What comparing needs of one run."""

    subject: Digest
    """The draft or release that answered."""
    dataset: Digest
    rows: tuple[ScoredRow, ...]
    kinds: Mapping[str, Kind]
    """Every measure of the run."""
    run: Digest = ""
    """Under which the run is kept; empty where it is not finished yet."""
    figures: Mapping[str, Figure] = field(default_factory=lambda: FIGURES)
    """How the figures of the whole run are found: those of every run, and those that its suite names."""

    @classmethod
    def of_run(cls, run: Run) -> "Side":
        """A run that was just made."""
        digest = digest_json(run.to_json())
        figures = _figures(run.suite)
        return cls(run.subject, run.suite.dataset, run.rows, _kinds(run.measures), digest, figures)

    @classmethod
    def of_rows(cls, suite: Suite, subject: Digest, rows: Iterable[ScoredRow], measures: Iterable[Measure]) -> "Side":
        """A run that has no verdict yet."""
        return cls(subject, suite.dataset, tuple(rows), _kinds(measures), "", _figures(suite))

    @classmethod
    def of_kept(cls, content: Mapping[str, Any], rows: Iterable[Row] = ()) -> "Side":
        """A run as `Runs.get` gives it; `rows` are those of its dataset, where they are at hand.

        Raises ValueError for what is no run.
        """
        known = {row.id: row for row in rows}
        kinds = {
            one["name"]: Kind(one["unit"], one["better"], one["version"])
            for one in content["measures"]
            if not one["slice"]
        }
        scored = tuple(_scored(one, known) for one in content["rows"])
        return cls(content["subject"], content["dataset_digest"], scored, kinds, digest_json(dict(content)))


def _figures(suite: Suite) -> Mapping[str, Figure]:
    return {**FIGURES, **{figure.name: figure for figure in suite.figures}}


def _kinds(measures: Iterable[Measure]) -> Mapping[str, Kind]:
    return {one.name: Kind(one.unit, one.better, one.version) for one in measures if not one.slice}


def _scored(value: Mapping[str, Any], known: Mapping[str, Row]) -> ScoredRow:
    name = value["row"]
    # Without the dataset only what was asked is known, and that is all that comparing looks at.
    row = known.get(name) or Row(
        name, value["question"], (), (), answerable=True, tags=tuple(value["tags"]), group=value.get("group", "")
    )
    told = {scorer: Score(number) for scorer, number in value["scores"].items()}
    told |= {scorer: Score(None, why) for scorer, why in value["not_measured"].items()}
    return ScoredRow(row, Observation.from_json(dict(value)), told, value["repeat"])
