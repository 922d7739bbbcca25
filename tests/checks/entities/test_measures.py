"""When a finding and a span count as the same."""

from typing import Any

import pytest
from benchmarks.checks_parts.pii import measure_rows, measure_wnut_rows

from plimsoll.checks import Found

TEXT = "Ann Lee, 12 Main Street, Bonn"


def row(*spans: tuple[int, int, str]) -> dict[str, Any]:
    return {"text": TEXT, "spans": [{"start": start, "end": end, "type": kind} for start, end, kind in spans]}


def test_what_overlaps_counts_and_what_shares_half_is_counted_apart() -> None:
    known = row((0, 7, "PERSON"), (9, 23, "STREET_ADDRESS"), (25, 29, "GPE"))
    told = measure_rows([known], [[Found(0, 3, "person"), Found(9, 29, "address")]])
    assert (told["precision"], told["recall"]) == (1.0, 1.0)
    assert (told["iou50_precision"], told["iou50_recall"]) == (0.5, pytest.approx(1 / 3))


def test_neighbours_with_only_signs_between_them_are_one_by_presidios_rule() -> None:
    known = row((9, 23, "STREET_ADDRESS"), (25, 29, "GPE"))
    assert measure_rows([known], [[Found(9, 29, "address")]])["merged_f1"] == 1.0
    assert measure_rows([known], [[Found(9, 16, "address")]])["merged_f1"] == 0.0


def test_what_lies_nowhere_is_wrong_and_what_nobody_found_is_missed() -> None:
    told = measure_rows([row((0, 7, "PERSON"))], [[Found(25, 29, "location")]])
    assert (told["precision"], told["recall"], told["f2"]) == (0.0, 0.0, 0.0)
    assert told["wrong_by_kind"] == {"location": 1}
    assert told["recall_by_type"] == {"PERSON": 0.0}


def test_people_of_posts_count_only_with_both_ends() -> None:
    known = row((0, 7, "person"), (25, 29, "location"), (9, 23, "product"))
    told = measure_wnut_rows([known], [[Found(0, 3, "person"), Found(25, 29, "location")]])
    assert (told["person_f1"], told["location_f1"]) == (0.0, 1.0)
    assert (told["precision"], told["recall"]) == (1.0, 1.0)
