"""The tiny model: a byte-level tokenizer trained on a few sentences, and a Llama of two layers with random weights."""

import json
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from ._gguf import Value, write_gguf

_TEXT = (
    "The ship may load until the water reaches the line that is painted on her hull.",
    "Nobody loads deeper than the line, and nobody moves it without a record.",
    "What is the cap on liability? The cap on liability is five thousand euros.",
)
_SPECIAL = ("<|end|>", "<|user|>", "<|assistant|>", "<|system|>")
_VOCABULARY = 384
_WIDTH, _INNER, _LAYERS, _HEADS, _CONTEXT = 64, 128, 2, 4, 512
_SPOKEN = re.compile(r"[Ġ!-;=?-~]+")
_NORMAL, _CONTROL = 1, 3
_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)

Weights = dict[str, NDArray[np.float32]]


def write_model(path: Path, *, seed: int = 7) -> None:
    """A GGUF file of less than a megabyte. The same seed gives the same model."""
    tokenizer = _tokenizer()
    size = tokenizer.get_vocab_size()
    words = [tokenizer.id_to_token(number) or "" for number in range(size)]
    unspoken = [number for number, word in enumerate(words) if not _SPOKEN.fullmatch(word)]
    weights = _weights(size, unspoken, np.random.default_rng(seed))
    write_gguf(path, {**_facts(size), **_words(tokenizer, words)}, weights)


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=list(_SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_TEXT, trainer)
    return tokenizer


def _words(tokenizer: Tokenizer, words: list[str]) -> dict[str, Value]:
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": [_CONTROL if word in _SPECIAL else _NORMAL for word in words],
        "tokenizer.ggml.merges": [" ".join(merge) if isinstance(merge, list) else merge for merge in merges],
        "tokenizer.ggml.eos_token_id": 0,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": _TEMPLATE,
    }


def _facts(size: int) -> dict[str, Value]:
    return {
        "general.architecture": "llama",
        "general.name": "tiny-random",
        "general.file_type": 0,
        "llama.vocab_size": size,
        "llama.context_length": _CONTEXT,
        "llama.embedding_length": _WIDTH,
        "llama.block_count": _LAYERS,
        "llama.feed_forward_length": _INNER,
        "llama.attention.head_count": _HEADS,
        "llama.attention.head_count_kv": _HEADS,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": _WIDTH // _HEADS,
    }


def _weights(size: int, unspoken: list[int], dice: np.random.Generator) -> Weights:
    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        drawn: NDArray[np.float32] = dice.standard_normal((rows, columns), dtype=np.float32)
        return drawn / np.float32(columns**0.5)

    ones = np.ones(_WIDTH, dtype=np.float32)
    output = matrix(size, _WIDTH) * 4
    # It never says its special words nor half a character: every answer is text, as long as it was asked to be.
    output[unspoken] = 0
    weights: Weights = {"token_embd.weight": matrix(size, _WIDTH), "output_norm.weight": ones, "output.weight": output}
    for number in range(_LAYERS):
        at = f"blk.{number}"
        weights[f"{at}.attn_norm.weight"] = ones
        weights[f"{at}.ffn_norm.weight"] = ones
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights[f"{at}.{name}.weight"] = matrix(_WIDTH, _WIDTH)
        weights[f"{at}.ffn_gate.weight"] = matrix(_INNER, _WIDTH)
        weights[f"{at}.ffn_up.weight"] = matrix(_INNER, _WIDTH)
        weights[f"{at}.ffn_down.weight"] = matrix(_WIDTH, _INNER)
    return weights
