"""The check `classifier`, on tiny random models that the tests make."""

import json
import pickle
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper
from tests.checks.outside.fakes import FakeOutside
from tests.models.embedders.tiny import (
    POSITIONS,
    SIZE,
    VOCABULARY,
    WORDS,
    config_of,
    ids_of,
    random_weights,
    states_of,
    write_model,
)

from plimsoll.checks import CheckOptionsError
from plimsoll.checks.outside import FACTORIES, CheckTimeoutError, NobodyToAskError, OutsideCheck
from plimsoll.checks.outside._classifier_files import digest_of
from plimsoll.checks.outside._errors import ClassifierDigestError, ClassifierFilesError
from plimsoll.kernel.errors import InvalidError, PlimsollError

LABELS = ("SAFE", "INJECTION", "JAILBREAK")
MEANING = {"INJECTION": "injection", "JAILBREAK": "jailbreak"}
TEXT = "rent is due on monday"
KNOWN = VOCABULARY.index("a") + 1
"""So many words a model must know that is tried out with `a`."""

DISTIL = {
    "attention.self.query": "attention.q_lin",
    "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin",
    "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm",
    "intermediate.dense": "ffn.lin1",
    "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
}


def head_of(kind: str, labels: int = len(LABELS)) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(9)
    first, last = {
        "bert": ("bert.pooler.dense", "classifier"),
        "roberta": ("classifier.dense", "classifier.out_proj"),
        "distilbert": ("pre_classifier", "classifier"),
    }[kind]
    shapes = {f"{first}.weight": (SIZE, SIZE), f"{first}.bias": (SIZE,)}
    shapes |= {f"{last}.weight": (labels, SIZE), f"{last}.bias": (labels,)}
    return {name: random.normal(0, 1.5, shape).astype(np.float32) for name, shape in shapes.items()}


def body_of(kind: str) -> dict[str, NDArray[np.float32]]:
    weights = random_weights()
    weights["embeddings.token_type_embeddings.weight"] *= kind != "distilbert"
    return weights


def named(kind: str, weights: dict[str, Any]) -> dict[str, Any]:
    """The weights by the names of a kind of model."""
    if kind != "distilbert":
        return {f"{kind}.{name}": value for name, value in weights.items()}
    return {distil_name(name): value for name, value in weights.items() if "token_type" not in name}


def distil_name(name: str) -> str:
    name = name.replace("encoder.layer", "transformer.layer")
    part = next((part for part in DISTIL if f".{part}." in name), "")
    return f"distilbert.{name.replace(f'.{part}.', f'.{DISTIL[part]}.') if part else name}"


def write(folder: Path, kind: str = "bert", *, labels: tuple[str, ...] = LABELS, **config: Any) -> Path:
    """The folder of a classifier with random weights."""
    said: dict[str, Any] = {"id2label": {str(number): label for number, label in enumerate(labels)}, **config}
    weights = named(kind, body_of(kind)) | head_of(kind, len(labels))
    if kind == "roberta":
        said |= {"model_type": "roberta", "pad_token_id": 1}
    write_model(folder, weights=weights, **said)
    if kind == "distilbert":
        bert = config_of()
        theirs = {"dim": "hidden_size", "n_layers": "num_hidden_layers", "n_heads": "num_attention_heads"}
        theirs |= {"hidden_dim": "intermediate_size", "activation": "hidden_act"}
        theirs |= {name: name for name in ("vocab_size", "max_position_embeddings")}
        content = {name: bert[ours] for name, ours in theirs.items()} | said | {"model_type": "distilbert"}
        (folder / "config.json").write_text(json.dumps(content))
    return folder


def chances_of(text: str, kind: str = "bert", labels: int = len(LABELS), *, many: bool = False) -> Any:
    """What a classifier computes, straight from the papers."""
    states = states_of(body_of(kind), ids_of(text), first=2 if kind == "roberta" else 0)
    inner, inner_bias, outer, outer_bias = head_of(kind, labels).values()
    bent = inner @ states[0] + inner_bias
    logits = outer @ (np.maximum(bent, 0) if kind == "distilbert" else np.tanh(bent)) + outer_bias
    if many:
        return 1 / (1 + np.exp(-logits))
    exponents = np.exp(logits)
    return exponents / exponents.sum()


def check(folder: Path, rule: Any = None, **options: Any) -> OutsideCheck:
    given = {"path": folder.name, "digest": digest_of(folder, "x"), "labels": MEANING, **options}
    whole = {"check": "classifier", "name": "guard", "at_least": 0, **(rule or {}), "options": given}
    return FACTORIES["classifier"](whole, FakeOutside(folder=folder.parent))


def scores(made: OutsideCheck, text: str = TEXT) -> dict[str, float]:
    return {one.kind: one.score for one in made.find(text)}


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_scores_are_those_of_the_papers_arithmetic(tmp_path: Path, kind: str) -> None:
    made = check(write(tmp_path / "guard", kind))
    assert (made.name, made.kinds) == ("guard", ("injection", "jailbreak"))
    for text in (TEXT, "the lease ends in may", "deep water"):
        _, injection, jailbreak = chances_of(text, kind)
        assert scores(made, text) == pytest.approx({"injection": injection, "jailbreak": jailbreak}, abs=1e-5)


def test_labels_that_mean_the_same_count_together(tmp_path: Path) -> None:
    folder = write(tmp_path / "guard")
    both = {"INJECTION": "attack", "JAILBREAK": "attack"}
    assert scores(check(folder, labels=both))["attack"] == pytest.approx(sum(chances_of(TEXT)[1:]), abs=1e-5)
    many = write(tmp_path / "many", problem_type="multi_label_classification")
    expected = max(chances_of(TEXT, many=True)[1:])
    assert scores(check(many, labels=both))["attack"] == pytest.approx(expected, abs=1e-5)


def test_one_label_is_judged_by_itself(tmp_path: Path) -> None:
    folder = write(tmp_path / "toxic", labels=("TOXIC",))
    expected = chances_of(TEXT, labels=1, many=True)[0]
    assert scores(check(folder, labels={"TOXIC": "toxic"})) == pytest.approx({"toxic": expected}, abs=1e-5)


def test_without_a_threshold_what_is_more_likely_than_not_counts(tmp_path: Path) -> None:
    folder = write(tmp_path / "guard")
    found = {label: bool(check(folder, {"at_least": None}, labels={label: "found"}).find(TEXT)) for label in LABELS}
    assert found == {label: chance >= 0.5 for label, chance in zip(LABELS, chances_of(TEXT), strict=True)}
    assert set(found.values()) == {True, False}


def graph_of(inputs: tuple[str, ...] = ("input_ids", "attention_mask")) -> Any:
    """A graph that says INJECTION where the text has more than four tokens, as somebody may have exported one."""
    axes = ["batch", "tokens"]
    nodes = [
        helper.make_node("ReduceSum", [inputs[-1], "axis"], ["length"], keepdims=1),
        helper.make_node("Cast", ["length"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["number", "four"], ["more"]),
        helper.make_node("Neg", ["more"], ["less"]),
        helper.make_node("Concat", ["less", "more", "less"], ["logits"], axis=1),
    ]
    constants = [
        helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
        helper.make_tensor("four", TensorProto.FLOAT, [1], [4.5]),
    ]
    graph = helper.make_graph(
        nodes,
        "guard",
        [helper.make_tensor_value_info(name, TensorProto.INT64, axes) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def write_graph(folder: Path, place: str = "model.onnx", **graph: Any) -> Path:
    write(folder, model_type="deberta-v2")
    (folder / "model.safetensors").unlink()
    (folder / place).parent.mkdir(exist_ok=True)
    onnx.save(graph_of(**graph), folder / place)
    return folder


@pytest.mark.parametrize("place", ["model.onnx", "onnx/model.onnx"])
def test_a_graph_of_any_architecture_is_run_as_it_is(tmp_path: Path, place: str) -> None:
    made = check(write_graph(tmp_path / "guard", place), {"at_least": None})
    assert [one.kind for one in made.find(TEXT)] == ["injection"]
    assert made.find("rent") == []


def test_a_graph_that_is_no_classifier_is_told(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "guard", inputs=("pixels", "attention_mask"))
    with pytest.raises(InvalidError, match="'pixels'"):
        check(folder)


def test_a_long_text_is_read_in_windows_that_overlap(tmp_path: Path) -> None:
    made = check(write(tmp_path / "guard"), max_tokens=16)
    text = " ".join(WORDS * 12)
    found = [one for one in made.find(text) if one.kind == "injection"]
    assert len(found) > 10
    assert (found[0].start, found[-1].end) == (0, len(text))
    for one, after in pairwise(found):
        assert one.start < after.start < one.end < after.end
        assert one.score == pytest.approx(chances_of(text[one.start : one.end])[1], abs=1e-5)


def test_what_stands_in_one_window_is_found_there(tmp_path: Path) -> None:
    labels = {label: label.lower() for label in LABELS}
    made = check(write(tmp_path / "guard"), labels=labels, max_tokens=POSITIONS)
    text = "\ud800 " + "a " * 200 + "ship"
    for one in made.find(text):
        assert 0 <= one.start < one.end <= len(text)


@settings(max_examples=30, deadline=None)
@given(text=st.text(min_size=1, max_size=80))
def test_any_text_is_judged(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-guard"
    made = check(folder if folder.is_dir() else write(folder))
    found = made.find(text)
    assert {one.kind for one in found} == {"injection", "jailbreak"}
    assert all(0 <= one.start < one.end <= len(text) and 0 < one.score <= 1 for one in found)


def test_files_that_changed_are_not_used(tmp_path: Path) -> None:
    folder = write(tmp_path / "guard")
    digest = digest_of(folder, "x")
    assert check(folder).version == digest.removeprefix("sha256:")[:8]
    changed = json.loads((folder / "config.json").read_text()) | {"extra": 1}
    (folder / "config.json").write_text(json.dumps(changed))
    with pytest.raises(ClassifierDigestError) as caught:
        check(folder, digest=digest)
    assert digest in caught.value.message
    assert digest_of(folder, "x") in caught.value.message
    (folder / "README.md").write_text("not read")
    check(folder)


def test_checks_of_the_same_files_share_one_model(tmp_path: Path) -> None:
    folder = write(tmp_path / "guard")
    kept = check(folder)
    digest = digest_of(folder, "x")
    (folder / "model.safetensors").unlink()
    assert scores(check(folder, digest=digest)) == scores(kept)


class Boom:
    def __reduce__(self) -> Any:
        return Path("/nowhere/plimsoll-was-here").touch, ()


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    folder = write(tmp_path / "guard")
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Boom()))
    assert check(folder).find(TEXT)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ClassifierFilesError, match=r"pytorch_model.bin is a pickle") as caught:
        check(folder)
    assert "safe_serialization" in caught.value.hint


def broken(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda folder: (folder / "config.json").unlink(), "config.json cannot be read"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json cannot be read"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no model.safetensors"),
        (lambda folder: broken(folder, "config.json", b"[]"), "config.json is not what is expected"),
        (lambda folder: broken(folder, "config.json", b'{"model_type": "bert"}'), "config.json"),
        (lambda folder: broken(folder, "config.json", b"[" * 100_000), "config.json"),
        (lambda folder: broken(folder, "tokenizer.json", b"{}"), "tokenizer.json is not one"),
        (lambda folder: broken(folder, "model.safetensors", b"x" * 100), "not a safetensors file"),
        (
            lambda folder: (folder / "model.safetensors").replace(folder / "model.onnx"),
            "cannot be loaded",
        ),
    ],
)
def test_broken_files_are_told(tmp_path: Path, break_it: Any, says: str) -> None:
    folder = write(tmp_path / "guard")
    break_it(folder)
    with pytest.raises(InvalidError) as caught:
        check(folder)
    assert says in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"id2label": None}, "no labels"),
        ({"id2label": {}}, "no labels"),
        ({"id2label": {"0": "SAFE", "2": "INJECTION"}}, "no labels"),
        ({"id2label": {"0": "SAFE", "1": "INJECTION"}}, "3 numbers"),
        ({"model_type": "deberta-v2"}, "no graph can be made"),
        ({"max_position_embeddings": 4}, "too few"),
    ],
)
def test_configurations_that_do_not_fit_are_told(tmp_path: Path, config: Any, says: str) -> None:
    folder = write(tmp_path / "guard", **config)
    with pytest.raises(InvalidError, match=says):
        check(folder)


def test_a_label_that_the_model_has_not_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClassifierFilesError, match="'BENIGN'") as caught:
        check(write(tmp_path / "guard"), labels={"BENIGN": "benign"})
    assert "SAFE, INJECTION, JAILBREAK" in caught.value.hint


@pytest.mark.parametrize("rows", [20, KNOWN])
def test_a_model_that_fails_on_a_text_gives_no_verdict(tmp_path: Path, rows: int) -> None:
    folder = write(tmp_path / "guard")
    weights = safetensors.numpy.load_file(folder / "model.safetensors")
    weights["bert.embeddings.word_embeddings.weight"] = weights["bert.embeddings.word_embeddings.weight"][:rows]
    safetensors.numpy.save_file(weights, folder / "model.safetensors")
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(said | {"vocab_size": rows}))
    if rows < KNOWN:
        with pytest.raises(ClassifierFilesError, match="failed on a text"):
            check(folder)
        return
    made = check(folder)
    assert made.find("rent")
    with pytest.raises(ClassifierFilesError, match="failed on a text"):
        made.find("x y z")


def test_a_text_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    made = check(write(tmp_path / "guard"), {"timeout_s": 1e-9})
    with pytest.raises(CheckTimeoutError):
        made.find(TEXT)


def test_a_text_that_is_too_long_is_not_cut(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="at most 100 characters"):
        check(write(tmp_path / "guard"), most_characters=100).find("a " * 51)


def test_without_a_folder_options_are_read_all_the_same() -> None:
    rule: Any = {"check": "classifier", "options": {"path": "models/guard", "digest": "sha256:0", "labels": MEANING}}
    made = FACTORIES["classifier"](rule, None)
    assert made.kinds == ("injection", "jailbreak")
    with pytest.raises(NobodyToAskError):
        made.find("x")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"path": None}, "`path` is missing"),
        ({"digest": None}, "`digest` is missing"),
        ({"digest": "abc"}, "`digest` is none"),
        ({"labels": {}}, "`labels` is missing"),
        ({"labels": {"A": "Not A Kind"}}, "`labels` must lead to"),
        ({"labels": {"A": None}}, "`labels` must lead to"),
        ({"labels": ["A"]}, "`labels`"),
        ({"max_tokens": 10**6}, "`max_tokens`"),
        ({"trust_remote_code": True}, "no key `trust_remote_code`"),
    ],
)
def test_wrong_options_are_told(options: Any, says: str) -> None:
    whole = {"path": "x", "digest": "sha256:0", "labels": MEANING, **options}
    with pytest.raises(CheckOptionsError) as caught:
        FACTORIES["classifier"]({"check": "classifier", "options": whole}, None)
    assert says in caught.value.message


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    rule: Any = {"check": "classifier", "options": {"path": "gone", "digest": "sha256:0", "labels": MEANING}}
    with pytest.raises(PlimsollError, match="the classifier gone cannot be used: there is no such folder"):
        FACTORIES["classifier"](rule, FakeOutside(folder=tmp_path))
