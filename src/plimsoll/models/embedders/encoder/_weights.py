"""Weights in safetensors files: numbers and nothing else, so that a file of unknown origin can be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors import SafetensorError

from plimsoll.kernel.digest import Digest, digest_bytes

from ._errors import ModelFilesError

_MOST_BYTES: Final = 1_900_000_000
"""A graph with its weights must fit into a protobuf message, which ends at 2 GB."""
_PREFIXES: Final = ("bert.", "roberta.", "model.", "0.auto_model.")
_TYPES: Final = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "BF16": "<u2"}

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """The tensors of a model by name, without the name of the model in front, and the digest of their file."""

    model: str
    tensors: Mapping[str, Mapping[str, Any]]
    digest: Digest

    def __contains__(self, name: str) -> bool:
        """Whether there is a tensor of this name."""
        return name in self.tensors

    def of(self, name: str, *shape: int) -> Floats:
        """The tensor of this name. Raises ModelFilesError when it is missing, of another shape, or holds no numbers."""
        tensor = self.tensors.get(name)
        if tensor is None:
            raise ModelFilesError(self.model, f"its weights have no tensor {name}")
        if shape and tuple(tensor["shape"]) != shape:
            raise ModelFilesError(self.model, f"the tensor {name} has the shape {tensor['shape']}, and not {shape}")
        kind = _TYPES.get(tensor["dtype"])
        if kind is None:
            raise ModelFilesError(self.model, f"the tensor {name} holds {tensor['dtype']}, and no floating numbers")
        values = np.frombuffer(tensor["data"], dtype=kind)
        if tensor["dtype"] == "BF16":
            # The upper half of a float32.
            values = (values.astype(np.uint32) << 16).view(np.float32)
        numbers = values.astype(np.float32, copy=False).reshape(tensor["shape"])
        if not np.isfinite(numbers).all():
            raise ModelFilesError(self.model, f"the tensor {name} holds something that is no number")
        return numbers


def read_weights(path: Path, *, model: str) -> Weights:
    """The weights in one file. Raises ModelFilesError."""
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            hint = "export the model to ONNX, and put model.onnx into its folder"
            raise ModelFilesError(model, f"{path.name} is larger than {_MOST_BYTES:,} bytes", hint=hint)
        raw = path.read_bytes()
        tensors = dict(safetensors.deserialize(raw))  # type: ignore[no-untyped-call]  # its stubs have no types
    except OSError as error:
        raise ModelFilesError(model, f"{path.name} cannot be read ({error.strerror})") from None
    except SafetensorError as error:
        raise ModelFilesError(model, f"{path.name} is not a safetensors file: {error}") from None
    return Weights(model, {_bare(name): tensor for name, tensor in tensors.items()}, digest_bytes(raw))


def _bare(name: str) -> str:
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
    return name[len(prefix) :]
