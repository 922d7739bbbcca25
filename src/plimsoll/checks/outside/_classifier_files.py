"""The folder of a sequence classifier in Hugging Face's form: what is read of it, and the model that comes of it.

Weights are read from safetensors, or run as an ONNX graph: numbers and operators, and never a pickle, which is a
program.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from plimsoll.kernel.digest import Digest, Json, digest_json
from plimsoll.kernel.errors import PlimsollError
from plimsoll.models.embedders.encoder import (
    Encoded,
    Encoder,
    EncoderSettings,
    ModelConfig,
    ModelFilesError,
    Weights,
    load_encoder,
    read_json,
    read_weights,
)

from ._errors import ClassifierDigestError, ClassifierFilesError

_WEIGHTS: Final = "model.safetensors"
_FILES: Final = ("config.json", "tokenizer.json", "tokenizer_config.json", _WEIGHTS)
_GRAPHS: Final = ("model.onnx*", "onnx/model.onnx*")
_PICKLES: Final = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt", "*.joblib")
_USUAL_TOKENS: Final = 512
_MOST_TOKENS: Final = 8192
_LEAST_TOKENS: Final = 8
_OVERLAP: Final = 8
"""Windows share an eighth of their tokens, so that what lies on an edge is seen whole in one of them."""
_MANY: Final = "multi_label_classification"

Floats = NDArray[np.float32]
_Head = Callable[[Floats], Floats]

_BERT_NAMES: Final = {
    "attention.q_lin": "attention.self.query",
    "attention.k_lin": "attention.self.key",
    "attention.v_lin": "attention.self.value",
    "attention.out_lin": "attention.output.dense",
    "sa_layer_norm": "attention.output.LayerNorm",
    "ffn.lin1": "intermediate.dense",
    "ffn.lin2": "output.dense",
    "output_layer_norm": "output.LayerNorm",
}
"""What DistilBERT (Sanh et al. 2019) calls the parts of a layer, and what BERT does."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a text that the model reads at once."""

    start: int
    end: int
    tokens: Encoded


class Classifier:
    """A model, its tokenizer and its labels. Safe to use from several threads."""

    def __init__(
        self, labels: Sequence[str], tokenizer: Tokenizer, encoder: Encoder, head: _Head | None, *, many: bool
    ) -> None:
        """`many` says that several labels may hold at once; else exactly one does."""
        self.labels = tuple(labels)
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._head = head
        self._many = many or len(labels) == 1

    @property
    def holds_many(self) -> bool:
        """Whether each label is judged by itself."""
        return self._many

    def windows(self, text: str) -> Iterator[Window]:
        """A text in stretches that overlap; one of few words is one."""
        first = self._tokenizer.encode(text)
        for part in (first, *first.overflowing):
            yield _window(part, len(text))

    def chances(self, windows: Sequence[Window]) -> list[Floats]:
        """The probability of each label, for each window."""
        found: list[Floats] = [np.zeros(0, np.float32)] * len(windows)

        def take(place: int, states: Floats) -> None:
            logits = np.ravel(states if self._head is None else self._head(states)).astype(np.float64)
            found[place] = _chances(logits, many=self._many)

        self._encoder.each([window.tokens for window in windows], take)
        return found


def digest_of(folder: Path, path: str) -> Digest:
    """The digest of everything that is read of a classifier's folder. Raises ClassifierFilesError."""
    if not folder.is_dir():
        raise ClassifierFilesError(path, "there is no such folder", hint="write the path from the project's folder on")
    found = [folder / name for name in _FILES if (folder / name).is_file()]
    found += sorted(file for pattern in _GRAPHS for file in folder.glob(pattern) if file.is_file())
    try:
        named = [[file.relative_to(folder).as_posix(), _file_digest(file)] for file in found]
    except OSError as error:
        raise ClassifierFilesError(path, f"a file cannot be read ({error.strerror})") from None
    return digest_json(named)


def load_classifier(folder: Path, path: str, *, digest: str, max_tokens: int | None) -> Classifier:
    """The classifier in a folder, which the policy calls `path`.

    Raises ClassifierDigestError where its files have another digest, before anything of them is used;
    ClassifierFilesError, ModelFilesError, and PackageMissingError without onnxruntime.
    """
    found = digest_of(folder, path)
    if found != digest:
        raise ClassifierDigestError(path, digest, found)
    _refuse_pickles(folder, path)
    said = read_json(folder / "config.json", dict[str, Any], model=path)
    kind = str(said.get("model_type") or "")
    config = _config(folder, said, kind, path)
    labels = _labels(said, path)
    tokenizer = _tokenizer(folder, config, path, max_tokens)
    encoder, head = _encoder(folder, config, kind, path)
    made = Classifier(labels, tokenizer, encoder, head, many=said.get("problem_type") == _MANY)
    try:
        count = len(made.chances(list(made.windows("a")))[0])
    except PlimsollError:
        raise
    except Exception as error:  # the libraries raise anything for parts that do not fit each other
        raise ClassifierFilesError(path, "it failed on a text") from error
    if count != len(labels):
        raise ClassifierFilesError(path, f"it gives {count} numbers, and config.json has {len(labels)} labels")
    return made


def _refuse_pickles(folder: Path, path: str) -> None:
    if (folder / _WEIGHTS).is_file() or any(any(folder.glob(pattern)) for pattern in _GRAPHS):
        return
    pickled = next((file.name for pattern in _PICKLES for file in sorted(folder.glob(pattern))), None)
    if pickled is None:
        raise ClassifierFilesError(path, f"it has no {_WEIGHTS} and no model.onnx")
    raise ClassifierFilesError(
        path,
        f"{pickled} is a pickle, which is a program and is never loaded",
        hint="where you trust it, save it again with `safe_serialization=True`, or export it to model.onnx, elsewhere",
    )


def _config(folder: Path, said: Mapping[str, Any], kind: str, path: str) -> ModelConfig | None:
    """What the model is, in BERT's words; None for a kind of which only a graph can be run."""
    if kind == "distilbert":
        return _as_bert(said, path)
    try:
        return read_json(folder / "config.json", ModelConfig, model=path)
    except ModelFilesError:
        if (folder / _WEIGHTS).is_file() and not any(any(folder.glob(pattern)) for pattern in _GRAPHS):
            raise
        return None


def _as_bert(said: Mapping[str, Any], path: str) -> ModelConfig:
    names = {
        "hidden_size": "dim",
        "num_hidden_layers": "n_layers",
        "num_attention_heads": "n_heads",
        "intermediate_size": "hidden_dim",
        "hidden_act": "activation",
        "vocab_size": "vocab_size",
        "max_position_embeddings": "max_position_embeddings",
    }
    content = {name: said[theirs] for name, theirs in names.items() if theirs in said}
    with tempfile.TemporaryDirectory(prefix="plimsoll-classifier-") as place:
        file = Path(place) / "config.json"
        file.write_text(json.dumps({"model_type": "bert", **content}))
        return read_json(file, ModelConfig, model=path)


def _labels(said: Mapping[str, Any], path: str) -> tuple[str, ...]:
    named = said.get("id2label")
    labels: dict[str, Any] = named if isinstance(named, dict) else {}
    numbers = [str(number) for number in range(len(labels))]
    if not numbers or set(numbers) != set(labels):
        raise ClassifierFilesError(path, "config.json says no labels", hint="write `id2label` into it, numbered from 0")
    return tuple(str(labels[number]) for number in numbers)


def _tokenizer(folder: Path, config: ModelConfig | None, path: str, wanted: int | None) -> Tokenizer:
    limits = folder / "tokenizer_config.json"
    said = read_json(limits, dict[str, Any], model=path).get("model_max_length") if limits.is_file() else None
    usual = said if isinstance(said, int | float) and not isinstance(said, bool) else _USUAL_TOKENS
    most = min(_MOST_TOKENS if config is None else config.most_tokens, _MOST_TOKENS)
    tokens = int(min(wanted or usual, most))
    if tokens < _LEAST_TOKENS:
        raise ClassifierFilesError(
            path, f"{tokens} tokens are too few for any text", hint="write a larger `max_tokens`"
        )
    try:
        tokenizer = Tokenizer.from_buffer((folder / "tokenizer.json").read_bytes())
        tokenizer.no_padding()
        tokenizer.enable_truncation(tokens, stride=tokens // _OVERLAP)
    except OSError as error:
        raise ClassifierFilesError(path, f"tokenizer.json cannot be read ({error.strerror})") from None
    except Exception as error:  # the Rust library raises a bare Exception for a file that it cannot read
        raise ClassifierFilesError(path, "tokenizer.json is not one") from error
    return tokenizer


def _encoder(folder: Path, config: ModelConfig | None, kind: str, path: str) -> tuple[Encoder, _Head | None]:
    """What gives states, and the head that makes logits of them; None for a graph that gives logits itself."""
    how = EncoderSettings(outputs=("logits",))
    if kind == "distilbert" and config is not None and (folder / _WEIGHTS).is_file():
        with tempfile.TemporaryDirectory(prefix="plimsoll-classifier-") as place:
            weights = read_weights(folder / _WEIGHTS, model=path)
            safetensors.numpy.save_file(_bert_tensors(weights, config), Path(place) / _WEIGHTS)
            encoder, again = load_encoder(Path(place), config, how, model=path)
    else:
        encoder, again = load_encoder(folder, config, how, model=path)
    return encoder, None if again is None else _head_of(again)


def _bert_tensors(weights: Weights, config: ModelConfig) -> dict[str, Floats]:
    """The tensors of a DistilBERT by BERT's names; what it has not, the kinds of texts, is zero."""
    tensors = {_bert_name(name): weights.of(name) for name in weights.tensors}
    zero = np.zeros((config.type_vocab_size, config.hidden_size), np.float32)
    return {**tensors, "embeddings.token_type_embeddings.weight": zero}


def _bert_name(name: str) -> str:
    name = name.removeprefix("distilbert.")
    if not name.startswith("transformer.layer."):
        return name
    number, _, part = name.removeprefix("transformer.layer.").partition(".")
    stem, _, last = part.rpartition(".")
    return f"encoder.layer.{number}.{_BERT_NAMES.get(stem, stem)}.{last}"


def _head_of(weights: Weights) -> _Head:
    """The two layers over the first token: DistilBERT's, RoBERTa's, or BERT's pooler and classifier."""
    if "pre_classifier.weight" in weights:
        first, last, bend = "pre_classifier", "classifier", _positive
    elif "classifier.out_proj.weight" in weights:
        first, last, bend = "classifier.dense", "classifier.out_proj", _bent
    else:
        first, last, bend = "pooler.dense", "classifier", _bent
    inner, inner_bias = weights.of(f"{first}.weight"), weights.of(f"{first}.bias")
    outer, outer_bias = weights.of(f"{last}.weight"), weights.of(f"{last}.bias")

    def head(states: Floats) -> Floats:
        return np.asarray(outer @ bend(inner @ states[0] + inner_bias) + outer_bias, np.float32)

    return head


def _bent(values: Floats) -> Floats:
    return np.tanh(values)


def _positive(values: Floats) -> Floats:
    return np.maximum(values, np.float32(0))


def _chances(logits: NDArray[np.float64], *, many: bool) -> Floats:
    """The logistic function of each logit, or the softmax of all; without overflow."""
    if many:
        return np.asarray(np.exp(-np.logaddexp(0, -logits)), np.float32)
    exponents = np.exp(logits - logits.max())
    return np.asarray(exponents / exponents.sum(), np.float32)


def _window(part: Encoding, length: int) -> Window:
    places = [place for place, special in zip(part.offsets, part.special_tokens_mask, strict=True) if not special]
    start = min((start for start, _ in places), default=0)
    end = max((end for _, end in places), default=length)
    return Window(start, max(end, start), Encoded(part.ids, part.type_ids, len(places)))


def _file_digest(file: Path) -> Json:
    with file.open("rb") as opened:
        return f"sha256:{hashlib.file_digest(opened, 'sha256').hexdigest()}"
