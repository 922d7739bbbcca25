"""The suite for scorers."""

import asyncio
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from inspect import isawaitable
from typing import Any, Final

import pytest
import rfc8785

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, Retrieved
from plimsoll.evaluation.scorers import Score, Scorer
from plimsoll.kernel.digest import canonical_json

from ._answers import HOSTILE, LARGE

_LONGEST_VERSION: Final = 200
_LARGEST_PARTS: Final = 100_000
_YES: Final = True
_OTHER: Final = (
    Row("other", "Who may moor?", ("Members of the club may moor here.", "members"), ("b.md",), _YES, ("short",)),
    Row("none", "What colour is it?", (), (), not _YES, ()),
    Row("bare", "?", ("x",), (), _YES, ()),
    Row("surrogate", "\ud800?", ("\udfff",), ("\ud800",), _YES, ("\udc00",), fields={"a": {"b": "\ud800"}}),
    Row("fields", "Which?", (), (), _YES, (), fields={"total": 80.9, "buyer": {"name": "Ada"}, "lines": [1, None]}),
)
"""Rows of every kind: answerable or not, with and without documents and fields."""
_EMPTY: Final = (Retrieved("b.md", ""),)
_SEEN: Final = (
    Observation(),
    Observation(answered=False),
    Observation("It opens at nine.", "nine", _YES, ("b.md",), ("c.md", "b.md", "b.md"), passages=_EMPTY),
    Observation("\ud800", "\udfff", _YES, ("\ud800",), ("\ud800",), passages=(Retrieved("\ud800", "\udfff"),)),
    Observation("x", guardrails=("output/pii: redact", "odd"), passages=(Retrieved("a.md", "Nine.", 3, "id"),)),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A row to which a scorer applies, and what was seen of an answer that is as good as one can be."""

    row: Row
    perfect: Observation
    best: float | None = None
    """What it says of it; None is the end of the scale for a share, and nothing in particular for a number."""


def told(scorer: Scorer, row: Row, seen: Observation) -> Score | None:
    """What a scorer says of a row, awaited where that is needed. Not to be called where a loop is running."""

    async def ask() -> Score | None:
        found = scorer.score(row, seen)
        return await found if isawaitable(found) else found

    return asyncio.run(ask())


class ScorerConformance:
    """Inherit it and override the fixtures `make` and `samples`; pytest then runs every case against your scorer.

    ```python
    class TestMine(ScorerConformance):
        @pytest.fixture
        def make(self) -> Callable[[], Scorer]:
            return lambda: make_scorer("mine")

        @pytest.fixture
        def samples(self) -> Sequence[Sample]:
            return [Sample(Row(...), Observation(answer="60 days"))]
    ```
    """

    @pytest.fixture
    def make(self) -> Callable[[], Scorer]:
        """Makes what is tested."""
        raise NotImplementedError

    @pytest.fixture
    def samples(self) -> Sequence[Sample]:
        """Rows to which it applies, with answers that are as good as one can be."""
        raise NotImplementedError

    @pytest.fixture
    def scorer(self, make: Callable[[], Scorer]) -> Scorer:
        """What is tested."""
        return make()

    def test_it_says_what_it_is(self, scorer: Scorer) -> None:
        """A name, a version that can stand in evidence, a unit, and which way is better."""
        assert scorer.name
        assert scorer.name.isprintable()
        assert 0 < len(scorer.version) <= _LONGEST_VERSION
        assert scorer.version.isprintable()
        assert scorer.unit in ("share", "number")
        assert scorer.better in ("more", "less")

    def test_a_perfect_answer_has_the_best_score(self, scorer: Scorer, samples: Sequence[Sample]) -> None:
        """1 of a share of which more is better, 0 of one of which less is; or what the sample says."""
        assert samples
        for sample in samples:
            score = _checked(scorer, sample.row, sample.perfect)
            assert score is not None, sample.row
            best = sample.best
            if best is None and scorer.unit == "share":
                best = 1.0 if scorer.better == "more" else 0.0
            assert score.value is not None, score.why
            assert best is None or score.value == pytest.approx(best), sample.row

    def test_it_applies_to_what_it_scores(self, scorer: Scorer, samples: Sequence[Sample]) -> None:
        """So that a row without an answer is missed; and where it does not apply, it says nothing of any answer."""
        for sample in samples:
            assert scorer.applies(sample.row)
        for row in (*_OTHER, *(sample.row for sample in samples)):
            for seen in (*_SEEN, *(sample.perfect for sample in samples)):
                _checked(scorer, row, seen)

    def test_made_again_it_says_the_same(self, make: Callable[[], Scorer], samples: Sequence[Sample]) -> None:
        """With the same version."""
        one, other = make(), make()
        assert (one.name, one.version, one.unit, one.better) == (other.name, other.version, other.unit, other.better)
        for sample in samples:
            assert told(one, sample.row, sample.perfect) == told(other, sample.row, sample.perfect)

    def test_neither_other_rows_nor_their_order_change_a_score(
        self, make: Callable[[], Scorer], samples: Sequence[Sample]
    ) -> None:
        """The same of every row, asked alone, after others, and in the opposite order."""
        pairs = [(sample.row, sample.perfect) for sample in samples]
        pairs += [(row, seen) for row in _OTHER for seen in _SEEN]
        pairs += [(sample.row, replace(sample.perfect, answer=text)) for sample in samples for text in HOSTILE.values()]
        alone = [told(make(), row, seen) for row, seen in pairs[: len(samples)]]
        scorer = make()
        forth = [told(scorer, row, seen) for row, seen in pairs]
        back = [told(scorer, row, seen) for row, seen in reversed(pairs)]
        assert forth == back[::-1]
        assert forth[: len(samples)] == alone

    def test_many_may_ask_at_once(self, make: Callable[[], Scorer], samples: Sequence[Sample]) -> None:
        """A scorer that was never asked before, too."""
        pairs = [(sample.row, sample.perfect) for sample in samples] + [(row, _SEEN[2]) for row in _OTHER]
        alone = [told(make(), row, seen) for row, seen in pairs]
        scorer = make()
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda pair: told(scorer, *pair), pairs * 4)) == alone * 4

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
    def test_no_answer_breaks_it(self, scorer: Scorer, samples: Sequence[Sample], text: str) -> None:
        """Not as answer, not as span, not as passage, and not beside what is right."""
        for sample in samples:
            seen = sample.perfect
            _checked(scorer, sample.row, replace(seen, answer=text, span=None))
            _checked(scorer, sample.row, replace(seen, answer=f"{text} {seen.answer}", span=text or None))
            passages = (*seen.passages, Retrieved("odd.md", text, chunk=text))
            _checked(scorer, sample.row, replace(seen, passages=passages, retrieved=(text, *seen.retrieved)))

    @pytest.mark.parametrize("made", LARGE.values(), ids=LARGE)
    def test_no_answer_is_too_large(self, scorer: Scorer, samples: Sequence[Sample], made: Callable[[], str]) -> None:
        """Whoever needs more than time in proportion to an answer never comes to an end here."""
        _checked(scorer, samples[0].row, replace(samples[0].perfect, answer=made(), span=None))


def _checked(scorer: Scorer, row: Row, seen: Observation) -> Score | None:
    """What it says, once it is sure that it may: a number of its unit, and nothing where it does not apply."""
    score = told(scorer, row, seen)
    if score is None:
        return None
    assert scorer.applies(row), "it says something of a row to which it does not apply"
    if score.value is None:
        assert score.why, "it was not measured, and does not say why"
        return score
    assert math.isfinite(score.value)
    assert scorer.unit == "number" or 0 <= score.value <= 1
    assert score.cost_usd is None or score.cost_usd >= 0
    if _can_be_stored([row.to_json(), seen.to_json()]):
        assert _can_be_stored(dict(score.parts)), "what it rests on cannot be stored as JSON"
        assert _can_be_stored(score.why), "the reason cannot be stored as JSON"
        assert len(canonical_json(dict(score.parts))) <= _LARGEST_PARTS
    return score


def _can_be_stored(value: Any) -> bool:
    try:
        canonical_json(value)
    except (ValueError, TypeError, rfc8785.CanonicalizationError):
        return False
    return True
