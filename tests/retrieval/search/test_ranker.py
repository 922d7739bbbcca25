import json
import math

import numpy as np
import pytest

from plimsoll.kernel.errors import InvalidError
from plimsoll.retrieval.search import CALIBRATION, FEATURES, Ranker, builtin_ranker, read_ranker
from plimsoll.retrieval.signals import Signals


def _features(*rows: dict[str, float]) -> Signals:
    return Signals(FEATURES, np.array([[row.get(name, 0.0) for name in FEATURES] for row in rows]))


def test_the_built_in_ranker_weighs_known_features_and_prefers_what_says_more() -> None:
    ranker = builtin_ranker()
    assert set(ranker.weights) <= set(FEATURES)
    assert set(ranker.calibration) <= set(CALIBRATION)
    assert all(map(math.isfinite, ranker.weights.values()))
    known = _features({"text": 1.0, "vector": 1.0, "passage": 0.9, "soft": 0.9}, {"text": 0.1, "vector": 0.2})
    scores = ranker.scores(known)
    relevances = ranker.relevances(known, scores)
    assert scores[0] > scores[1]
    assert 1 > relevances[0] > relevances[1] > 0


def test_a_feature_without_a_weight_does_not_count() -> None:
    assert Ranker({"text": 2.0}).scores(_features({"text": 0.5, "soft": 1.0})).tolist() == [1.0]


def test_no_candidates_have_no_scores() -> None:
    nothing = Signals(FEATURES, np.zeros((0, len(FEATURES))))
    ranker = builtin_ranker()
    assert ranker.scores(nothing).shape == (0,)
    assert ranker.relevances(nothing, np.zeros(0)).shape == (0,)


def test_a_single_candidate_has_a_probability() -> None:
    known = _features({"text": 1.0})
    assert 0 < Ranker({"text": 1.0}, {"lead": 1.0, "spread": 1.0}).relevances(known, np.array([1.0]))[0] < 1


def test_another_weight_is_another_fingerprint() -> None:
    assert Ranker({"text": 1.0}).fingerprint != Ranker({"text": 2.0}).fingerprint


def test_a_file_is_read_as_it_was_written() -> None:
    made = {"format": 1, "about": "test", "weights": {"text": 1.5}, "calibration": {"bias": -2.0}}
    assert read_ranker(json.dumps(made).encode()) == Ranker({"text": 1.5}, {"bias": -2.0})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"format": 2, "weights": {}, "calibration": {}}',
        b'{"format": 1, "weights": {"text": "much"}, "calibration": {}}',
        b'{"format": 1, "weights": {"text": 1e999}, "calibration": {}}',
        b'{"format": 1, "weights": {}, "calibration": {}, "code": "x"}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_ranker_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidError):
        read_ranker(data)
