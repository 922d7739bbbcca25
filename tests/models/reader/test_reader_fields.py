import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.models.providers.reader.fields import (
    Field,
    FieldsInvalidError,
    FieldType,
    Labelled,
    candidates,
    learn,
    normal,
)

SHOPS = ("Harbour Books", "Quay Foods", "Berth Tools", "Skell Shoes", "Mole Cafe", "Pier Toys")
FIELDS = [Field("shop", "line"), Field("date", "date"), Field("total", "amount")]


def receipt(number: int, *, total: str = "") -> str:
    total = total or f"{20 + number}.50"
    return (
        f"{SHOPS[number % len(SHOPS)]}\nTel 07-55512{number}\nPRINTED 0{number % 9 + 1}/02/2020\n"
        f"DATE: 1{number % 9}/03/2021\nItem one 4.50\nSUBTOTAL 16.00\nTOTAL DUE {total}\nCASH 100.00\nCHANGE 3.00\n"
    )


def labelled(count: int) -> list[Labelled]:
    return [
        Labelled(
            receipt(number),
            {
                "shop": [SHOPS[number % len(SHOPS)]],
                "date": [f"1{number % 9}/03/2021"],
                "total": [f"{20 + number}.50"],
            },
        )
        for number in range(count)
    ]


def test_anchors_are_learned_from_labelled_documents() -> None:
    text = receipt(7, total="61.25")
    found = learn(FIELDS, labelled(6)).extract(text)
    assert [one.value for one in found["total"]] == ["61.25"]
    assert [one.value for one in found["date"]] == ["2021-03-17"]
    assert [one.value for one in found["shop"]] == ["Quay Foods"]
    total = found["total"][0]
    assert text[total.start : total.end] == "61.25"
    assert total.confidence > 0.5


def test_without_labelled_documents_the_names_of_the_fields_are_looked_for() -> None:
    found = learn([Field("total", "amount", "due"), Field("order_date", "date", "ordered on")]).extract(
        "Ordered on 3 May 2024, delivered 9 May 2024. Shipping EUR 4.00. Total due: EUR 52.00."
    )
    assert found["total"][0].value == "52.00"
    assert found["order_date"][0].value == "2024-05-03"


def test_a_document_that_does_not_say_has_no_value() -> None:
    found = learn(FIELDS, labelled(6)).extract("Opening hours are on the door.")
    assert found["total"] == ()
    assert found["date"] == ()


def test_a_field_with_many_values_has_each_once() -> None:
    texts = [
        f"AGREEMENT between {first} Inc. and {second} LLC, for the lease of a pier. {first} Inc. pays."
        for first, second in (("Acme", "Globex"), ("Initech", "Umbra"), ("Hooli", "Stark"), ("Wayne", "Wonka"))
    ]
    parties = Field("party", "party", many=True)
    known = [Labelled(text, {"party": [text.split()[2] + " Inc.", text.split()[5] + " LLC"]}) for text in texts[:3]]
    found = learn([parties], known).extract(texts[3])["party"]
    assert sorted(one.value for one in found) == ["Wayne Inc.", "Wonka LLC"]


@pytest.mark.parametrize("fields", [[], [Field("a", "date"), Field("a", "amount")]])
def test_fields_without_a_name_of_their_own_are_refused(fields: list[Field]) -> None:
    with pytest.raises(FieldsInvalidError) as caught:
        learn(fields)
    assert caught.value.code == "fields_invalid"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("date", "3rd day of May, 2024", "2024-05-03"),
        ("date", "May 3, 2024", "2024-05-03"),
        ("date", "2024-05-03", "2024-05-03"),
        ("date", "03/05/24", "2024-05-03"),
        ("date", "05/13/2024", "2024-05-13"),
        ("date", "31/02/2024", ""),
        ("amount", "EUR 1,200.5", "1200.50"),
        ("amount", "nothing", ""),
        ("duration", "thirty-six (36) months", "36 months"),
        ("duration", "two years", "2 years"),
        ("duration", "many years", ""),
        ("percentage", "5 per cent", "5%"),
        ("party", "Acme  Inc.,", "Acme Inc."),
    ],
)
def test_equal_values_have_one_normal_form(kind: FieldType, value: str, expected: str) -> None:
    assert normal(kind, value) == expected


TYPES = st.sampled_from(["date", "amount", "percentage", "duration", "party", "place", "identifier", "number", "line"])


@settings(max_examples=80, deadline=None)
@given(TYPES, st.text(alphabet="aZ 0159/.-,%$€\nMayInc", max_size=120))
def test_candidates_lie_in_the_text_in_order(kind: FieldType, text: str) -> None:
    found = candidates(kind, text)
    assert found == sorted(found)
    assert all(0 <= start < end <= len(text) for start, end in found)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_an_extractor(text: str) -> None:
    for found in learn(FIELDS, labelled(4)).extract(text).values():
        assert all(text[one.start : one.end].strip() for one in found)
