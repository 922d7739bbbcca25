"""Probe texts whose vectors show a silent change."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.errors import IntegrityError
from plimsoll.models.catalogue import make_embedder
from plimsoll.models.embedders import (
    Canary,
    EmbedderChangedError,
    canary_key,
    compare,
    require_unchanged,
    take_canary,
)
from plimsoll.models.embedders._errors import CanaryFormatError
from plimsoll.models.embedders._probes import PROBES

STATIC = make_embedder("builtin/static")


class Drifting:
    """The built-in embedder, moved by so much into another direction; its fingerprint says nothing of it."""

    name = "drifting"
    fingerprint = STATIC.fingerprint
    dimension = STATIC.dimension

    def __init__(self, share: float, only: str = "") -> None:
        self._share = share
        self._only = only

    def embed(self, texts: Sequence[str]) -> Any:
        vectors: Any = STATIC.embed(texts)
        moved = np.array([[self._only in text] for text in texts])
        vectors = vectors + moved * self._share * np.roll(vectors, 1, axis=1)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_the_probes_are_many_and_short_and_of_several_scripts() -> None:
    assert len(set(PROBES)) == len(PROBES) == 32
    assert max(map(len, PROBES)) <= 100
    assert len([probe for probe in PROBES if not probe.isascii()]) >= 10


def test_the_same_embedder_is_what_it_was() -> None:
    report = compare("s", take_canary(STATIC), take_canary(STATIC))
    assert (report.changed, report.probes) == ((), 32)
    assert report.worst_cosine == pytest.approx(1)
    require_unchanged(report)


def test_a_silent_change_is_a_finding_and_stops_the_build() -> None:
    before, after = take_canary(STATIC), take_canary(Drifting(0.2))
    assert canary_key(STATIC) == canary_key(Drifting(0.2))
    report = compare("drifting", before, after)
    assert len(report.changed) == 32
    assert [probe.cosine for probe in report.changed] == sorted(probe.cosine for probe in report.changed)
    first = report.changed[0]
    place = PROBES.index(first.text)
    assert first.before == tuple(before.vectors[place].tolist())
    assert first.after == tuple(after.vectors[place].tolist())
    assert first.cosine == report.worst_cosine == pytest.approx(float(before.vectors[place] @ after.vectors[place]))
    with pytest.raises(EmbedderChangedError, match="32 of 32 probe texts") as caught:
        require_unchanged(report)
    assert isinstance(caught.value, IntegrityError)
    assert "revision" in caught.value.hint


def test_one_changed_probe_is_enough() -> None:
    report = compare("drifting", take_canary(STATIC), take_canary(Drifting(0.5, "cough")))
    assert [probe.text for probe in report.changed] == [probe for probe in PROBES if "cough" in probe]
    with pytest.raises(EmbedderChangedError, match="1 of 32"):
        require_unchanged(report)


def test_noise_of_the_last_digits_is_no_change() -> None:
    assert compare("drifting", take_canary(STATIC), take_canary(Drifting(1e-4))).changed == ()


def test_another_dimension_is_a_change_of_everything() -> None:
    before = take_canary(STATIC)
    after = dataclasses.replace(before, vectors=before.vectors[:, :9])
    report = compare("s", before, after)
    assert (len(report.changed), report.worst_cosine) == (32, 0)


def test_a_vector_that_becomes_zero_is_a_change() -> None:
    before = take_canary(STATIC)
    vectors = before.vectors.copy()
    vectors[17] = 0
    after = dataclasses.replace(before, vectors=vectors)
    assert [probe.text for probe in compare("s", before, after).changed] == [PROBES[17]]
    assert compare("s", after, after).changed == ()


def test_only_probes_of_one_embedder_are_compared() -> None:
    before = take_canary(STATIC)
    for other in (dataclasses.replace(before, fingerprint="o"), dataclasses.replace(before, probes="o")):
        with pytest.raises(CanaryFormatError, match="another embedder"):
            compare("s", before, other)


def test_what_is_kept_comes_back() -> None:
    before = take_canary(STATIC)
    kept = Canary.from_bytes(before.to_bytes())
    assert np.array_equal(kept.vectors, before.vectors)
    assert (kept.fingerprint, kept.probes) == (before.fingerprint, before.probes)
    assert kept.to_bytes() == before.to_bytes()
    broken = dataclasses.replace(before, vectors=np.full((32, 2), np.nan, np.float32))
    with pytest.raises(CanaryFormatError, match="no number"):
        Canary.from_bytes(broken.to_bytes())


def test_vectors_that_would_be_near_to_everything_are_refused() -> None:
    before = take_canary(STATIC)
    long = dataclasses.replace(before, vectors=before.vectors * 1000)
    with pytest.raises(CanaryFormatError, match="length"):
        Canary.from_bytes(long.to_bytes())
    few = dataclasses.replace(before, vectors=before.vectors[:5])
    with pytest.raises(CanaryFormatError, match="5 vectors"):
        Canary.from_bytes(few.to_bytes())


@given(st.binary(max_size=60) | st.integers(0, 200).map(lambda end: take_canary(STATIC).to_bytes()[:end]))
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(CanaryFormatError):
        Canary.from_bytes(raw)
