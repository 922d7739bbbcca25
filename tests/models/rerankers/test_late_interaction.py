"""Late interaction over token vectors."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.embedders.tiny import write_model

from plimsoll.kernel.errors import InvalidError
from plimsoll.models.catalogue import Place, make_embedder, make_reranker
from plimsoll.models.embedders import EmbedderSettings
from plimsoll.models.rerankers import RerankerSettings
from plimsoll.models.rerankers._late_interaction import LateInteraction, max_sim

LATE = "builtin/late-interaction"
WORDS = {"rent": (1.0, 0.0), "lease": (0.8, 0.6), "cat": (0.0, 1.0), "mat": (-0.6, 0.8)}


class WordVectors:
    """A vector for each word, and a list of what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def token_vectors(self, texts: Sequence[str]) -> list[Any]:
        self.asked += texts
        return [np.array([WORDS[word] for word in text.split()], np.float32).reshape(-1, 2) for text in texts]


def scores(reranker: LateInteraction, question: str, *texts: str) -> list[float]:
    return asyncio.run(reranker.scores(question, texts))


def test_each_token_of_the_question_finds_its_nearest() -> None:
    found = scores(LateInteraction(WordVectors(), "w"), "rent cat", "lease mat", "rent", "")
    assert found == pytest.approx([(0.8 + 0.8) / 2, (1.0 + 0.0) / 2, -1.0])


texts = st.lists(st.sampled_from(sorted(WORDS)), min_size=1, max_size=6).map(" ".join)


@given(texts, texts, texts)
def test_laws(question: str, passage: str, more: str) -> None:
    vectors = WordVectors().token_vectors
    asked, read, both = vectors([question, passage, f"{passage} {more}"])
    assert max_sim(asked, asked) == pytest.approx(1)
    assert max_sim(asked, both) >= max_sim(asked, read) - 1e-6
    assert max_sim(asked, read) == pytest.approx(max_sim(asked, read[::-1]))
    assert -1.0001 <= max_sim(asked, read) <= 1.0001


def test_passages_are_embedded_once_while_there_is_room() -> None:
    embedder = WordVectors()
    reranker = LateInteraction(embedder, "w", kept_bytes=2 * 8)
    first = scores(reranker, "rent", "cat", "lease", "cat")
    assert scores(reranker, "rent", "lease", "cat") == [first[1], first[0]]
    assert embedder.asked == ["rent", "cat", "lease", "rent"]
    scores(reranker, "rent", "mat")
    scores(reranker, "rent", "cat", "lease")
    assert embedder.asked[4:] == ["rent", "mat", "rent", "lease"]


def test_it_is_made_over_a_model_in_a_folder(tmp_path: Path) -> None:
    write_model(tmp_path / "tiny")
    settings = RerankerSettings(LATE, embedder=EmbedderSettings("onnx:tiny"))
    reranker = make_reranker(settings, place=Place(tmp_path))
    found = asyncio.run(reranker.scores("rent is due", ["rent is due", "cat sat on the mat", " "]))
    assert found[0] == pytest.approx(1, abs=1e-5)
    assert found[0] > found[1] > found[2] == -1
    assert make_embedder(settings.embedder, place=Place(tmp_path)).fingerprint in reranker.fingerprint
    asyncio.run(reranker.close())


def test_an_embedder_without_token_vectors_is_refused() -> None:
    with pytest.raises(InvalidError, match="none for its tokens"):
        make_reranker(RerankerSettings(LATE), embedder=make_embedder("builtin/static"))
