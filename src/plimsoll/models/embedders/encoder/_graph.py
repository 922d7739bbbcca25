"""The graph of an encoder, written from its weights: BERT (Devlin et al. 2019) and RoBERTa (Liu et al. 2019)."""

from types import ModuleType
from typing import Final

import numpy as np

from .._types import Precision
from ._config import ModelConfig
from ._errors import ModelFilesError
from ._layers import FullLinear, Graph, Linear, RoundedLinear
from ._weights import Weights

GRAPH: Final = "graph-1"
"""Changes whenever the same weights could give other states; part of fingerprints."""

IDS: Final = "ids"
TYPES: Final = "types"
STATES: Final = "states"

_KINDS: Final = frozenset({"bert", "roberta", "xlm-roberta", "camembert"})
_ACTIVATIONS: Final = {"gelu": "BiasGelu", "gelu_new": "FastGelu", "gelu_pytorch_tanh": "FastGelu"}


def write_graph(config: ModelConfig, weights: Weights, *, precision: Precision, onnx: ModuleType) -> bytes:
    """The graph as ONNX bytes. Raises ModelFilesError for another kind of model.

    Inputs `ids` and `types`, of shape (batch, tokens); output `states`, of shape (batch, tokens, hidden size). There is
    no mask and no padding: all texts of a batch have as many tokens.
    """
    _check(config, weights)
    graph = Graph(onnx)
    layers = _Layers(graph, config, weights, RoundedLinear() if precision == "int8" else FullLinear())
    value = layers.embeddings()
    for number in range(config.num_hidden_layers):
        value = layers.layer(number, value)
    graph.node("Identity", [value], STATES)
    return graph.written([IDS, TYPES], STATES, config.hidden_size)


def _check(config: ModelConfig, weights: Weights) -> None:
    hint = "put its model.onnx into the folder instead, which is run as it is"
    if config.model_type not in _KINDS:
        kinds = ", ".join(sorted(_KINDS))
        raise ModelFilesError(weights.model, f"no graph can be made for {config.model_type!r}, only {kinds}", hint=hint)
    if config.hidden_act not in _ACTIVATIONS:
        raise ModelFilesError(weights.model, f"its activation {config.hidden_act!r} is not known here", hint=hint)
    if config.position_embedding_type not in {"absolute", None}:
        raise ModelFilesError(weights.model, "its positions are not absolute ones", hint=hint)
    if config.hidden_size % config.num_attention_heads:
        raise ModelFilesError(weights.model, "its hidden size is no multiple of its attention heads")


class _Layers:
    """Writes the layers of one model."""

    def __init__(self, graph: Graph, config: ModelConfig, weights: Weights, linear: Linear) -> None:
        self._graph = graph
        self._config = config
        self._weights = weights
        self._linear = linear

    def embeddings(self) -> str:
        """Words, positions and types, normalised."""
        graph, config, of = self._graph, self._config, self._weights.of
        size = config.hidden_size
        positions = of("embeddings.position_embeddings.weight", config.max_position_embeddings, size)
        words = graph.constant("words", of("embeddings.word_embeddings.weight", config.vocab_size, size))
        types = graph.constant("kinds", of("embeddings.token_type_embeddings.weight", config.type_vocab_size, size))
        places = graph.constant("positions", positions[config.first_position :])
        start = graph.constant("start", np.array([0], np.int64))
        graph.node("Shape", [IDS], "length", start=1, end=2)
        graph.node("Slice", [places, start, "length"], "place")
        graph.node("Gather", [words, IDS], "word")
        graph.node("Gather", [types, TYPES], "kind")
        graph.node("Add", ["word", "place"], "placed")
        graph.node("Add", ["placed", "kind"], "whole")
        norm = self._norm("embeddings.LayerNorm")
        return graph.node("LayerNormalization", ["whole", *norm], "embedded", axis=-1, epsilon=config.layer_norm_eps)

    def layer(self, number: int, value: str) -> str:
        """Attention and the two dense layers behind it."""
        place = f"encoder.layer.{number}"
        size, inner = self._config.hidden_size, self._config.intermediate_size
        attended = self._attention(place, value)
        value = self._joined(f"{place}.attention.output", attended, value, (size, size))
        name = f"{place}.intermediate.dense"
        wide = self._linear.of(self._graph, value, name, self._weights.of(f"{name}.weight", inner, size).T)
        bias = self._graph.constant(f"{name}.bias", self._weights.of(f"{name}.bias", inner))
        active = self._graph.own(_ACTIVATIONS[self._config.hidden_act], [wide, bias], f"{name}.active")
        return self._joined(f"{place}.output", active, value, (size, inner))

    def _attention(self, place: str, value: str) -> str:
        size, of = self._config.hidden_size, self._weights.of
        names = [f"{place}.attention.self.{part}" for part in ("query", "key", "value")]
        weights = np.concatenate([of(f"{name}.weight", size, size).T for name in names], axis=1)
        biases = np.concatenate([of(f"{name}.bias", size) for name in names])
        together = self._linear.of(self._graph, value, f"{place}.attention.qkv", weights)
        self._graph.split(together, names)
        bias = self._graph.constant(f"{place}.attention.bias", biases)
        heads = self._config.num_attention_heads
        return self._graph.own("MultiHeadAttention", [*names, bias], f"{place}.attention.self", num_heads=heads)

    def _joined(self, place: str, value: str, skipped: str, shape: tuple[int, int]) -> str:
        """A dense layer, added to what it was made from, and normalised."""
        name = f"{place}.dense"
        dense = self._linear.of(self._graph, value, name, self._weights.of(f"{name}.weight", *shape).T)
        bias = self._graph.constant(f"{name}.bias", self._weights.of(f"{name}.bias", shape[0]))
        biased = self._graph.node("Add", [dense, bias], f"{name}.biased")
        whole = self._graph.node("Add", [biased, skipped], f"{place}.whole")
        # Three plain steps: measured a fifth faster than onnxruntime's one (SkipLayerNormalization) in 8-bit graphs.
        norm = self._norm(f"{place}.LayerNorm")
        epsilon = self._config.layer_norm_eps
        return self._graph.node("LayerNormalization", [whole, *norm], f"{place}.states", axis=-1, epsilon=epsilon)

    def _norm(self, name: str) -> list[str]:
        size = self._config.hidden_size
        old = f"{name}.gamma" in self._weights
        names = (f"{name}.gamma", f"{name}.beta") if old else (f"{name}.weight", f"{name}.bias")
        return [self._graph.constant(name, self._weights.of(name, size)) for name in names]
