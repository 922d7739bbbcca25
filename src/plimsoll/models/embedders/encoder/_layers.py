"""The pieces of an encoder's graph, written as nodes of ONNX and of onnxruntime's own operators."""

from types import ModuleType
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

_OWN: Final = "com.microsoft"
_OPSET: Final = 18
_IR: Final = 10
_LEVELS: Final = 127
_UNSIGNED_ZERO: Final = 128
_TINY: Final = 1e-9

Array = NDArray[Any]


class Graph:
    """Nodes and constants of a graph that is being written."""

    def __init__(self, onnx: ModuleType) -> None:
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def constant(self, name: str, value: Array) -> str:
        """A constant of the graph; the same name is the same constant."""
        if name not in self._constants:
            self._constants[name] = self._onnx.numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """A node of ONNX's own operators, with one output."""
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, [output], **attributes))
        return output

    def own(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """A node of onnxruntime's operators, which do in one step what ONNX says in several."""
        return self.node(kind, inputs, output, domain=_OWN, **attributes)

    def split(self, value: str, outputs: list[str]) -> None:
        """The last axis in equal parts."""
        count = len(outputs)
        self._nodes.append(self._onnx.helper.make_node("Split", [value], outputs, axis=-1, num_outputs=count))

    def written(self, inputs: list[str], output: str, width: int) -> bytes:
        """The whole graph: integers of shape (batch, tokens) in, numbers of shape (batch, tokens, width) out."""
        helper, kinds = self._onnx.helper, self._onnx.TensorProto
        graph = helper.make_graph(
            self._nodes,
            "encoder",
            [helper.make_tensor_value_info(name, kinds.INT64, ["batch", "tokens"]) for name in inputs],
            [helper.make_tensor_value_info(output, kinds.FLOAT, ["batch", "tokens", width])],
            list(self._constants.values()),
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_OWN, 1)]
        return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=_IR).SerializeToString())


class Linear(Protocol):
    """How states are multiplied with weights."""

    def of(self, graph: Graph, value: str, name: str, weights: Array) -> str:
        """`value` times `weights`, shape (inputs, outputs), without the bias."""


class FullLinear:
    """In float32."""

    def of(self, graph: Graph, value: str, name: str, weights: Array) -> str:
        """See Linear."""
        return graph.node("MatMul", [value, graph.constant(f"{name}.weight", weights)], name)


class RoundedLinear:
    """In 8-bit integers: one scale for each token and for each column of the weights (both symmetric, 127 levels).

    The scale belongs to the token and not to the batch, as onnxruntime's own dynamic quantisation has it: otherwise a
    text would get another vector in other company, and one large number would cost every other its precision.
    """

    def __init__(self) -> None:
        self._rounded: set[str] = set()

    def of(self, graph: Graph, value: str, name: str, weights: Array) -> str:
        """See Linear."""
        if value not in self._rounded:
            self._rounded.add(value)
            _round_tokens(graph, value)
        largest = np.maximum(np.abs(weights).max(axis=0), _TINY)
        whole = np.clip(np.rint(weights / largest * _LEVELS), -_LEVELS, _LEVELS).astype(np.int8)
        columns = graph.constant(f"{name}.columns", (largest / _LEVELS).astype(np.float32))
        inputs = [f"{value}.rounded", graph.constant(f"{name}.weight", whole), _one(graph), columns, _zero(graph)]
        product = graph.own("MatMulIntegerToFloat", inputs, f"{name}.product")
        return graph.node("Mul", [product, f"{value}.scale"], name)


def _round_tokens(graph: Graph, value: str) -> None:
    """Each token's states as integers from 1 to 255, of which 128 stands for zero, and their scale."""
    axis = graph.constant("last", np.array([-1], np.int64))
    tiny = graph.constant("tiny", np.array(_TINY, np.float32))
    level = graph.constant("level", np.array(1 / _LEVELS, np.float32))
    size = graph.node("Abs", [value], f"{value}.size")
    largest = graph.node("ReduceMax", [size, axis], f"{value}.largest", keepdims=1)
    bound = graph.node("Max", [largest, tiny], f"{value}.bound")
    scale = graph.node("Mul", [bound, level], f"{value}.scale")
    scaled = graph.node("Div", [value, scale], f"{value}.scaled")
    graph.node("QuantizeLinear", [scaled, _one(graph), _zero(graph)], f"{value}.rounded")


def _one(graph: Graph) -> str:
    return graph.constant("one", np.array(1, np.float32))


def _zero(graph: Graph) -> str:
    return graph.constant("zero", np.array(_UNSIGNED_ZERO, np.uint8))
