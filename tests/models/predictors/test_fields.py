import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from plimsoll.datasets import LabelledText
from plimsoll.kernel.digest import canonical_json
from plimsoll.models.catalogue import make_embedder
from plimsoll.models.predictors import (
    Extraction,
    FeatureMissingError,
    labelled_mistakes,
    learn_fields,
    make_predictor,
)
from plimsoll.models.providers.reader.fields import FieldsInvalidError

FIELDS: dict[str, Any] = {
    "date": {"type": "date", "description": "", "many": False},
    "total": {"type": "amount", "description": "sum due", "many": False},
}
CONTENT: dict[str, Any] = {"kind": "fields", "feature": "text", "fields": FIELDS, "examples": "receipts"}


def receipt(number: int) -> str:
    return f"PRINTED 0{number}/02/2020\nDATE 1{number}/03/2021\nSUBTOTAL 16.00\nSUM DUE {20 + number}.50\nCASH 99.00\n"


ROWS = tuple(LabelledText(n, receipt(n), {"date": (f"1{n}/03/2021",), "total": (f"{20 + n}.50",)}) for n in range(1, 6))


def predicted(content: Mapping[str, Any], text: str) -> Extraction:
    (found,) = make_predictor(content, make_embedder).predict([{"text": text}])
    assert isinstance(found, Extraction)
    return found


def test_what_was_learned_is_kept_in_the_content_and_finds_the_same() -> None:
    learned = learn_fields(CONTENT, ROWS)
    found = predicted({**CONTENT, "learned": learned}, receipt(7))
    assert {name: [one.value for one in values] for name, values in found.fields.items()} == {
        "date": ["2021-03-17"],
        "total": ["27.50"],
    }
    assert found.said() == "date: 2021-03-17; total: 27.50"


def test_the_same_texts_are_learned_to_the_same_bytes_in_whatever_order_the_fields_are_written() -> None:
    turned = {**CONTENT, "fields": dict(reversed(FIELDS.items()))}
    assert canonical_json(learn_fields(CONTENT, ROWS)) == canonical_json(learn_fields(turned, list(ROWS)))
    assert canonical_json(learn_fields(CONTENT, ROWS)) != canonical_json(learn_fields(CONTENT, ROWS[1:]))


def test_without_texts_the_words_of_the_field_are_looked_for() -> None:
    found = predicted({**CONTENT, "learned": learn_fields(CONTENT, ())}, "Shipping 4.00. The sum due is 52.00.")
    assert [one.value for one in found.fields["total"]] == ["52.00"]
    assert found.fields["date"] == ()


@pytest.mark.parametrize(
    "text",
    ["", "no base64", "AAAA", base64.b64encode(np.full(2049, np.nan, "<f2").tobytes()).decode(), "\u00e9" * 8],
)
def test_weights_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(FieldsInvalidError, match="cannot be read"):
        make_predictor({**CONTENT, "learned": {"by": "anchors-1", "fields": {"date": text}}}, make_embedder)


def test_what_another_version_learned_is_refused() -> None:
    with pytest.raises(FieldsInvalidError, match="another version") as caught:
        make_predictor({**CONTENT, "learned": {"by": "anchors-0", "fields": {}}}, make_embedder)
    assert caught.value.hint == "build the project again"


@pytest.mark.parametrize("row", [{}, {"text": 7}, {"text": "  "}])
def test_a_row_without_its_feature_is_named(row: dict[str, object]) -> None:
    model = make_predictor({**CONTENT, "learned": learn_fields(CONTENT, ())}, make_embedder)
    with pytest.raises(FeatureMissingError, match="row 1"):
        model.predict([{"text": "fine"}, row])


def test_values_from_which_nothing_can_be_learned_are_told_with_line_and_field() -> None:
    rows = [
        ROWS[0],
        LabelledText(7, receipt(2), {"total": ("23.50",), "date": ("12/03/2021",)}),
        LabelledText(9, receipt(3), {"date": ("soon",), "total": ("23.50", "SUM DUE")}),
        LabelledText(11, receipt(4), {"date": ("1-1-" + "9" * 50,)}),
    ]
    found = labelled_mistakes(CONTENT, rows)
    assert [(one.line, one.field) for one in found] == [(7, "total"), (9, "date"), (9, "total"), (11, "date")]
    assert found[0].what == 'field `total`: the text does not have "23.50" as an amount'
    assert found[1].what == 'field `date`: "soon" is not a date'
    assert all(one.instead for one in found)
    assert labelled_mistakes(CONTENT, ROWS) == ()
