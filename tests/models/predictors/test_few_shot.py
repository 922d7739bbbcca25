from collections.abc import Mapping

import pytest

from plimsoll.models.catalogue import make_embedder
from plimsoll.models.predictors import FeatureMissingError, FewShot, FewShotInvalidError, make_few_shot

LABELS = {
    "invoice": ["Invoice number 4711, amount due 120 euro", "Please pay the total within 30 days", "VAT and net sum"],
    "lease": ["The tenant shall pay the rent monthly", "The landlord lets the flat", "Notice to quit the tenancy"],
}


def made(labels: Mapping[str, list[str]] = LABELS, at_least: float = 0.0) -> FewShot:
    content = {"labels": labels, "feature": "text", "at_least": at_least}
    return make_few_shot(content, make_embedder("builtin/static"))


def test_a_text_gets_the_label_of_the_examples_that_it_lies_nearest_to() -> None:
    found = made().predict([{"text": "the amount of this invoice is due"}, {"text": "rent of the flat for the tenant"}])
    assert [one.label for one in found] == ["invoice", "lease"]
    assert all(one.score == max(one.scores.values()) for one in found)


def test_a_text_unlike_all_examples_gets_no_label() -> None:
    (found,) = made(at_least=0.95).predict([{"text": "a poem on autumn leaves"}])
    assert found.label is None
    assert set(found.scores) == set(LABELS)


def test_no_rows_give_no_predictions() -> None:
    assert made().predict([]) == ()


@pytest.mark.parametrize("row", [{}, {"text": 7}, {"text": "  "}, {"other": "text"}])
def test_a_row_without_its_feature_is_named(row: dict[str, object]) -> None:
    with pytest.raises(FeatureMissingError, match="row 1") as caught:
        made().predict([{"text": "fine"}, row])
    assert caught.value.param == "inputs[1].text"


@pytest.mark.parametrize("labels", [{}, {"one": ["example"]}, {"one": ["example"], "two": []}])
def test_fewer_than_two_labels_with_examples_are_no_model(labels: dict[str, list[str]]) -> None:
    with pytest.raises(FewShotInvalidError):
        made(labels)


def test_a_label_of_two_senses_is_known_by_its_nearest_example() -> None:
    labels = {
        "animal": ["the cat sleeps on the sofa", "sharks swim in the deep ocean", "an eagle flies over the mountains"],
        "sea": ["ships sail the ocean", "waves of the deep ocean", "the harbour at the ocean"],
    }
    (found,) = made(labels).predict([{"text": "the cat sleeps on the sofa"}])
    assert found.label == "animal"
    assert found.scores["animal"] > found.scores["sea"]


def test_scores_are_mean_cosines() -> None:
    (found,) = made().predict([{"text": LABELS["lease"][0]}])
    assert all(-1.0 <= score <= 1.0 for score in found.scores.values())
