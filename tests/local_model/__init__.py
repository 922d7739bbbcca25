"""A tiny language model with random weights and a tokenizer of its own, served by llama.cpp's server.

The model is made here, in a second, from nothing: no hub is asked. What it says is nonsense, but the server, its
streaming, its counts and its sampling are real.
"""

from ._model import write_model
from ._server import LocalServer, is_installed, local_server

__all__ = ["LocalServer", "is_installed", "local_server", "write_model"]
