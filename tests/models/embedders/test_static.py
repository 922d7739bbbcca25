import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.errors import InvalidError, UnavailableError
from plimsoll.models.catalogue import EMBEDDERS, make_embedder
from plimsoll.models.embedders import _static
from plimsoll.models.embedders._static import count_tokens


def test_vectors_are_unit_or_zero() -> None:
    embedder = make_embedder("builtin/static")
    vectors = embedder.embed(["The invoice is due.", "", " \n ", "\ud800", "数据 😀 \x00", "x" * 5000])
    assert vectors.shape == (6, embedder.dimension) == (6, 256)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0, 0, 1, 1, 1], abs=1e-5)
    assert embedder.embed([]).shape == (0, 256)


def test_related_texts_are_nearer() -> None:
    contract, paraphrase, recipe = make_embedder("builtin/static").embed(
        ["The contract may be terminated.", "How do I cancel the agreement?", "Boil the pasta for ten minutes."]
    )
    assert contract @ paraphrase > contract @ recipe + 0.1


@given(st.lists(st.text(max_size=40), max_size=6))
def test_a_vector_depends_on_its_text_alone(texts: list[str]) -> None:
    embedder = make_embedder("builtin/static")
    together = embedder.embed(texts)
    for text, vector in zip(texts, together, strict=True):
        assert np.array_equal(embedder.embed([text])[0], vector)
        assert np.array_equal(embedder.embed(["\n " + "\n".join(text.split())])[0], vector)


def test_words_found_one_by_one_are_the_tokenizers_words() -> None:
    text = "Either party may terminate this Agreement (see § 4.2) with 30 days' written notice; naïve façade. " * 3
    words = _static._words(_static._locate("wordllama").tokenizer)
    assert words.of_text(text) == words._tokenizer.encode(" ".join(text.split()), add_special_tokens=False).ids


def test_memory_of_a_long_text_is_bounded_and_its_mean_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = make_embedder("builtin/static")
    text = " ".join(f"word{number}" for number in range(500))
    whole = embedder.embed([text])
    monkeypatch.setattr(_static, "_PIECE_TOKENS", 7)
    assert embedder.embed([text]) == pytest.approx(whole, abs=1e-5)


def test_the_kept_words_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_static, "_KEPT_WORDS", 5)
    words = _static._WordTokens(_static._words(_static._locate("wordllama").tokenizer)._tokenizer)
    for number in range(40):
        words.of_text(f"n{number} {'long' * 50}")
        assert len(words._kept) <= 5


def test_the_fingerprint_names_weights_and_pooling() -> None:
    first = make_embedder("builtin/static").fingerprint
    assert first == make_embedder("builtin/static").fingerprint
    assert first.startswith("builtin/static@words-mean-1+sha256:")


def test_counts_words_and_line_breaks() -> None:
    assert count_tokens("") == 0
    assert count_tokens("hello") == 1
    assert count_tokens("hello\nhello\n") == 4
    assert count_tokens("Tokenization of unusualwords") > 3


def test_missing_package_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="not installed") as caught:
        _static._locate("no_such_package_here")
    assert "pip install" in caught.value.hint
    good = _static._locate("wordllama")
    for files in (
        _static._Files(weights=tmp_path / "none", tokenizer=good.tokenizer),
        _static._Files(weights=good.tokenizer, tokenizer=good.tokenizer),
        _static._Files(weights=good.weights, tokenizer=good.weights),
    ):
        with pytest.raises(UnavailableError):
            _static._load(files)


def test_unknown_embedder_says_which_there_are() -> None:
    with pytest.raises(InvalidError, match="no embedder") as caught:
        make_embedder("builtin/other")
    assert all(name in caught.value.hint for name in EMBEDDERS)


def test_the_package_is_not_imported_and_forking_is_quiet() -> None:
    code = (
        "import os, sys; from plimsoll.models.catalogue import make_embedder\n"
        "make_embedder('builtin/static').embed(['a b'] * 500)\n"
        "assert 'wordllama' not in sys.modules and 'aiohttp' not in sys.modules\n"
        "pid = os.fork()\n"
        "make_embedder('builtin/static').embed(['c d'])\n"
        "if pid == 0: os._exit(0)\n"
        "os.waitpid(pid, 0)\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
