import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.checks.grounding.support import (
    FACTS,
    MODELS,
    GroundingWeightsError,
    Source,
    Support,
    builtin_meaning,
    builtin_support,
    judged,
    read_support,
)
from plimsoll.checks.grounding.words import sentences
from plimsoll.kernel.digest import digest_bytes

SOURCE = (
    "Harbour Trust let the cold store to Aldermoor in March 2021. The rent is 14,500 euros a month, and it may not be "
    "raised before 2026. Aldermoor bought three forklifts from Quenby."
)


def facts(text: str, source: str = SOURCE) -> dict[str, float]:
    (one,) = sentences(text)
    return dict(zip(FACTS, judged(one, Source((source,)), frozenset(), builtin_meaning()).facts, strict=True))


def test_a_copied_sentence_has_nothing_against_it() -> None:
    found = facts("The rent is 14,500 euros a month, and it may not be raised before 2026.")
    assert {name for name, value in found.items() if value > 1e-6} == set()


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("The rent is 15,400 euros a month.", "new_numbers"),
        ("Harbour Trust let the cold store to Fjellhavn.", "new_names"),
        ("harbour trust let the cold store to fiona quenby.", "listed_names"),
        ("The rent was raised for the first time last year.", "new_times"),
        ("The rent may be raised before 2026, and is 14,500 euros a month.", "negation_differs"),
        ("Aldermoor sold three forklifts to Quenby.", "antonyms"),
        ("Quenby bought three forklifts from Aldermoor.", "backward_links"),
        ("The store was let in 2026.", "loose_numbers"),
        ("Aldermoor always paid the rent.", "absolutes"),
        ("The impressive cold store was let in March 2021.", "opinions"),
        ("I like the cold store.", "first_person"),
        ("Quenby let the rent of 2021.", "among_worst"),
    ],
)
def test_each_way_of_being_wrong_shows_in_a_fact(text: str, fact: str) -> None:
    assert facts(text)[fact] > 0.1


@pytest.mark.parametrize("text", ["About 14.5 thousand euros a month.", "The rent is 14500 euros.", "Three forklifts."])
def test_a_number_may_be_written_in_another_way(text: str) -> None:
    assert facts(text)["new_numbers"] == 0


def test_words_of_the_question_need_no_source() -> None:
    (one,) = sentences("The zeppelin cost 14,500 euros a month.")
    known = frozenset(word.stem for word in one.words if word.shown == "zeppelin")
    assert not judged(one, Source((SOURCE,)), known, builtin_meaning()).new[:1] or "zeppelin" not in {
        word.shown for word in judged(one, Source((SOURCE,)), known, builtin_meaning()).new
    }


@given(st.text(max_size=200), st.text(max_size=200))
def test_facts_are_finite_and_never_below_zero(text: str, source: str) -> None:
    for one in sentences(text):
        found = judged(one, Source((source,)), frozenset(), builtin_meaning()).facts
        assert np.isfinite(found).all()
        assert min(found) >= -1e-9


def test_frequent_words_do_not_make_a_source_slow() -> None:
    source = Source(("berth crane " * 20_000,))
    assert all(len(places) <= 48 for places in source.places.values())


def test_no_weight_speaks_for_a_sentence_and_only_named_facts_weigh() -> None:
    support = builtin_support()
    assert support.weights.shape == (len(MODELS), len(FACTS))
    for weights, named in zip(support.weights, MODELS.values(), strict=True):
        assert (weights >= 0).all()
        assert {name for name, weight in zip(FACTS, weights, strict=True) if weight > 0} <= set(named)


COPIED_NOT_AT_ALL = 9.0


def test_an_answer_is_as_doubtful_as_its_only_sentence() -> None:
    support = builtin_support()
    logits = np.array([[0.7, 3.0, COPIED_NOT_AT_ALL]])
    assert support.answer_score(logits, 5, 1000) == pytest.approx(1 / (1 + np.exp(-0.7)))


def test_a_second_doubtful_sentence_makes_an_answer_more_doubtful() -> None:
    support = builtin_support()
    one, two = ([[0.7, 0.0, COPIED_NOT_AT_ALL]] * count for count in (1, 2))
    assert support.answer_score(np.array(two), 5, 1000) > support.answer_score(np.array(one), 5, 1000)


def test_the_better_a_sentence_is_copied_the_less_doubtful_it_is_and_beyond_that_wording_does_not_count() -> None:
    support = builtin_support()
    scores = support.sentence_scores(np.array([[0.7, 0.0, copying] for copying in (-2.0, 0.0, 1.0, 5.0)]))
    assert scores[0] < scores[1] < scores[2] == scores[3]


def test_weights_come_back_as_they_were_written() -> None:
    support = builtin_support()
    data = support.to_bytes()
    read = read_support(data, digest_bytes(data))
    assert read.to_bytes() == data
    assert read.version == digest_bytes(data).removeprefix("sha256:")[:8]


@pytest.mark.parametrize(
    "data",
    [
        b"rubbish",
        Support(np.zeros((2, 3)), np.zeros(2)).to_bytes(),
        Support(np.full((len(MODELS), len(FACTS)), np.nan), np.zeros(len(MODELS))).to_bytes(),
        Support(np.full((len(MODELS), len(FACTS)), -1.0), np.zeros(len(MODELS))).to_bytes(),
    ],
)
def test_weights_that_cannot_be_used_are_refused(data: bytes) -> None:
    with pytest.raises(GroundingWeightsError, match="cannot be used"):
        read_support(data, digest_bytes(data))


def test_weights_with_another_digest_are_refused_with_a_hint() -> None:
    with pytest.raises(GroundingWeightsError, match="digest") as caught:
        read_support(builtin_support().to_bytes(), digest_bytes(b"other"))
    assert "Install" in caught.value.hint or "install" in caught.value.hint


class CountingSource(Source):
    """A source that counts how often it is asked for the distance of two words."""

    asked = 0

    def nearest(self, one: str, other: str) -> int | None:
        self.asked += 1
        return super().nearest(one, other)


@pytest.mark.parametrize("text", ["rent " * 3000, "12 " * 3000, "berth crane 7 rent " * 800])
def test_work_grows_with_the_text_and_not_with_its_square(text: str) -> None:
    asked = []
    for times in (1, 4):
        source = CountingSource(("The rent of berth 7 with its crane is 12 euros. " * 300,))
        for one in sentences(text * times):
            judged(one, source, frozenset(), builtin_meaning())
        asked.append(source.asked)
    assert asked[1] <= 4 * asked[0] + 500
