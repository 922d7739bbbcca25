from pathlib import Path

import pytest

from plimsoll.datasets import DatasetInvalidError, DatasetMissingError, read_labelled

FIELDS = ("date", "total")


def written(folder: Path, text: str) -> Path:
    path = folder / "receipts.jsonl"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


def test_texts_have_their_values_and_their_lines(tmp_path: Path) -> None:
    path = written(tmp_path, '{"text": "Total 5.00", "values": {"total": ["5.00"]}}\n\n{"text": "x", "values": {}}\n')
    first, second = read_labelled(path, FIELDS)
    assert (first.line, first.text, dict(first.values)) == (1, "Total 5.00", {"total": ("5.00",)})
    assert (second.line, dict(second.values)) == (3, {})
    assert first.to_json() == {"text": "Total 5.00", "values": {"total": ["5.00"]}}


@pytest.mark.parametrize(
    ("line", "what", "instead"),
    [
        ('{"text": "x", "values": {"totl": ["5"]}}', 'there is no field "totl"', 'did you mean "total"?'),
        ('{"text": "x", "values": {"total": "5"}}', '"total" must be a list of texts', 'write "total"'),
        ('{"text": "x", "values": {"total": []}}', '"total" must be a list of texts', "leave it out"),
        ('{"text": "x", "values": {"total": [5]}}', '"total" must be a list of texts', 'write "total"'),
        ('{"text": "x"}', '"values" must be an object', 'write {"text"'),
        ('{"values": {}}', '"text" must be text that is not empty', 'write "text"'),
        ('{"text": "\\ud800", "values": {}}', '"text" must be text that is not empty', 'write "text"'),
        ('{"text": "x", "values": {}, "labels": {}}', '"labels" is not a key of a row', "text, values"),
        ("[1]", "the line is not a JSON object", 'write {"text"'),
        ("{", "the line is not JSON", 'write {"text"'),
        ("[" * 100_000, "the line cannot be read: it is nested too deeply", 'write {"text"'),
    ],
)
def test_what_is_wrong_in_a_line_is_told_with_its_number(tmp_path: Path, line: str, what: str, instead: str) -> None:
    with pytest.raises(DatasetInvalidError) as caught:
        read_labelled(written(tmp_path, f'{{"text": "x", "values": {{}}}}\n{line}\n'), FIELDS)
    (mistake,) = caught.value.mistakes
    assert mistake.line == 2
    assert mistake.what.startswith(what)
    assert instead in mistake.instead


def test_a_file_without_texts_is_a_mistake_and_one_that_is_not_there_too(tmp_path: Path) -> None:
    with pytest.raises(DatasetInvalidError, match="no rows"):
        read_labelled(written(tmp_path, "\n"), FIELDS)
    with pytest.raises(DatasetMissingError):
        read_labelled(tmp_path / "nothing.jsonl", FIELDS)
