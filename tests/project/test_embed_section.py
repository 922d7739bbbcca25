"""The `embed` group of `knowledge/*.yaml`."""

from typing import Any

import pytest
from pydantic import ValidationError

from plimsoll.models.embedders import EmbedderSettings, RemoteSettings
from plimsoll.project.schemas.knowledge._embed import EmbedSection

SERVER: Any = {"model": "openai/e", "api_key": "${env:OPENAI_API_KEY}"}


def section(**given: Any) -> EmbedSection:
    return EmbedSection.model_validate(given)


def test_what_is_not_given_is_left_out() -> None:
    assert section().model_dump(mode="json") == section().settings() == {"model": "builtin/static"}
    assert EmbedderSettings.of(section().settings()) == EmbedderSettings("builtin/static")


def test_how_fast_a_server_is_asked_is_no_part_of_the_content() -> None:
    slow = section(**SERVER, requests_per_minute=60.0, tokens_per_minute=1e6, concurrency=2)
    assert slow.model_dump(mode="json") == section(**SERVER).model_dump(mode="json") == SERVER
    told = EmbedderSettings.of(slow.settings(), api_key="k")
    assert told.remote == RemoteSettings(api_key="k", requests_per_minute=60.0, tokens_per_minute=1e6)


def test_an_empty_prompt_is_a_prompt() -> None:
    content = section(model="onnx:models/e", query_prompt="", revision="").model_dump(mode="json")
    assert content == {"model": "onnx:models/e", "query_prompt": ""}


def test_everything_that_shapes_vectors_is_content() -> None:
    given = {
        "model": "st:owner/model",
        "query_prompt": "query: ",
        "passage_prompt": "passage: ",
        "dimensions": 128,
        "max_tokens": 256,
        "pooling": "cls",
        "precision": "int8",
        "revision": "2",
    }
    assert section(**given).model_dump(mode="json") == given
    settings = EmbedderSettings.of(section(**given).settings())
    assert {name: getattr(settings, name) for name in given} == given


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"model": "builtin/other"}, "there is no embedder"),
        ({"model": "openai/"}, "there is no embedder"),
        ({"model": "openai/e", "precision": "int8"}, "for embedders in files"),
        ({"model": "openai/e", "pooling": "cls"}, "for embedders in files"),
        ({"model": "onnx:e", "base_url": "http://x/v1"}, "behind a server"),
        ({"model": "builtin/minilm", "concurrency": 2}, "behind a server"),
        ({"precision": "int8"}, "nothing that can be set"),
        ({"dimensions": 12}, "nothing that can be set"),
        ({**SERVER, "api_key": "sk-1"}, "a secret must not stand in a file"),
        ({**SERVER, "requests_per_minute": 0.0}, "greater than 0"),
        ({"model": "onnx:e", "max_tokens": 5}, "16"),
    ],
)
def test_mistakes_are_told(given: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        section(**given)
