"""What changed between two releases, across all kinds at once. A door of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import NotFoundError
from plimsoll.registry.diff import Change, VersionDiff, What, diff_versions
from plimsoll.releases import Evidence, Manifest

__all__ = ["ArtifactChange", "EvidenceChange", "MeasureChange", "ReleaseDiff", "diff_releases"]

Content = Callable[[Digest], Json]
"""Reads the content with this address. Raises NotFoundError when it is no longer kept."""

_DATASET = "dataset_version"


@dataclass(frozen=True, slots=True)
class ArtifactChange:
    """An artifact that only one release has, or of which they have different versions."""

    key: str
    """`kind:name`."""
    what: What
    before: Digest | None
    after: Digest | None
    diff: VersionDiff | None = None
    """What is different inside; None when the artifact came or went, or when a content is no longer kept."""
    loosens: bool = False
    """Whether a guardrail went. What loosens inside a changed artifact is in its `diff`."""

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "artifact": self.key,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "diff": None if self.diff is None else self.diff.to_json(),
            "loosens": self.loosens,
        }


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """A figure that the two runs of a suite disagree about. A value is None where it was not measured."""

    name: str
    before: float | None
    after: float | None
    count_before: int
    count_after: int

    @property
    def sentence(self) -> str:
        """What a person reads: `answer_contains 0.93 → 0.90 (n=30)`."""
        one = self.count_before == self.count_after
        rows = f"n={self.count_after}" if one else f"n={self.count_before} → {self.count_after}"
        return f"{self.name} {_figure(self.before, self.after)} → {_figure(self.after, self.before)} ({rows})"

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "name": self.name,
            "before": self.before,
            "after": self.after,
            "count_before": self.count_before,
            "count_after": self.count_after,
        }


@dataclass(frozen=True, slots=True)
class EvidenceChange:
    """A suite whose evidence is not the same in both releases."""

    suite: str
    what: What
    before: str | None
    """The verdict; None where the release has no run of the suite."""
    after: str | None
    suite_diff: VersionDiff | None = None
    """How the suite itself changed; None when it did not, or came or went, or is no longer kept."""
    dataset_diff: VersionDiff | None = None
    """How its rows changed, in the same way."""
    measures: tuple[MeasureChange, ...] = ()
    """Figures that changed, when the runs were given."""

    @property
    def loosens(self) -> bool:
        """Whether the release was let through without this suite."""
        return self.what == "removed"

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "suite": self.suite,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "suite_diff": None if self.suite_diff is None else self.suite_diff.to_json(),
            "dataset_diff": None if self.dataset_diff is None else self.dataset_diff.to_json(),
            "measures": [measure.to_json() for measure in self.measures],
            "loosens": self.loosens,
        }


@dataclass(frozen=True, slots=True)
class ReleaseDiff:
    """Everything that differs between two releases (or drafts)."""

    old: Manifest
    new: Manifest
    artifacts: tuple[ArtifactChange, ...]
    """By kind and name."""
    unchanged: int
    """How many artifacts have the same version in both."""
    evidence: tuple[EvidenceChange, ...]
    """By suite."""

    @property
    def empty(self) -> bool:
        """Whether the two are the same release."""
        return self.old.digest == self.new.digest

    @property
    def loosening(self) -> tuple[tuple[str, Change], ...]:
        """Every change that loosens a rule, with the artifact or suite that it is in."""
        diffs: list[tuple[str, VersionDiff | None]] = [(change.key, change.diff) for change in self.artifacts]
        diffs += [(f"suite:{change.suite}", change.suite_diff) for change in self.evidence]
        return tuple((key, change) for key, diff in diffs if diff is not None for change in diff.loosening)

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "old": {"name": self.old.name, "digest": self.old.digest},
            "new": {"name": self.new.name, "digest": self.new.digest},
            "artifacts": [change.to_json() for change in self.artifacts],
            "unchanged": self.unchanged,
            "evidence": [change.to_json() for change in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads contents; one that is no longer kept is None."""

    content: Content
    run: Content | None
    known: dict[Digest, Json] = field(default_factory=dict)

    def diff(self, kind: str, before: Digest, after: Digest) -> VersionDiff | None:
        if before == after:
            return None
        old, new = self._read(before, self.content), self._read(after, self.content)
        return None if old is None or new is None else diff_versions(kind, old, new)

    def dataset_of(self, suite: Digest) -> Digest | None:
        content = self._read(suite, self.content)
        digest = content.get(_DATASET) if isinstance(content, Mapping) else None
        return digest if isinstance(digest, str) else None

    def measures(self, run: Digest) -> dict[str, Mapping[str, Json]]:
        content = None if self.run is None else self._read(run, self.run)
        found = content.get("measures") if isinstance(content, Mapping) else None
        items: Sequence[Json] = found if isinstance(found, Sequence) and not isinstance(found, str) else ()
        return {str(item["name"]): item for item in items if isinstance(item, Mapping) and "name" in item}

    def _read(self, digest: Digest, read: Content) -> Json:
        if digest not in self.known:
            try:
                self.known[digest] = read(digest)
            except NotFoundError:
                self.known[digest] = None
        return self.known[digest]


def diff_releases(old: Manifest, new: Manifest, content: Content, *, run: Content | None = None) -> ReleaseDiff:
    """Compare two releases, artifact by artifact and suite by suite.

    `content` reads versions, and `run` the runs that are their evidence; without it no figures are compared. What is no
    longer kept is told as changed, without what is inside. Raises what else the two raise.
    """
    reader = _Reader(content, run)
    keys = sorted(old.artifacts.keys() | new.artifacts.keys())
    unchanged = sum(old.artifacts.get(key) == new.artifacts.get(key) for key in keys)
    return ReleaseDiff(old, new, tuple(_artifacts(keys, old, new, reader)), unchanged, tuple(_suites(old, new, reader)))


def _artifacts(keys: Sequence[str], old: Manifest, new: Manifest, reader: _Reader) -> Iterator[ArtifactChange]:
    for key in keys:
        before, after = old.artifacts.get(key), new.artifacts.get(key)
        if before == after:
            continue
        kind = key.partition(":")[0]
        if before is None:
            yield ArtifactChange(key, "added", None, after)
        elif after is None:
            yield ArtifactChange(key, "removed", before, None, loosens=kind == "guardrail")
        else:
            yield ArtifactChange(key, "changed", before, after, reader.diff(kind, before, after))


def _suites(old: Manifest, new: Manifest, reader: _Reader) -> Iterator[EvidenceChange]:
    then = {evidence.suite: evidence for evidence in old.evidence}
    now = {evidence.suite: evidence for evidence in new.evidence}
    for suite in sorted(then.keys() | now.keys()):
        if suite not in now:
            yield EvidenceChange(suite, "removed", then[suite].verdict, None)
        elif suite not in then:
            yield EvidenceChange(suite, "added", None, now[suite].verdict)
        elif then[suite] != now[suite]:
            yield _suite(then[suite], now[suite], reader)


def _suite(then: Evidence, now: Evidence, reader: _Reader) -> EvidenceChange:
    datasets = (reader.dataset_of(then.suite_version), reader.dataset_of(now.suite_version))
    rows = None
    if datasets[0] is not None and datasets[1] is not None:
        rows = reader.diff("dataset", datasets[0], datasets[1])
    return EvidenceChange(
        suite=then.suite,
        what="changed",
        before=then.verdict,
        after=now.verdict,
        suite_diff=reader.diff("suite", then.suite_version, now.suite_version),
        dataset_diff=rows,
        measures=tuple(_measures(reader.measures(then.run), reader.measures(now.run))),
    )


def _measures(then: Mapping[str, Mapping[str, Json]], now: Mapping[str, Mapping[str, Json]]) -> Iterator[MeasureChange]:
    for name in dict.fromkeys([*then, *now]):
        before, after = then.get(name, {}), now.get(name, {})
        change = MeasureChange(
            name, _number(before.get("value")), _number(after.get("value")), _count(before), _count(after)
        )
        if (change.before, change.count_before) != (change.after, change.count_after):
            yield change


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _count(measure: Mapping[str, Json]) -> int:
    count = measure.get("count")
    return count if isinstance(count, int) else 0


def _figure(value: float | None, other: float | None) -> str:
    """Two decimals, or as many as the two figures need to be told apart."""
    if value is None:
        return "not measured"
    if other is None:
        return f"{value:,.2f}"
    decimals = next((some for some in (2, 3, 4) if f"{value:.{some}f}" != f"{other:.{some}f}"), 6)
    return f"{value:,.{decimals}f}"
