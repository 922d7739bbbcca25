"""Embedders in folders: those of sentence-transformers, and ONNX graphs with their tokenizer beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Json, digest_json

from ._abilities import STEADY
from ._described import Described, described
from ._types import EmbedderSettings, Pooling
from .encoder import Encoder, EncoderSettings, ModelFilesError, States, TextTokenizer, load_encoder

_VERSION: Final = "folder-1"
_LEAST_TOKENS: Final = 4
_ROUNDED: Final = 0.98
"""Measured: .997 between two orders of the same sums."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Shape:
    """How states become vectors."""

    width: int
    dimension: int
    pooling: Pooling
    query_prompt: str
    passage_prompt: str
    is_rounded: bool


class FolderEmbedder:
    """An encoder in onnxruntime, its tokenizer, and how its states are pooled. Safe to use from several threads.

    The same text gives the same bytes, whatever stands beside it and however many threads there are, on processors of
    one kind; on another kind the last digits may differ.
    """

    def __init__(self, name: str, encoder: Encoder, tokenizer: TextTokenizer, shape: _Shape, *, revision: str) -> None:
        self.name = name
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._shape = shape
        facts: Json = {
            "encoder": encoder.fingerprint,
            "tokenizer": tokenizer.fingerprint,
            "dimension": shape.dimension,
            "pooling": shape.pooling,
            "prompts": [shape.query_prompt, shape.passage_prompt],
            "revision": revision,
        }
        self.fingerprint = f"{_VERSION}+{digest_json(facts)}"

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return self._shape.dimension

    @property
    def steadiness(self) -> float:
        """See WaveringEmbedder: what is rounded to 8 bits can fall on the other side where a last digit differs."""
        return _ROUNDED if self._shape.is_rounded else STEADY

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages, shape (len(texts), dimension); blank texts give the zero vector."""
        return self._embedded(texts, self._shape.passage_prompt)

    def embed_query(self, question: str) -> Vectors:
        """See QueryEmbedder."""
        row: Vectors = self._embedded([question], self._shape.query_prompt)[0]
        return row

    def token_vectors(self, texts: Sequence[str]) -> list[Vectors]:
        """See TokenEmbedder. Raises ModelFilesError for a graph that keeps no tokens apart."""
        found: list[Vectors] = [np.zeros((0, self._shape.width), np.float32)] * len(texts)
        spoken = [place for place, text in enumerate(texts) if text.strip()]

        def take(number: int, states: States) -> None:
            if states.ndim == 1:
                raise ModelFilesError(self.name, "its graph gives one vector for a text, and none for its tokens")
            lengths = np.linalg.norm(states, axis=1, keepdims=True)
            found[spoken[number]] = (states / np.where(lengths > 0, lengths, 1)).astype(np.float32)

        self._encoder.each([self._tokenizer.of(texts[place]) for place in spoken], take)
        return found

    def _embedded(self, texts: Sequence[str], prompt: str) -> Vectors:
        shape = self._shape
        vectors = np.zeros((len(texts), shape.dimension), np.float32)
        spoken = [place for place, text in enumerate(texts) if text.strip()]

        def take(number: int, states: States) -> None:
            vector = pooled(states, shape.pooling)[: shape.dimension]
            length = np.linalg.norm(vector)
            vectors[spoken[number]] = vector / length if length > 0 else vector

        self._encoder.each([self._tokenizer.of(prompt + texts[place]) for place in spoken], take)
        return vectors


def pooled(states: States, pooling: Pooling) -> States:
    """One vector of a text's states, shape (width,); what is one vector already stays as it is.

    Means are sums in the order of the tokens, so that no batch can change their last digit.
    """
    if states.ndim == 1:
        return states
    if pooling in {"cls", "last"}:
        return np.asarray(states[0 if pooling == "cls" else -1], np.float32)
    if pooling == "max":
        return np.asarray(states.max(axis=0), np.float32)
    divisor = len(states) if pooling == "mean" else len(states) ** 0.5
    return np.asarray(states.sum(axis=0) / np.float32(divisor), np.float32)


def load_folder(place: Path, settings: EmbedderSettings, *, threads: int = 1) -> FolderEmbedder:
    """The embedder in a folder, or in one `.onnx` file with its tokenizer beside it.

    Raises ModelFilesError, and PackageMissingError without onnxruntime.
    """
    name = settings.model
    if not place.exists():
        raise ModelFilesError(name, f"there is no {place}", hint="write the path of the model's folder")
    folder = place if place.is_dir() else place.parent
    said = described(folder, model=name)
    tokenizer = TextTokenizer(
        folder / "tokenizer.json", model=name, most_tokens=_most_tokens(settings, said), lower=said.lower
    )
    encoder, _ = load_encoder(place, said.config, EncoderSettings(settings.precision, threads), model=name)
    width = _width(encoder, tokenizer)
    shape = _Shape(
        width=width,
        dimension=_dimension(settings, width),
        pooling=settings.pooling or said.pooling,
        query_prompt=said.query_prompt if settings.query_prompt is None else settings.query_prompt,
        passage_prompt=said.passage_prompt if settings.passage_prompt is None else settings.passage_prompt,
        is_rounded=settings.precision == "int8",
    )
    return FolderEmbedder(name, encoder, tokenizer, shape, revision=settings.revision)


def _most_tokens(settings: EmbedderSettings, said: Described) -> int:
    wanted = settings.max_tokens or said.max_tokens
    if wanted < _LEAST_TOKENS:
        raise ModelFilesError(settings.model, f"{wanted} tokens are too few for any text", hint="allow 16 or more")
    if settings.max_tokens and said.config and settings.max_tokens > said.config.most_tokens:
        most = said.config.most_tokens
        raise ModelFilesError(
            settings.model, f"it reads {most} tokens, and not {settings.max_tokens}", hint=f"write {most} or less"
        )
    return wanted


def _width(encoder: Encoder, tokenizer: TextTokenizer) -> int:
    """How many numbers a state has: asked of the encoder itself, which shows too that it runs."""
    found: list[int] = []
    encoder.each([tokenizer.of("width")], lambda _place, states: found.append(states.shape[-1]))
    return found[0]


def _dimension(settings: EmbedderSettings, width: int) -> int:
    if settings.dimensions is not None and not 1 <= settings.dimensions <= width:
        raise ModelFilesError(
            settings.model, f"it gives {width} numbers, and not {settings.dimensions}", hint=f"write {width} or less"
        )
    return settings.dimensions or width
