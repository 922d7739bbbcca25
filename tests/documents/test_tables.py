import json
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plimsoll.documents import Document, DocumentError, LoadSettings, load

SETTINGS = LoadSettings()


def read(text: str | bytes, name: str = "a.csv") -> Document:
    return load(text.encode() if isinstance(text, str) else text, name, SETTINGS)


def refused(data: bytes, name: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load(data, name, SETTINGS)
    assert caught.value.hint
    return caught.value


def test_every_row_can_be_understood_by_itself() -> None:
    document = read('name,born,note\nAda,1815,"math, and\nmore"\nAlan,1912,\n')
    assert document.text == "name: Ada | born: 1815 | note: math, and more\nname: Alan | born: 1912"
    assert (document.media_type, document.notes) == ("text/csv", ())
    assert document.metadata == {"rows": 2, "columns": 3}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [["name", "price"], ["oil, heavy", "14"], ["gas; light", "3"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert read(text).text == "name: oil, heavy | price: 14\nname: gas; light | price: 3"


def test_tabs_part_the_cells_of_a_tsv_file() -> None:
    assert read("a\tb, c\n1\t2\n", "a.tsv").text == "a: 1 | b, c: 2"


@pytest.mark.parametrize(
    "text", ["1,2\n3,4", "2024-01-01,5\n2024-01-02,6", "a,a\n1,2", "only,one row", "a,b,c,,,,\n1,2,3,4,5,6,7"]
)
def test_without_names_rows_are_rows(text: str) -> None:
    assert ": " not in read(text).text


def test_rows_of_another_length_are_read_and_said() -> None:
    document = read("a,b\n1\n1,2,3\n1,2\n")
    assert document.text == "a: 1\na: 1 | b: 2 | column 3: 3\na: 1 | b: 2"
    assert document.notes == ("2 of 4 rows have another number of cells than the first",)


def test_a_quote_that_is_never_closed_does_not_swallow_the_table() -> None:
    document = read('a,b\n1,"2\n' + "3,4\n" * 50)
    assert document.text.count("a: 3 | b: 4") == 50
    assert "never closed" in document.notes[0]
    long = read('a,b\n1,"2\n' + "3,4\n" * 50_000)
    assert long.text.count("a: 3 | b: 4") == 50_000


def test_other_encodings_are_read() -> None:
    assert read("Straße;Höhe\nGrün;5\n".encode("cp1252")).text == "Straße: Grün | Höhe: 5"
    assert read("a,b\n1,2\n".encode("utf-16")).text == "a: 1 | b: 2"


def test_names_of_columns_that_blow_the_table_up_are_not_names() -> None:
    names = ",".join(f"{'x' * 5000}{column}" for column in range(400))
    rows = "\n".join(",".join("1" for _ in range(400)) for _ in range(2000))
    assert len(read(f"{names}\n{rows}").text) < 6_000_000


def test_names_of_columns_without_any_value_are_kept() -> None:
    assert read("name,remarks\nBo,\nAnn,\n").text == "columns without values: remarks\nname: Bo\nname: Ann"


@example([["", "A"], ["0"]])
@given(st.lists(st.lists(st.text(max_size=8), min_size=1, max_size=4), min_size=1, max_size=8))
def test_every_cell_is_in_the_text(rows: list[list[str]]) -> None:
    import csv
    import io

    target = io.StringIO()
    csv.writer(target, quoting=csv.QUOTE_ALL).writerows(rows)
    try:
        document = load(target.getvalue().encode("utf-8", "replace"), "a.csv", SETTINGS)
    except DocumentError:
        return
    words = {word for row in rows for cell in row for word in cell.split() if word.isascii() and word.isalnum()}
    assert all(word in document.text for word in words)


def test_values_of_json_have_their_paths() -> None:
    value = {
        "title": "Deal",
        "parties": [{"name": "Acme"}, {"name": "Bo\nrealis"}],
        "price": 1.50,
        "ok": True,
        "no": None,
    }
    document = read(json.dumps(value).replace("1.5", "1.50"), "a.json")
    assert document.text == ("title: Deal\nparties[0].name: Acme\nparties[1].name: Bo\nrealis\nprice: 1.50\nok: true")
    assert document.title == "Deal"


def test_records_are_parted_by_blank_lines() -> None:
    records = [{"id": 1, "text": "x"}, {"id": 2, "text": "y"}]
    expected = "id: 1\ntext: x\n\nid: 2\ntext: y"
    assert read(json.dumps(records), "a.json").text == expected
    lines = "\n".join(json.dumps(record) for record in records)
    for name in ("a.jsonl", "a.ndjson"):
        document = read(f"\n{lines}\n", name)
        assert (document.text, document.metadata, document.notes) == (expected, {"records": 2}, ())


def test_lines_that_are_no_json_are_left_out_and_said() -> None:
    document = read('{"a": 1}\nnonsense\n{"a": 2}\n', "a.jsonl")
    assert document.text == "a: 1\n\na: 2"
    assert document.notes == ("1 lines are not JSON and were left out",)
    assert refused(b"nonsense\nmore", "a.jsonl").code == "document_broken"


def test_what_is_wrong_with_very_many_lines_is_not_kept_for_each() -> None:
    data = b"x\n" * 40_000
    tracemalloc.start()
    try:
        assert refused(data, "a.jsonl").code == "document_broken"
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("depth", [101, 5000, 1_000_000])
def test_deep_nesting_is_refused_without_recursion(depth: int) -> None:
    for data in (b"[" * depth, b'{"a":' * depth, b"[" * depth + b"1" + b"]" * depth):
        assert refused(data, "a.json").code == "document_unpacked_too_large"


def test_nesting_up_to_the_limit_is_read_and_brackets_in_texts_do_not_count() -> None:
    assert read(b"[" * 100 + b'"' + b"[" * 500 + b'"' + b"]" * 100, "a.json").text.endswith("[" * 500)


def test_numbers_of_any_length_are_no_work() -> None:
    assert read('{"n": ' + "9" * 100_000 + "}", "a.json").text == "n: " + "9" * 100_000


def test_long_paths_do_not_blow_the_text_up() -> None:
    data = json.dumps({"k" * 1_000_000: list(range(2000))})
    assert len(read(data, "a.json").text) < 2000 * 300


@pytest.mark.parametrize("data", [b"{", b'{"a": }', b"nope", b'{"a": 1} x'])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    assert refused(data, "a.json").code == "document_broken"


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5) | st.integers(), lambda inner: st.lists(inner) |
    st.dictionaries(st.text(max_size=4), inner), max_leaves=20))  # fmt: skip
def test_any_json_is_a_document_or_has_no_text(value: object) -> None:
    try:
        text, code = read(json.dumps(value), "a.json").text, ""
    except DocumentError as error:
        text, code = "", error.code
    assert text.strip() or code == "document_no_text"
