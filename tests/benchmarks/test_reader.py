import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.reader_parts.porter import stem
from benchmarks.reader_parts.rouge import rouge
from hypothesis import given
from hypothesis import strategies as st

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("caresses", "caress"), ("ponies", "poni"), ("cats", "cat"), ("feed", "feed"), ("agreed", "agre"),
        ("plastered", "plaster"), ("motoring", "motor"), ("conflated", "conflat"), ("hopping", "hop"),
        ("falling", "fall"), ("filing", "file"), ("happy", "happi"), ("relational", "relat"),
        ("conditional", "condit"), ("digitizer", "digit"), ("triplicate", "triplic"), ("goodness", "good"),
        ("revival", "reviv"), ("adoption", "adopt"), ("controlling", "control"), ("probate", "probat"), ("the", "the"),
    ],
)  # fmt: skip
def test_stems_are_those_of_porters_paper(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_rouge_of_a_known_pair() -> None:
    found = rouge("police killed the gunman", "police kill the gunman today")
    assert found["rouge1"] == pytest.approx(8 / 9)
    assert found["rouge2"] == pytest.approx(6 / 7)
    assert found["rougeL"] == pytest.approx(8 / 9)


def test_rouge_l_of_several_sentences_is_their_union() -> None:
    found = rouge("w1 w2 w6 w7 w8. w1 w3 w8 w9 w5.", "w1 w2 w3 w4 w5.")
    assert found["rougeL"] == pytest.approx(2 * 4 / (10 + 5))


@given(st.text(alphabet="abc .", max_size=40), st.text(alphabet="abc .", max_size=40))
def test_rouge_lies_between_none_and_all_and_is_all_for_itself(one: str, other: str) -> None:
    assert all(0.0 <= value <= 1.0 for value in rouge(one, other).values())
    assert rouge(one, one)["rouge1"] in {0.0, 1.0}


def test_the_command_measures_rows_that_are_not_dev_with_the_published_weights(tmp_path: Path) -> None:
    context = "The harbour of Skell opened in 1887. Its first master was Ada Quay."
    rows = [
        {
            "lang": "en",
            "article": article,
            "context": context.replace("Skell", article),
            "question": f"When did the harbour of {article} open?",
            "answers": [{"text": "1887", "start": context.replace("Skell", article).index("1887")}],
        }
        for article in ("Skell", "Mole")
    ]
    (tmp_path / "xquad").mkdir()
    with gzip.open(tmp_path / "xquad" / "other.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    command = [str(FOLDER / "reader.py"), "--set", "xquad", "--data-root", str(tmp_path), "--split", "other"]
    done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert result["cross_validated"] is False
    assert result["metrics"]["f1"] == 1.0
    assert len(result["weights"]) > 20
