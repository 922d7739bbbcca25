"""onnxruntime and onnx, which are optional: looked for when a model needs them."""

import importlib
from types import ModuleType
from typing import Any, Final

from ._errors import ModelFilesError, PackageMissingError

INSTALL: Final = "install it: pip install 'plimsoll[onnx]'"


def optional(package: str, *, model: str, install: str = INSTALL) -> ModuleType:
    """An optional package. Raises PackageMissingError."""
    try:
        return importlib.import_module(package)
    except ImportError:
        raise PackageMissingError(model, package, install) from None


def session(graph: bytes | str, *, model: str, is_fused: bool = False) -> Any:
    """An inference session for a graph, or for the path of one, on the processor. Raises ModelFilesError.

    A graph that `is_fused` by hand is left as it is: the library would join steps again that are faster apart.

    One thread for each run: several texts are run at the same time instead, which gives the same bytes however many
    threads there are.
    """
    runtime = optional("onnxruntime", model=model)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    if is_fused:
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    try:
        return runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library has a class for each status, with no common one but Exception
        raise ModelFilesError(model, f"its graph cannot be loaded: {error}") from error
