"""Two releases are told apart artifact by artifact and suite by suite."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.governance.release_diff import diff_releases
from plimsoll.kernel.digest import Digest, Json, digest_json
from plimsoll.kernel.errors import IntegrityError, NotFoundError
from plimsoll.releases import Evidence, Manifest


class Contents:
    """Contents by their digests, as a store keeps them."""

    def __init__(self) -> None:
        self.kept: dict[Digest, Json] = {}
        self.reads: list[Digest] = []

    def put(self, content: Json) -> Digest:
        digest = digest_json(content)
        self.kept[digest] = content
        return digest

    def get(self, digest: Digest) -> Json:
        self.reads.append(digest)
        if digest not in self.kept:
            raise NotFoundError(digest)
        return self.kept[digest]

    def manifest(self, artifacts: dict[str, Json], *evidence: Evidence) -> Manifest:
        return Manifest("app", {key: self.put(content) for key, content in artifacts.items()}, evidence)

    def evidence(self, suite: str, content: Json, *measures: Json, verdict: str = "pass") -> Evidence:
        run = self.put({"measures": measures, "suite": suite})
        return Evidence(suite, self.put(content), run, verdict)


@pytest.fixture
def contents() -> Contents:
    return Contents()


def measure(name: str, value: float | None, count: int = 30) -> Json:
    return {"name": name, "value": value, "count": count, "missing": 0}


keys = st.sampled_from(["prompt:a", "prompt:b", "route:r", "guardrail:g", "index:i"])
artifacts = st.dictionaries(keys, st.dictionaries(st.sampled_from(["x", "y"]), st.integers(0, 2)))


@given(artifacts, artifacts)
def test_every_artifact_is_told_once(old: dict[str, Json], new: dict[str, Json]) -> None:
    contents = Contents()
    diff = diff_releases(contents.manifest(old), contents.manifest(new), contents.get)
    told = {change.key: change.what for change in diff.artifacts}
    assert len(told) + diff.unchanged == len(old.keys() | new.keys())
    for key, what in told.items():
        assert what == ("added" if key not in old else "removed" if key not in new else "changed")
    for change in diff.artifacts:
        assert (change.diff is not None and not change.diff.empty) == (change.what == "changed")
    assert diff.empty == (old == new)


def test_a_guardrail_that_goes_loosens(contents: Contents) -> None:
    old = contents.manifest({"guardrail:g": {}, "prompt:a": {}})
    diff = diff_releases(old, contents.manifest({}), contents.get)
    assert [(change.key, change.loosens) for change in diff.artifacts] == [("guardrail:g", True), ("prompt:a", False)]


def test_evidence_is_told_by_verdicts_suites_rows_and_figures(contents: Contents) -> None:
    rows = [contents.put({"rows": [{"id": name, "question": name} for name in names]}) for names in ("ab", "ac")]
    old = contents.manifest(
        {},
        contents.evidence(
            "ask",
            {"thresholds": {"answered": {"at_least": 0.8}}, "dataset_version": rows[0]},
            measure("answered", 0.93),
            measure("same", 0.5),
            measure("latency_p95_ms", 1812.3),
            measure("lost", 0.5, 10),
        ),
        contents.evidence("gone", {}),
    )
    new = contents.manifest(
        {},
        contents.evidence(
            "ask",
            {"thresholds": {"answered": {"at_least": 0.7}}, "dataset_version": rows[1]},
            measure("answered", 0.9),
            measure("same", 0.5),
            measure("latency_p95_ms", 1712.3, 29),
            measure("lost", None, 0),
            verdict="fail",
        ),
        contents.evidence("new", {}),
    )
    diff = diff_releases(old, new, contents.get, run=contents.get)
    assert [(change.suite, change.what, change.loosens) for change in diff.evidence] == [
        ("ask", "changed", False),
        ("gone", "removed", True),
        ("new", "added", False),
    ]
    ask = diff.evidence[0]
    assert (ask.before, ask.after) == ("pass", "fail")
    assert [figure.sentence for figure in ask.measures] == [
        "answered 0.93 → 0.90 (n=30)",
        "latency_p95_ms 1,812.30 → 1,712.30 (n=30 → 29)",
        "lost 0.50 → not measured (n=10 → 0)",
    ]
    assert ask.dataset_diff is not None
    assert [count.sentence for count in ask.dataset_diff.counts] == ["rows: 1 added, 1 removed, 1 the same"]
    assert [(key, change.sentence) for key, change in diff.loosening] == [
        ("suite:ask", "threshold of answered: at least 0.8 → 0.7")
    ]
    assert json.loads(json.dumps(diff.to_json()))["evidence"][0]["after"] == "fail"


def test_figures_that_are_nearly_the_same_are_told_apart(contents: Contents) -> None:
    old = contents.manifest({}, contents.evidence("ask", {}, measure("f1", 0.90123)))
    new = contents.manifest({}, contents.evidence("ask", {}, measure("f1", 0.90173)))
    (change,) = diff_releases(old, new, contents.get, run=contents.get).evidence
    assert change.measures[0].sentence == "f1 0.901 → 0.902 (n=30)"


def test_without_runs_no_figure_is_claimed_and_none_is_read(contents: Contents) -> None:
    old = contents.manifest({}, contents.evidence("ask", {}, measure("f1", 0.9)))
    new = contents.manifest({}, contents.evidence("ask", {}, measure("f1", 0.8)))
    (change,) = diff_releases(old, new, contents.get).evidence
    assert (change.measures, change.suite_diff) == ((), None)
    assert old.evidence[0].run not in contents.reads


def test_what_is_no_longer_kept_is_still_told_as_changed(contents: Contents) -> None:
    old, new = contents.manifest({"prompt:a": {"x": 1}}), contents.manifest({"prompt:a": {"x": 2}})
    del contents.kept[old.artifacts["prompt:a"]]
    (change,) = diff_releases(old, new, contents.get).artifacts
    assert (change.what, change.diff) == ("changed", None)


def test_a_damaged_content_stops_the_diff(contents: Contents) -> None:
    old, new = contents.manifest({"prompt:a": {"x": 1}}), contents.manifest({"prompt:a": {"x": 2}})

    def damaged(digest: Digest) -> Json:
        raise IntegrityError(digest)

    with pytest.raises(IntegrityError):
        diff_releases(old, new, damaged)


@pytest.mark.parametrize("run", [None, 3, [], {"measures": "x"}, {"measures": [1, {"name": "f1", "value": "high"}]}])
def test_a_run_that_is_not_as_it_should_be_gives_no_figures(contents: Contents, run: Json) -> None:
    old = contents.manifest({}, contents.evidence("ask", {}))
    new = contents.manifest({}, Evidence("ask", old.evidence[0].suite_version, contents.put(run), "pass"))
    (change,) = diff_releases(old, new, contents.get, run=contents.get).evidence
    assert [figure.after for figure in change.measures] in ([], [None])
