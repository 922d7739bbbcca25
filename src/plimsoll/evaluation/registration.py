"""Whether what a run was held against had been written down before it began, and is what was written down."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Digest, digest_json

from ._types import Threshold


@dataclass(frozen=True, slots=True)
class Registered:
    """What was published before a run, and what speaks against it; nothing does where all was in order."""

    published_at: str
    started_at: str
    problems: tuple[str, ...] = ()

    @property
    def is_proved(self) -> bool:
        """Whether the evidence shows that the thresholds and the rows were there first, and were those of the run."""
        return not self.problems


def registered_before(run: Mapping[str, Any], content: Mapping[str, Any], published_at: datetime) -> Registered:
    """Hold the evidence of a run against its suite's version: its content, and when the ledger says it was published.

    `run` is what `Runs.get` gives. The suite names its dataset by digest, so what holds of it holds of the rows too.
    """
    started_at = str(run["started_at"])
    problems = tuple(_problems(run, content, published_at))
    return Registered(to_text(published_at), started_at, problems)


def thresholds_of(content: Mapping[str, Any]) -> tuple[Threshold, ...]:
    """The thresholds of a suite's version, in the order in which it names them."""
    slices = {"": content["thresholds"], **content.get("slices", {})}
    return tuple(
        Threshold(
            measure,
            bound.get("at_least"),
            bound.get("at_most"),
            _confidence(bound.get("confidence", content["confidence"])),
            slice_,
            bound.get("may_lose"),
        )
        for slice_, bounds in slices.items()
        for measure, bound in bounds.items()
    )


def _confidence(given: float | str) -> float | None:
    return None if given == "estimate" else float(given)


def _problems(run: Mapping[str, Any], content: Mapping[str, Any], published_at: datetime) -> Iterator[str]:
    found: Digest = digest_json(dict(content))
    if run["suite_digest"] != found:
        yield f"the run names the suite's version {run['suite_digest']}, and this is {found}"
    if from_text(run["started_at"]) < published_at:
        yield (
            f"the run began at {run['started_at']}, and its suite was published only at {to_text(published_at)}: "
            "whoever wrote the thresholds may have seen the figures"
        )
    if run["dataset_digest"] not in {"", content.get("dataset_version")}:
        yield f"the run asked the rows of {run['dataset_digest']}, and the suite names {content.get('dataset_version')}"
    yield from _other_thresholds(run["conditions"], thresholds_of(content))


def _other_thresholds(conditions: Sequence[Mapping[str, Any]], written: Sequence[Threshold]) -> Iterator[str]:
    held = {(one["measure"], one["slice"]): one for one in conditions}
    for threshold in written:
        one = held.pop((threshold.measure, threshold.slice), None)
        if one is None:
            yield f"the run was not held against {threshold.place} {threshold.text()}"
            continue
        bounds = (threshold.at_least, threshold.at_most, threshold.confidence, threshold.may_lose)
        if (one["at_least"], one["at_most"], one["confidence"], one.get("may_lose")) != bounds:
            yield f"the run was held against another threshold of {threshold.place} than {threshold.text()}"
    for measure, slice_ in held:
        yield f"the run was held against a threshold of {Threshold(measure, slice=slice_).place} that nobody wrote down"
