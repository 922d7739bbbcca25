"""Embedders in folders, on tiny random models."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tests.models.embedders.tiny import (
    POSITIONS,
    SIZE,
    WORDS,
    config_of,
    ids_of,
    random_weights,
    states_of,
    unit,
    write_model,
)

from plimsoll.models.catalogue import Place, make_embedder
from plimsoll.models.embedders import EmbedderSettings, GuardedEmbedder, embed_query, steadiness_of
from plimsoll.models.embedders._folder import FolderEmbedder, load_folder
from plimsoll.models.embedders.encoder import ModelFilesError, PackageMissingError

TEXT = "the lease ends in may"


def load(folder: Path, **changes: Any) -> FolderEmbedder:
    return load_folder(folder, EmbedderSettings("onnx:tiny", **changes))


def write(folder: Path, name: str, content: Any) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


def test_vectors_are_those_of_the_paper_s_arithmetic(tiny: Path) -> None:
    embedder = load(tiny)
    texts = [TEXT, "rent is due on monday", "cat", "ship unheardof water"]
    vectors = embedder.embed(texts)
    assert (vectors.shape, vectors.dtype.name, embedder.dimension) == ((4, SIZE), "float32", SIZE)
    for text, vector in zip(texts, vectors, strict=True):
        states = states_of(random_weights(), ids_of(text))
        assert vector == pytest.approx(unit(states.mean(axis=0)), abs=1e-5)


def test_rounded_weights_stay_near(tiny: Path) -> None:
    texts = [" ".join(WORDS[start : start + 7]) for start in range(12)]
    full, rounded = load(tiny).embed(texts), load(tiny, precision="int8").embed(texts)
    assert 0.99 < float((full * rounded).sum(axis=1).min()) < 1
    assert load(tiny).fingerprint != load(tiny, precision="int8").fingerprint
    steady, wavering = GuardedEmbedder(load(tiny)), GuardedEmbedder(load(tiny, precision="int8"))
    assert steadiness_of(wavering) < 0.99 < steadiness_of(steady)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_vector_depends_on_its_text_alone(tiny: Path, precision: Any) -> None:
    alone, many = (
        load(tiny, precision=precision),
        load_folder(tiny, EmbedderSettings("onnx:tiny", precision=precision), threads=3),
    )
    texts_of_words = st.lists(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join), min_size=1, max_size=12)

    @settings(max_examples=25, deadline=None)
    @given(texts_of_words)
    def law(texts: list[str]) -> None:
        together = many.embed(texts)
        for text, vector in zip(texts, together, strict=True):
            assert alone.embed([text])[0].tobytes() == vector.tobytes()

    law()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_text_has_a_vector_of_length_1_or_none(tiny: Path, texts: list[str]) -> None:
    vectors = load_once(tiny).embed(texts)
    assert vectors.shape == (len(texts), SIZE)
    for text, length in zip(texts, np.linalg.norm(vectors, axis=1), strict=True):
        assert length == pytest.approx(1 if text.strip() else 0, abs=1e-5)


_LOADED: dict[Path, FolderEmbedder] = {}


def load_once(folder: Path) -> FolderEmbedder:
    return _LOADED.setdefault(folder, load(folder))


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("cls", lambda states: states[0]),
        ("last", lambda states: states[-1]),
        ("max", lambda states: states.max(axis=0)),
        ("mean_sqrt", lambda states: states.sum(axis=0)),
    ],
)
def test_pooling(tiny: Path, pooling: Any, expected: Any) -> None:
    states = states_of(random_weights(), ids_of(TEXT))
    assert load(tiny, pooling=pooling).embed([TEXT])[0] == pytest.approx(unit(expected(states)), abs=1e-5)


@pytest.mark.parametrize(
    "said",
    [
        {"word_embedding_dimension": SIZE, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
        {"embedding_dimension": SIZE, "pooling_mode": "cls"},
    ],
)
def test_the_files_say_how_to_pool_and_what_to_write_before(copy: Path, said: Any) -> None:
    modules = [{"type": f"sentence_transformers.models.{kind}", "path": path} for kind, path in
               (("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize"))]  # fmt: skip
    write(copy, "modules.json", modules)
    write(copy, "1_Pooling/config.json", said)
    write(copy, "config_sentence_transformers.json", {"prompts": {"query": "rent of ", "document": "lease of "}})
    embedder = load(copy)
    expected = states_of(random_weights(), ids_of(f"lease of {TEXT}"))[0]
    assert embedder.embed([TEXT])[0] == pytest.approx(unit(expected), abs=1e-5)
    asked = states_of(random_weights(), ids_of(f"rent of {TEXT}"))[0]
    assert embed_query(embedder, TEXT) == pytest.approx(unit(asked), abs=1e-5)
    bare = load(copy, query_prompt="", passage_prompt="")
    assert np.array_equal(embed_query(bare, TEXT), bare.embed([TEXT])[0])
    assert not bare.embed([" "]).any()
    assert not embedder.embed([" "]).any()


def test_long_texts_are_cut_where_the_model_ends(copy: Path) -> None:
    words = " ".join(WORDS * 4)
    cut = " ".join((WORDS * 4)[: POSITIONS - 2])
    embedder = load(copy)
    assert np.array_equal(embedder.embed([words]), embedder.embed([cut]))
    write(copy, "sentence_bert_config.json", {"max_seq_length": 6})
    assert np.array_equal(load(copy).embed([words]), embedder.embed([" ".join(WORDS[:4])]))
    assert np.array_equal(load(copy, max_tokens=5).embed([words]), embedder.embed([" ".join(WORDS[:3])]))
    with pytest.raises(ModelFilesError, match="40 tokens, and not 41"):
        load(copy, max_tokens=41)


def test_the_first_numbers_can_be_enough(tiny: Path) -> None:
    short, full = load(tiny, dimensions=8), load(tiny)
    assert short.dimension == 8
    assert short.embed([TEXT])[0] == pytest.approx(unit(full.embed([TEXT])[0][:8].astype(np.float64)), abs=1e-6)
    with pytest.raises(ModelFilesError, match="32 numbers"):
        load(tiny, dimensions=33)


def test_tokens_keep_their_vectors(tiny: Path) -> None:
    found, empty = load(tiny).token_vectors([TEXT, " "])
    states = states_of(random_weights(), ids_of(TEXT))
    assert found.shape == (7, SIZE)
    assert found == pytest.approx(np.array([unit(row) for row in states]), abs=1e-5)
    assert empty.shape == (0, SIZE)


def test_roberta_counts_positions_from_behind_its_padding(tmp_path: Path) -> None:
    weights = random_weights(prefix="roberta.")
    folder = write_model(tmp_path / "r", weights=weights, model_type="roberta", pad_token_id=1)
    states = states_of(random_weights(), ids_of(TEXT), first=2)
    assert load(folder).embed([TEXT])[0] == pytest.approx(unit(states.mean(axis=0)), abs=1e-5)


def test_half_precision_weights_are_read(tmp_path: Path) -> None:
    halves = {name: value.astype(np.float16) for name, value in random_weights().items()}
    folder = write_model(tmp_path / "h", weights=halves)
    states = states_of({name: value.astype(np.float32) for name, value in halves.items()}, ids_of(TEXT))
    assert load(folder).embed([TEXT])[0] == pytest.approx(unit(states.mean(axis=0)), abs=1e-5)


def test_bfloat16_weights_are_read(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "b")
    tensors = {
        name: {
            "dtype": "BF16",
            "shape": list(value.shape),
            "data": (value.view(np.uint32) >> 16).astype("<u2").tobytes(),
        }
        for name, value in random_weights().items()
    }
    (folder / "model.safetensors").write_bytes(safetensors_bytes(tensors))
    cut = {name: (value.view(np.uint32) & 0xFFFF0000).view(np.float32) for name, value in random_weights().items()}
    states = states_of(cut, ids_of(TEXT))
    assert load(folder).embed([TEXT])[0] == pytest.approx(unit(states.mean(axis=0)), abs=1e-5)


def upper_halves(value: Any) -> bytes:
    halves: bytes = (value.view(np.uint32) >> 16).astype("<u2").tobytes()
    return halves


def safetensors_bytes(tensors: dict[str, Any]) -> bytes:
    head, data = {}, b""
    for name, tensor in tensors.items():
        head[name] = {
            "dtype": tensor["dtype"],
            "shape": tensor["shape"],
            "data_offsets": [len(data), len(data) + len(tensor["data"])],
        }
        data += tensor["data"]
    raw = json.dumps(head).encode()
    return len(raw).to_bytes(8, "little") + raw + data


@pytest.mark.parametrize(
    "change", ["weights", "tokenizer", "max_tokens", "prompt", "pooling", "revision", "activation"]
)
def test_a_fingerprint_changes_with_whatever_shapes_a_vector(copy: Path, change: str) -> None:
    before = load(copy).fingerprint
    assert load(copy).fingerprint == before
    if change == "weights":
        safetensors.numpy.save_file(random_weights(1), copy / "model.safetensors")
    elif change == "tokenizer":
        path = copy / "tokenizer.json"
        path.write_text(path.read_text().replace('"may"', '"june"'))
    elif change == "activation":
        write(copy, "config.json", config_of(hidden_act="gelu_new"))
    given: Any = {"max_tokens": {"max_tokens": 9}, "prompt": {"passage_prompt": "x "}, "pooling": {"pooling": "cls"}}
    given["revision"] = {"revision": "2"}
    assert load(copy, **given.get(change, {})).fingerprint != before


def test_a_fingerprint_does_not_tell_where_the_folder_is(tiny: Path, copy: Path) -> None:
    assert load(tiny).fingerprint == load(copy).fingerprint


def test_names_of_paths_begin_at_the_project(tiny: Path) -> None:
    place = Place(tiny.parent)
    for name in ("onnx:tiny", "st:./tiny", f"st:{tiny}", f"onnx:{tiny}"):
        embedder = make_embedder(EmbedderSettings(name), place=place)
        assert (embedder.name, embedder.dimension) == (name, SIZE)


def graph_file(path: Path, *, output: str = "last_hidden_state", inputs: tuple[str, ...] = ("input_ids",)) -> None:
    """Looks each token up in a table, and doubles it."""
    table = helper.make_tensor("table", TensorProto.FLOAT, [40, 3], [float(n % 7) for n in range(120)])
    shape: Any = ["b", "s", 3] if output != "sentence_embedding" else ["b", 3]
    nodes = [helper.make_node("Gather", ["table", inputs[0]], ["found"])]
    if output == "sentence_embedding":
        nodes.append(helper.make_node("ReduceMean", ["found"], [output], axes=[1], keepdims=0))
    else:
        nodes.append(helper.make_node("Add", ["found", "found"], [output]))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "s"]) for name in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
        [table],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)


@pytest.fixture
def foreign(copy: Path) -> Path:
    (copy / "model.safetensors").unlink()
    (copy / "config.json").write_text('{"model_type": "something"}')
    graph_file(copy / "model.onnx", inputs=("input_ids", "attention_mask", "token_type_ids", "position_ids"))
    return copy


def test_somebody_else_s_graph_is_run_as_it_is(foreign: Path) -> None:
    table = np.array([float(n % 7) for n in range(120)]).reshape(40, 3)
    expected = unit(table[ids_of(TEXT)].mean(axis=0))
    for place in (foreign, foreign / "model.onnx"):
        embedder = load(place)
        assert embedder.dimension == 3
        assert embedder.embed([TEXT, "cat"])[0] == pytest.approx(expected, abs=1e-6)
    before = load(foreign).fingerprint
    graph_file(foreign / "model.onnx", output="token_embeddings")
    assert load(foreign).fingerprint != before


@pytest.mark.parametrize(
    "config", ['{"model_type": "distilbert", "dim": 32}', json.dumps(config_of(model_type="mpnet"))]
)
def test_of_a_kind_that_is_not_drawn_here_the_graph_beside_the_weights_is_run(copy: Path, config: str) -> None:
    (copy / "config.json").write_text(config)
    with pytest.raises(ModelFilesError):
        load(copy)
    (copy / "onnx").mkdir()
    graph_file(copy / "onnx" / "model.onnx")
    assert load(copy).dimension == 3


def test_a_graph_may_make_the_vector_itself(foreign: Path) -> None:
    graph_file(foreign / "model.onnx", output="sentence_embedding")
    embedder = load(foreign)
    assert embedder.dimension == 3
    assert np.linalg.norm(embedder.embed([TEXT])) == pytest.approx(1)
    with pytest.raises(ModelFilesError, match="none for its tokens"):
        embedder.token_vectors([TEXT])


def test_graphs_that_are_no_encoders_are_refused(foreign: Path) -> None:
    graph_file(foreign / "model.onnx", output="pixels")
    with pytest.raises(ModelFilesError, match="gives pixels"):
        load(foreign)
    graph_file(foreign / "model.onnx", inputs=("waveform",))
    with pytest.raises(ModelFilesError, match="waveform"):
        load(foreign)
    (foreign / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelFilesError, match="cannot be loaded"):
        load(foreign)
    with pytest.raises(ModelFilesError, match="cannot be rounded"):
        load(foreign, precision="int8")


def test_a_graph_that_fails_on_a_text_says_so(foreign: Path) -> None:
    table = helper.make_tensor("table", TensorProto.FLOAT, [5, 3], [1.0] * 15)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        "g",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["b", "s"])],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["b", "s", 3])],
        [table],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, foreign / "model.onnx")
    embedder = load(foreign)
    with pytest.raises(ModelFilesError, match="its graph failed"):
        embedder.embed([TEXT])


def damage(folder: Path, how: str) -> None:
    weights = random_weights()
    if how == "missing":
        del weights["encoder.layer.1.output.dense.bias"]
    elif how == "shape":
        weights["encoder.layer.1.output.dense.bias"] = np.zeros(3, np.float32)
    elif how == "nan":
        weights["embeddings.LayerNorm.bias"][0] = np.nan
    elif how == "integers":
        weights["embeddings.LayerNorm.bias"] = np.zeros(SIZE, np.int64)
    safetensors.numpy.save_file(weights, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("how", "said"), [("missing", "no tensor"), ("shape", "shape"), ("nan", "no number"), ("integers", "I64")]
)
def test_damaged_weights_are_told(copy: Path, how: str, said: str) -> None:
    damage(copy, how)
    with pytest.raises(ModelFilesError, match=said):
        load(copy)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("config.json", "{", "config.json"),
        ("config.json", json.dumps(config_of(hidden_size=0)), "config.json"),
        ("config.json", json.dumps(config_of(num_attention_heads=5)), "multiple"),
        ("config.json", json.dumps(config_of(num_hidden_layers=1_000_000)), "config.json"),
        ("config.json", json.dumps(config_of(model_type="mpnet")), "mpnet"),
        ("config.json", json.dumps(config_of(hidden_act="swish")), "swish"),
        ("config.json", json.dumps(config_of(position_embedding_type="relative_key")), "absolute"),
        ("tokenizer.json", "{}", "tokenizer.json"),
        ("model.safetensors", "x" * 100, "safetensors"),
        ("modules.json", '[{"type": "a.Transformer"}, {"type": "a.Dense"}]', "Dense"),
        ("modules.json", '[{"type": "a.Pooling", "path": "../../etc"}]', "outside"),
        ("modules.json", "[[[[", "modules.json"),
        ("1_Pooling/config.json", '{"pooling_mode_weightedmean_tokens": true}', "pooling"),
        ("1_Pooling/config.json", '{"pooling_mode_mean_tokens": true, "include_prompt": false}', "prompt"),
    ],
)
def test_files_that_are_wrong_are_told_and_nothing_is_run(copy: Path, name: str, content: str, said: str) -> None:
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text(content)
    with pytest.raises(ModelFilesError, match=said) as caught:
        load(copy)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_missing_files_are_told(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelFilesError):
        load(copy)
    with pytest.raises(ModelFilesError, match="there is no"):
        load(copy / "nowhere")


def test_without_the_runtime_the_error_says_what_to_install(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(PackageMissingError, match="onnxruntime") as caught:
        load(tiny)
    assert "pip install 'plimsoll[onnx]'" in caught.value.hint
