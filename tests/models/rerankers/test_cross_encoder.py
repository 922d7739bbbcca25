"""Cross-encoders in folders, on tiny random models."""

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from tests.models.embedders.tiny import SIZE, WORDS, ids_of, random_weights, states_of, write_model

from plimsoll.models.catalogue import Place, make_reranker
from plimsoll.models.embedders.encoder import ModelFilesError
from plimsoll.models.rerankers import Reranker, RerankerSettings

QUESTION = "rent is due"
TEXTS = ["on monday", "the lease ends in may", "cat sat on the mat", ""]


def head_of(labels: int, *, roberta: bool = False) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(9)
    first, last = ("classifier.dense", "classifier.out_proj") if roberta else ("bert.pooler.dense", "classifier")
    shapes = {f"{first}.weight": (SIZE, SIZE), f"{first}.bias": (SIZE,)}
    shapes |= {f"{last}.weight": (labels, SIZE), f"{last}.bias": (labels,)}
    return {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


def write_cross_encoder(folder: Path, labels: int = 1, *, roberta: bool = False) -> Path:
    prefix = "roberta." if roberta else "bert."
    weights = random_weights(prefix=prefix) | head_of(labels, roberta=roberta)
    kind: Any = {"model_type": "roberta", "pad_token_id": 1} if roberta else {}
    return write_model(folder, weights=weights, **kind)


def logits_of(text: str, labels: int, *, roberta: bool = False) -> Any:
    first, second = ids_of(QUESTION), ids_of(text)[1:]
    ids, types = [*first, *second], [0] * len(first) + [1] * len(second)
    states = states_of(random_weights(), ids, types, first=2 if roberta else 0)
    inner, inner_bias, outer, outer_bias = head_of(labels, roberta=roberta).values()
    return outer @ np.tanh(inner @ states[0] + inner_bias) + outer_bias


def load(folder: Path, **changes: Any) -> Reranker:
    return make_reranker(RerankerSettings("onnx:" + folder.name, **changes), place=Place(folder.parent, threads=2))


def scored(reranker: Reranker, texts: list[str] = TEXTS) -> list[float]:
    return asyncio.run(reranker.scores(QUESTION, texts))


@pytest.mark.parametrize("roberta", [False, True])
def test_scores_are_those_of_the_paper_s_arithmetic(tmp_path: Path, roberta: bool) -> None:
    scores = scored(load(write_cross_encoder(tmp_path / "cross", roberta=roberta)))
    expected = [1 / (1 + math.exp(-logits_of(text, 1, roberta=roberta)[0])) for text in TEXTS]
    assert scores == pytest.approx(expected, abs=1e-5)
    assert len(set(scores)) == 4


def test_of_two_labels_the_second_is_the_score(tmp_path: Path) -> None:
    scores = scored(load(write_cross_encoder(tmp_path / "cross", labels=2)))
    both = np.exp([logits_of(text, 2) for text in TEXTS])
    assert scores == pytest.approx((both[:, 1] / both.sum(axis=1)).tolist(), abs=1e-5)


def test_three_labels_are_no_ranking(tmp_path: Path) -> None:
    with pytest.raises(ModelFilesError, match="3 labels"):
        load(write_cross_encoder(tmp_path / "cross", labels=3))


def test_an_encoder_without_a_head_is_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(ModelFilesError, match="no tensor"):
        load(write_model(tmp_path / "plain"))


def test_a_score_depends_on_its_text_alone(tmp_path: Path) -> None:
    reranker = load(write_cross_encoder(tmp_path / "cross"), precision="int8")
    texts = [" ".join(WORDS[start : start + length]) for start in range(6) for length in (1, 4, 4, 9)]
    assert [scored(reranker, [text])[0] for text in texts] == scored(reranker, texts)
    assert scored(reranker, []) == []


def test_long_pairs_are_cut_at_their_longer_text(tmp_path: Path) -> None:
    reranker = load(write_cross_encoder(tmp_path / "cross"))
    long = WORDS * 3
    # 40 tokens are read: 3 around the texts, 3 of the question, 34 of the passage.
    assert scored(reranker, [" ".join(long)]) == scored(reranker, [" ".join(long[:34])])
    with pytest.raises(ModelFilesError, match="8 to 40 tokens"):
        load(tmp_path / "cross", max_tokens=41)


def test_a_fingerprint_names_what_shapes_a_score(tmp_path: Path) -> None:
    folder = write_cross_encoder(tmp_path / "cross")
    prints = {load(folder, **given).fingerprint for given in ({}, {"precision": "int8"}, {"max_tokens": 9})}
    assert len(prints | {load(folder, revision="2").fingerprint}) == 4
    assert load(folder).fingerprint in prints


def test_somebody_else_s_graph_gives_the_logits(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "foreign")
    (folder / "model.safetensors").unlink()
    table = helper.make_tensor("table", TensorProto.FLOAT, [40, 1], [n / 20 for n in range(40)])
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["found"]),
        helper.make_node("ReduceMean", ["found"], ["logits"], axes=[1], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["b", "s"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", 1])],
        [table],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    ids = [*ids_of(QUESTION), *ids_of("cat")[1:]]
    expected = 1 / (1 + math.exp(-sum(ids) / 20 / len(ids)))
    assert scored(load(folder), ["cat"]) == pytest.approx([expected], abs=1e-6)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelFilesError, match="there is no"):
        load(tmp_path / "nowhere")


def test_parts_that_pool_are_not_asked_for(tmp_path: Path) -> None:
    folder = write_cross_encoder(tmp_path / "cross")
    (folder / "modules.json").write_text(json.dumps([{"type": "sentence_transformers.cross_encoder.Scorer"}]))
    assert len(scored(load(folder))) == 4
