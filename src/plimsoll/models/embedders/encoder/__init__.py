"""Text encoders in onnxruntime: from the files of a model to the states of its tokens.

Here: reading a model's folder (`config.json`, `tokenizer.json`, weights), the graph of BERT and RoBERTa that is made
from their weights, and running it, so that the same text gives the same bytes in whatever batch it stands.
Not here: what the states become, vectors (`plimsoll.models.embedders`) or scores (`plimsoll.models.rerankers`).
"""

from ._config import ModelConfig, read_json
from ._encoder import Encoder, States
from ._errors import ModelFilesError, PackageMissingError
from ._load import EncoderSettings, has_graph, load_encoder
from ._runtime import optional
from ._tokens import Encoded, TextTokenizer
from ._weights import Weights, read_weights

__all__ = [
    "Encoded",
    "Encoder",
    "EncoderSettings",
    "ModelConfig",
    "ModelFilesError",
    "PackageMissingError",
    "States",
    "TextTokenizer",
    "Weights",
    "has_graph",
    "load_encoder",
    "optional",
    "read_json",
    "read_weights",
]
