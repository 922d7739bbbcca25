"""Tiny random models, written as files, and the same arithmetic in plain numpy to compare with."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

_SENTENCE = "the lease ends in may rent is due on monday ship load line deep water cat sat mat a of to and x y z"
WORDS = _SENTENCE.split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
SIZE, HEADS, LAYERS, INNER, POSITIONS = 32, 4, 2, 48, 40

Floats = NDArray[np.float64]


def write_tokenizer(folder: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(VOCABULARY)}, "[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    # As published tokenizers have it, which must not reach the encoder.
    tokenizer.enable_padding(length=30, pad_id=0)
    tokenizer.save(str(folder / "tokenizer.json"))


def config_of(**changes: Any) -> dict[str, Any]:
    return {
        "model_type": "bert",
        "hidden_size": SIZE,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": INNER,
        "vocab_size": len(VOCABULARY),
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        **changes,
    }


def random_weights(seed: int = 0, *, prefix: str = "") -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(VOCABULARY), SIZE),
        "embeddings.position_embeddings.weight": (POSITIONS, SIZE),
        "embeddings.token_type_embeddings.weight": (2, SIZE),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        place = f"encoder.layer.{layer}"
        dense = {f"attention.self.{part}": (SIZE, SIZE) for part in ("query", "key", "value")}
        dense |= {"attention.output.dense": (SIZE, SIZE), "intermediate.dense": (INNER, SIZE)}
        dense["output.dense"] = (SIZE, INNER)
        for name, shape in dense.items():
            shapes[f"{place}.{name}.weight"] = shape
            shapes[f"{place}.{name}.bias"] = shape[:1]
        norms += [f"{place}.attention.output.LayerNorm", f"{place}.output.LayerNorm"]
    weights = {name: random.normal(0, 0.2, shape) for name, shape in shapes.items()}
    for name in norms:
        weights[f"{name}.weight"] = random.normal(1, 0.1, SIZE)
        weights[f"{name}.bias"] = random.normal(0, 0.1, SIZE)
    return {f"{prefix}{name}": value.astype(np.float32) for name, value in weights.items()}


def write_model(folder: Path, *, seed: int = 0, weights: Any = None, **config: Any) -> Path:
    """A sentence-transformers folder of a BERT with random weights."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder)
    (folder / "config.json").write_text(json.dumps(config_of(**config)))
    safetensors.numpy.save_file(random_weights(seed) if weights is None else weights, folder / "model.safetensors")
    return folder


def ids_of(text: str) -> list[int]:
    places = [VOCABULARY.index(word) if word in VOCABULARY else 1 for word in text.lower().split()]
    return [2, *places, 3]


def states_of(
    weights: dict[str, NDArray[np.float32]], ids: list[int], types: list[int] | None = None, *, first: int = 0
) -> Floats:
    """What BERT computes, straight from the paper."""
    w = {name: value.astype(np.float64) for name, value in weights.items()}

    def norm(x: Floats, name: str) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled: Floats = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]

    def dense(x: Floats, name: str) -> Floats:
        return np.asarray(x @ w[f"{name}.weight"].T + w[f"{name}.bias"], np.float64)

    gelu = np.vectorize(lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2))))
    x = w["embeddings.word_embeddings.weight"][ids]
    x = x + w["embeddings.position_embeddings.weight"][first : first + len(ids)]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][types or [0] * len(ids)], "embeddings.LayerNorm")
    for layer in range(LAYERS):
        place = f"encoder.layer.{layer}"
        query, key, value = (
            dense(x, f"{place}.attention.self.{part}").reshape(len(ids), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        likeness = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(SIZE // HEADS))
        heard = (likeness / likeness.sum(axis=-1, keepdims=True)) @ value
        heard = heard.transpose(1, 0, 2).reshape(len(ids), SIZE)
        x = norm(dense(heard, f"{place}.attention.output.dense") + x, f"{place}.attention.output.LayerNorm")
        wide = gelu(dense(x, f"{place}.intermediate.dense"))
        x = norm(dense(wide, f"{place}.output.dense") + x, f"{place}.output.LayerNorm")
    return np.asarray(x, np.float64)


def unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector), np.float64)
