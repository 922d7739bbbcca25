"""From the folder of a model to an encoder that runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from plimsoll.kernel.digest import Digest, digest_bytes, digest_json

from .._types import Precision
from ._config import ModelConfig
from ._encoder import Encoder, ForeignEncoder, GraphEncoder
from ._errors import ModelFilesError
from ._graph import GRAPH, write_graph
from ._runtime import optional, session
from ._weights import Weights, read_weights

_WEIGHTS: Final = "model.safetensors"
_GRAPHS: Final = ("model.onnx", "onnx/model.onnx")


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """How an encoder is run."""

    precision: Precision = "fp32"
    threads: int = 1
    """How many texts, or batches of them, are run at the same time."""
    outputs: tuple[str, ...] = ("last_hidden_state", "token_embeddings", "sentence_embedding")
    """What is taken from a graph that somebody else made: the first of these that it gives."""


def load_encoder(
    place: Path, config: ModelConfig | None, settings: EncoderSettings, *, model: str
) -> tuple[Encoder, Weights | None]:
    """The encoder in a folder, or in one `.onnx` file; and its weights, where its graph is made from them.

    Weights go before a graph that lies beside them, because a graph that is made here may run texts together. Raises
    ModelFilesError and PackageMissingError.
    """
    folder = place if place.is_dir() else place.parent
    weights = folder / _WEIGHTS
    foreign = place if place.is_file() else _graph_in(folder)
    if place.is_dir() and config is not None and weights.is_file() and (_is_drawn(config) or foreign is None):
        return _from_weights(weights, config, settings, model=model)
    if foreign is None:
        raise ModelFilesError(model, f"{folder} has no {_WEIGHTS} and no model.onnx")
    if settings.precision != "fp32":
        hint = "name a file that is rounded already, or leave `precision` out"
        raise ModelFilesError(model, f"{foreign.name} is run as it is, and cannot be rounded", hint=hint)
    running = session(str(foreign), model=model)
    fingerprint = f"foreign+{_graph_digest(foreign, model)}"
    encoder = ForeignEncoder(
        running, model=model, outputs=settings.outputs, fingerprint=fingerprint, threads=settings.threads
    )
    return encoder, None


def _from_weights(
    path: Path, config: ModelConfig, settings: EncoderSettings, *, model: str
) -> tuple[Encoder, Weights | None]:
    onnx = optional("onnx", model=model)
    weights = read_weights(path, model=model)
    graph = write_graph(config, weights, precision=settings.precision, onnx=onnx)
    content = digest_json([weights.digest, config.hidden_act, config.layer_norm_eps, config.num_attention_heads])
    encoder = GraphEncoder(
        session(graph, model=model, is_fused=True),
        fingerprint=f"{GRAPH}-{settings.precision}+{content}",
        threads=settings.threads,
    )
    return encoder, weights


def _is_drawn(config: ModelConfig) -> bool:
    return config.model_type == "bert" or config.is_roberta


def has_graph(folder: Path) -> bool:
    """Whether a folder has a graph that can be run as it is."""
    return _graph_in(folder) is not None


def _graph_in(folder: Path) -> Path | None:
    return next((folder / name for name in _GRAPHS if (folder / name).is_file()), None)


def _graph_digest(path: Path, model: str) -> Digest:
    """Of the graph and of the files with its weights, which have its name and something behind it."""
    try:
        files = [path, *sorted(path.parent.glob(f"{path.name}[_.]*"))]
        return digest_json([[file.name, digest_bytes(file.read_bytes())] for file in files])
    except OSError as error:
        raise ModelFilesError(model, f"{path.name} cannot be read ({error.strerror})") from None
