"""`builtin/static`: an embedder that needs no network, from the weights that lie in the `wordllama` package.

The package is only located, never imported: importing it pulls an HTTP client, and loading through it asks a hub.
As in its inference code, a text's vector is the mean of its token vectors, without the start-of-text token. One thing
differs: white space only separates words, so a text has the same vector however its lines are wrapped. Because no token
of this vocabulary spans two words, tokens are found word by word and kept, which is about ten times as fast.
"""

import functools
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError
from tokenizers import Tokenizer

from plimsoll.kernel.digest import digest_bytes, digest_json

from .._errors import EmbedderFilesError

NAME: Final = "builtin/static"

_POOLING: Final = "words-mean-1"
_PACKAGE: Final = "wordllama"
_WEIGHTS: Final = "weights/l2_supercat_256.safetensors"
_TOKENIZER: Final = "tokenizers/l2_supercat_tokenizer_config.json"
_MATRIX: Final = "embedding.weight"
_PIECE_CHARS: Final = 400
_KEPT_WORD_CHARS: Final = 40
_KEPT_WORDS: Final = 100_000
_PIECE_TOKENS: Final = 8192

_Vectors = NDArray[np.float32]


class _WordTokens:
    """The token ids of single words, kept for words that come again (at most 100,000 of them, each short)."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._kept: dict[str, list[int]] = {}

    def of_text(self, text: str) -> list[int]:
        """Ids of all words of `text`."""
        kept = self._kept
        ids: list[int] = []
        for word in text.split():
            ids.extend(kept[word] if word in kept else self._of_word(word))
        return ids

    def _of_word(self, word: str) -> list[int]:
        # `encode` one by one, not `encode_batch`: that starts threads, and warns when the process forks later.
        ids: list[int] = []
        for start in range(0, len(word), _PIECE_CHARS):
            piece = word[start : start + _PIECE_CHARS].encode("utf-8", "replace").decode("utf-8")
            ids.extend(self._tokenizer.encode(piece, add_special_tokens=False).ids)
        if len(word) <= _KEPT_WORD_CHARS:
            if len(self._kept) >= _KEPT_WORDS:
                self._kept = {}
            self._kept[word] = ids
        return ids


class StaticEmbedder:
    """Mean of token vectors, scaled to length 1; 256 numbers a text. Safe to use from several threads."""

    name: str = NAME

    def __init__(self, *, words: _WordTokens, matrix: _Vectors, fingerprint: str) -> None:
        self._words = words
        self._matrix = matrix
        self._fingerprint = fingerprint

    @property
    def fingerprint(self) -> str:
        """Name, pooling version, and digests of the weights and of the tokenizer."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Length of each vector: 256."""
        return int(self._matrix.shape[1])

    def embed(self, texts: Sequence[str]) -> _Vectors:
        """Unit vectors, shape (len(texts), 256); a text without any word gives the zero vector."""
        sums = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for number, text in enumerate(texts):
            ids = np.array(self._words.of_text(text), dtype=np.int64)
            # One text at a time: measured eight times as fast as np.add.reduceat over many, and memory stays bounded.
            for start in range(0, len(ids), _PIECE_TOKENS):
                sums[number] += self._matrix.take(ids[start : start + _PIECE_TOKENS], axis=0).sum(axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        sums /= np.where(lengths > 0, lengths, 1)
        return sums


@dataclass(frozen=True, slots=True)
class _Files:
    weights: Path
    tokenizer: Path


def load_static_embedder() -> StaticEmbedder:
    """The one embedder of this process (32 MB). Raises EmbedderFilesError when its files are missing or broken."""
    return _load(_locate(_PACKAGE))


def count_tokens(text: str) -> int:
    """Tokens of `text`: those of its words, and one for each line break.

    An estimate for other models, used where a provider sends no usage. Raises EmbedderFilesError.
    """
    return len(_words(_locate(_PACKAGE).tokenizer).of_text(text)) + text.count("\n")


@functools.cache
def _locate(package: str) -> _Files:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbedderFilesError(f"the package {package} is not installed")
    root = Path(spec.submodule_search_locations[0])
    return _Files(weights=root / _WEIGHTS, tokenizer=root / _TOKENIZER)


@functools.cache
def _words(path: Path) -> _WordTokens:
    try:
        tokenizer = Tokenizer.from_str(path.read_text("utf-8"))
    except Exception as error:  # the Rust library raises a bare Exception for a file that it cannot read
        raise EmbedderFilesError(f"{path.name}: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.encode_special_tokens = True
    return _WordTokens(tokenizer)


@functools.cache
def _load(files: _Files) -> StaticEmbedder:
    words = _words(files.tokenizer)
    try:
        weights = files.weights.read_bytes()
        matrix = safetensors.numpy.load(weights)[_MATRIX].astype(np.float32)
    except (OSError, SafetensorError, KeyError) as error:
        raise EmbedderFilesError(f"{files.weights.name}: {error}") from error
    content = digest_json([digest_bytes(weights), digest_bytes(files.tokenizer.read_bytes())])
    return StaticEmbedder(words=words, matrix=matrix, fingerprint=f"{NAME}@{_POOLING}+{content}")
