"""Which names are embedders, and what is said of the others."""

import pytest

from plimsoll.kernel.errors import InvalidError
from plimsoll.models.catalogue import check_embedder_name, is_remote_embedder, make_embedder
from plimsoll.models.embedders import EmbedderSettings, RemoteSettings


@pytest.mark.parametrize(
    "name",
    [
        "builtin/static",
        "builtin/minilm",
        "onnx:models/mine",
        "onnx:/srv/model.onnx",
        "st:./models/mine",
        "st:owner/model",
        "st:owner/model@v1",
        "openai/text-embedding-3-small",
        "openai_compatible/e",
    ],
)
def test_names_of_embedders(name: str) -> None:
    assert check_embedder_name(name) is None


@pytest.mark.parametrize(
    "name",
    ["", "builtin/other", "builtin/reader", "onnx:", "onnx: ", "st:model", "st:a/b/c", "openai/", "anthropic/x", "x/y"],
)
def test_other_names_are_told_what_would_be_right(name: str) -> None:
    assert check_embedder_name(name)
    with pytest.raises(InvalidError):
        make_embedder(name)


def test_only_models_behind_a_server_are_remote() -> None:
    assert is_remote_embedder("openai/e")
    assert not any(map(is_remote_embedder, ("builtin/static", "builtin/minilm", "onnx:openai/e", "st:openai/e")))


def test_the_static_embedder_has_nothing_to_set() -> None:
    with pytest.raises(InvalidError, match="nothing that can be set"):
        make_embedder(EmbedderSettings("builtin/static", dimensions=64))


def test_settings_come_from_a_project_file() -> None:
    content = {
        "model": "openai/e",
        "dimensions": 3,
        "base_url": "http://x/v1",
        "tokens_per_minute": 5,
        "concurrency": 4,
    }
    assert EmbedderSettings.of(content, api_key="k") == EmbedderSettings(
        "openai/e", dimensions=3, remote=RemoteSettings(base_url="http://x/v1", tokens_per_minute=5, api_key="k")
    )
