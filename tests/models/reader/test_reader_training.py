import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from plimsoll.models.catalogue import make_embedder
from plimsoll.models.providers.reader._weights import FILE, Weights, from_bytes, load_weights, to_bytes
from plimsoll.models.providers.reader.linear import Linear
from plimsoll.models.providers.reader.training import (
    NetworkPlan,
    asked_rows,
    fit_refusal,
    fit_spans,
    fit_summaries,
    fit_verdicts,
    folds,
    meeting_queries,
)
from plimsoll.models.providers.reader.training._linear import fit_logistic, fit_ridge, fit_softmax
from plimsoll.models.providers.reader.training._network import fit_network
from plimsoll.models.providers.reader.training._spans import token_f1

EMBED = make_embedder("builtin/static").embed
PLAN = NetworkPlan(members=1, hidden=4, epochs=2)


def question(article: str, context: str, asked: str, answer: str) -> dict[str, object]:
    return {
        "article": article,
        "context": context,
        "question": asked,
        "answers": [{"text": answer, "start": context.index(answer)}],
    }


HARBOUR = "The harbour of Skell opened in 1887. Its first master was Ada Quay, who kept cats."
TOWER = "The tower of Mole is 40 metres high. It was painted red by Tom Pier in spring."
LAMP = "The lamp of the tower burns oil. Two keepers look after the lamp at night."
QUESTIONS = [
    question("harbour", HARBOUR, "When did the harbour of Skell open?", "1887"),
    question("harbour", HARBOUR, "Who was the first master of the harbour?", "Ada Quay"),
    question("tower", TOWER, "How high is the tower of Mole?", "40 metres"),
    question("tower", LAMP, "How many keepers look after the lamp?", "Two"),
]
MEETINGS = [
    {
        "id": number,
        "transcript": [
            {"speaker": "Chair", "content": "We should talk about the budget of the boat . It costs a lot of money ."},
            {"speaker": "Ann", "content": "The engine of the boat must be repaired before the summer comes ."},
        ],
        "general_queries": [{"query": "Summarize the meeting.", "answer": "They talked about the budget of the boat."}],
        "specific_queries": [{"query": "What about the engine?", "answer": "The engine must be repaired."}],
    }
    for number in range(2)
]  # fmt: skip
STUDIES = [
    {"question": "Does rest help?", "contexts": ["We asked 40 people.", "Rest improved the outcome."], "answer": "yes"},
    {"question": "Is tea harmful?", "contexts": ["We asked 9 people.", "There was no difference."], "answer": "no"},
    {"question": "Do cats help?", "contexts": ["Few data.", "Further studies are needed."], "answer": "maybe"},
]


@pytest.fixture(scope="module")
def fitted() -> Weights:
    return fit_all()


def fit_all() -> Weights:
    asked = asked_rows(QUESTIONS, EMBED)
    return Weights(
        spans=fit_spans(asked, EMBED, PLAN),
        refusal=fit_refusal(asked, EMBED),
        summaries=fit_summaries(meeting_queries(MEETINGS, EMBED), EMBED),
        verdicts=fit_verdicts(STUDIES, EMBED),
    )


def test_fitting_twice_gives_the_same_bytes(fitted: Weights) -> None:
    assert to_bytes(fit_all()) == to_bytes(fitted)


def test_weights_survive_writing_and_reading(fitted: Weights) -> None:
    again = from_bytes(to_bytes(fitted))
    assert to_bytes(again) == to_bytes(fitted)
    rows = np.zeros((3, len(fitted.spans.mean)), dtype=np.float32)
    assert np.allclose(again.spans.scores(rows), fitted.spans.scores(rows), atol=0.05)


def test_the_published_weights_fit_the_features_and_are_small(fitted: Weights) -> None:
    published = load_weights()
    assert FILE.stat().st_size < 2_000_000
    assert published.spans.mean.shape == fitted.spans.mean.shape
    for part in ("refusal", "summaries", "verdicts"):
        ours, new = getattr(published, part), getattr(fitted, part)
        assert ours.weights.shape == new.weights.shape
    assert all(np.isfinite(array).all() for array in published.spans.arrays().values())


def test_the_card_lies_beside_the_weights() -> None:
    card = Path(FILE).with_name("CARD.md").read_text(encoding="utf-8")
    assert "CC BY-SA 4.0" in card
    assert "tools/train_reader.py" in card


def test_the_command_fits_and_writes_weights_that_can_be_read(tmp_path: Path) -> None:
    for name, rows in (("xquad", QUESTIONS), ("qmsum", MEETINGS), ("pubmedqa", STUDIES)):
        (tmp_path / name).mkdir()
        with gzip.open(tmp_path / name / "dev.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    tool, out = Path(__file__).resolve().parents[3] / "tools" / "train_reader.py", tmp_path / "weights" / "made"
    command = [sys.executable, str(tool), "--data-root", str(tmp_path), "--out", str(out), "--limit", "4"]
    subprocess.run(command, check=True, capture_output=True)
    made = from_bytes(out.read_bytes())
    assert made.spans.mean.shape == load_weights().spans.mean.shape
    assert made.digest not in {"", load_weights().digest}


def test_a_network_learns_which_row_to_choose() -> None:
    random = np.random.default_rng(0)
    rows = [random.normal(size=(8, 5)).astype(np.float32) for _ in range(60)]
    targets = [np.eye(8, dtype=np.float32)[int(one[:, 2].argmax())] for one in rows]
    plan = NetworkPlan(members=1, hidden=8, epochs=60, rate=0.02, decay=0.0, drop_features=0.0, drop_hidden=0.0)
    network = fit_network(rows, targets, plan)
    right = [
        int(network.scores(one).argmax()) == int(target.argmax()) for one, target in zip(rows, targets, strict=True)
    ]
    assert sum(right) >= 55


def test_the_paragraphs_that_do_not_answer_are_of_the_same_and_of_another_article() -> None:
    asked = asked_rows(QUESTIONS, EMBED)
    assert asked[2].similar == LAMP
    assert asked[0].similar == ""
    assert asked[0].foreign in {TOWER, LAMP}


def test_no_group_stands_on_both_sides_of_a_fold() -> None:
    groups = ["a", "b", "a", "c", "d", "b"]
    seen: list[int] = []
    for fit, measure in folds(groups, 3):
        assert not {groups[place] for place in fit} & {groups[place] for place in measure}
        seen += measure
    assert sorted(seen) == list(range(6))
    assert len(list(folds(["a", "b"], 5))) == 2


def test_logistic_regression_gives_probabilities() -> None:
    rows = np.linspace(-2, 2, 200)[:, None]
    model = fit_logistic(rows, rows[:, 0] > 0.5, penalty=0.1)
    chances = model.probabilities(rows)[:, 0]
    assert (np.diff(chances) >= 0).all()
    assert chances[0] < 0.01
    assert chances[-1] > 0.99


def test_softmax_regression_tells_classes_apart() -> None:
    classes = np.arange(90) % 3
    rows = np.eye(3)[classes] + 0.01
    model = fit_softmax(rows, classes, 3, penalty=0.01)
    chances = model.probabilities(rows)
    assert (chances.argmax(axis=1) == classes).all()
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-4)


def test_ridge_regression_finds_a_line() -> None:
    rows = np.random.default_rng(1).normal(size=(100, 2))
    model: Linear = fit_ridge([rows], [3 * rows[:, 0]], penalty=1e-6)
    scores = model.scores(rows)[:, 0]
    assert np.corrcoef(scores, rows[:, 0])[0, 1] > 0.999


@pytest.mark.parametrize(
    ("said", "gold", "expected"),
    [("the Broncos", "Broncos.", 1.0), ("red cat", "cat", 2 / 3), ("dog", "cat", 0.0), ("", "cat", 0.0)],
)
def test_token_f1_is_that_of_squad(said: str, gold: str, expected: float) -> None:
    assert token_f1(said, gold) == pytest.approx(expected)
