"""Cross-encoders (Nogueira and Cho 2019): question and passage are read as one text, and a head scores them."""

import asyncio
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import digest_json

from ..embedders._described import Described, described
from ..embedders.encoder import (
    Encoder,
    EncoderSettings,
    ModelFilesError,
    States,
    TextTokenizer,
    Weights,
    load_encoder,
)
from ._types import RerankerSettings, checked

_VERSION: Final = "cross-1"
_PAIR: Final = 2
_LEAST_TOKENS: Final = 8

Floats = NDArray[np.float32]
Head = Callable[[States], Floats]
"""From the states of a pair to its logits, one for each label."""


class CrossEncoder:
    """Scores from 0 to 1: the logistic function of one logit, or the probability of the second of two labels."""

    def __init__(
        self, name: str, encoder: Encoder, tokenizer: TextTokenizer, head: Head, *, revision: str = ""
    ) -> None:
        """Raises ModelFilesError when the head has another number of labels than one or two."""
        self.name = name
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._head = head
        self.fingerprint = f"{_VERSION}+{digest_json([encoder.fingerprint, tokenizer.fingerprint, revision])}"
        self._logits("a", ["b"])

    async def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """See Reranker; in a thread."""
        logits = await asyncio.to_thread(self._logits, question, texts)
        return checked(self.name, texts, [_score(each) for each in logits])

    async def close(self) -> None:
        """Nothing to do."""

    def _logits(self, question: str, texts: Sequence[str]) -> list[Floats]:
        found: list[Floats] = [np.zeros(0, np.float32)] * len(texts)

        def take(place: int, states: States) -> None:
            logits = np.ravel(states if states.ndim == 1 else self._head(states))
            if len(logits) not in {1, _PAIR}:
                problem = f"it has {len(logits)} labels, and a reranker has one or two"
                raise ModelFilesError(self.name, problem, hint="use a model that was trained to rank")
            found[place] = logits

        self._encoder.each([self._tokenizer.of(question, text) for text in texts], take)
        return found


def load_cross_encoder(place: Path, settings: RerankerSettings, *, threads: int = 1) -> CrossEncoder:
    """The cross-encoder in a folder, or in one `.onnx` file with its tokenizer beside it.

    Raises ModelFilesError, and PackageMissingError without onnxruntime.
    """
    name = settings.model
    if not place.exists():
        raise ModelFilesError(name, f"there is no {place}", hint="write the path of the model's folder")
    folder = place if place.is_dir() else place.parent
    said = described(folder, model=name, pools=False)
    tokenizer = TextTokenizer(
        folder / "tokenizer.json", model=name, most_tokens=_most_tokens(settings, said), lower=said.lower
    )
    how = EncoderSettings(settings.precision, threads, outputs=("logits",))
    encoder, weights = load_encoder(place, said.config, how, model=name)
    head = _no_head if weights is None else _head_of(weights)
    return CrossEncoder(name, encoder, tokenizer, head, revision=settings.revision)


def _most_tokens(settings: RerankerSettings, said: Described) -> int:
    wanted = settings.max_tokens or said.max_tokens
    most = said.config.most_tokens if said.config else wanted
    if not _LEAST_TOKENS <= wanted <= most:
        problem = f"it reads {_LEAST_TOKENS} to {most} tokens, and not {wanted}"
        raise ModelFilesError(settings.model, problem, hint=f"write {most} or less")
    return wanted


def _no_head(_states: States) -> Floats:
    """A graph that somebody else made gives the logits itself."""
    return np.zeros(0, np.float32)


def _head_of(weights: Weights) -> Head:
    """The head over the first token: BERT's pooler and classifier, or RoBERTa's two layers."""
    names = ("classifier.dense", "classifier.out_proj")
    first, last = names if f"{names[1]}.weight" in weights else ("pooler.dense", "classifier")
    inner, inner_bias = weights.of(f"{first}.weight"), weights.of(f"{first}.bias")
    outer, outer_bias = weights.of(f"{last}.weight"), weights.of(f"{last}.bias")

    def head(states: States) -> Floats:
        return np.asarray(outer @ np.tanh(inner @ states[0] + inner_bias) + outer_bias, np.float32)

    return head


def _score(logits: Floats) -> float:
    difference = float(logits[0]) if len(logits) == 1 else float(logits[1]) - float(logits[0])
    # Two ways of writing the same, each without overflow on its side.
    if difference >= 0:
        return 1 / (1 + math.exp(-difference))
    return math.exp(difference) / (1 + math.exp(difference))
