"""Vectors from a server that speaks OpenAI's form, and from the built-in embedder."""

import asyncio
import base64
import json
import struct
from collections.abc import Callable
from typing import Any

import pytest

from plimsoll.http import Client
from plimsoll.kernel.errors import DeniedError, InvalidError, UnavailableError
from plimsoll.models import Embeddings
from plimsoll.models.catalogue import RouteSettings, make_embedder, make_embedding_model
from plimsoll.models.prices import PriceOverride, price_of
from plimsoll.models.providers._endpoint import ProviderEndpoint
from plimsoll.models.providers.openai import OpenAIEmbeddingModel


def in_base64(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def listed(*vectors: Any, **more: Any) -> bytes:
    data = [{"object": "embedding", "index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    usage = {"prompt_tokens": 8, "total_tokens": 8}
    return json.dumps({"object": "list", "data": data, "model": "e-2", "usage": usage, **more}).encode()


@pytest.fixture
def embed(serving: Any) -> Callable[..., tuple[Embeddings, Any]]:
    """The vectors of some inputs from a server that plays these scripts, and the server."""

    def run(inputs: Any, *scripts: Any, total_s: float = 10.0, **parameters: Any) -> tuple[Embeddings, Any]:
        async def story() -> tuple[Embeddings, Any]:
            async with serving(*scripts) as server:
                client = Client()
                endpoint = ProviderEndpoint("vllm/e", "e", server.url, "k-secret", total_s=total_s)
                model = OpenAIEmbeddingModel(
                    endpoint,
                    client=client,
                    price=price_of("vllm/e", PriceOverride(1.0, 5.0)),
                    count_tokens=lambda text: len(text.split()),
                )
                assert model.name == "vllm/e"
                try:
                    return await model.embed_texts(inputs, parameters), server
                finally:
                    await client.close()

        return asyncio.run(story())

    return run


def test_base64_is_asked_for_and_read(embed: Any, status: Any) -> None:
    answer = status(200, listed(in_base64(0.5, -2.0), in_base64(1.0, 0.25)))
    found, server = embed(["a", "b"], [answer], dimensions=2, encoding_format="float", model="other")
    assert [list(vector) for vector in found.vectors] == [[0.5, -2.0], [1.0, 0.25]]
    assert server.bodies == [{"input": ["a", "b"], "model": "e", "encoding_format": "base64", "dimensions": 2}]
    assert server.heads[0].startswith("POST /v1/embeddings ")
    assert (found.usage.input_tokens, found.usage.output_tokens, found.usage.estimated) == (8, 0, False)
    assert found.usage.cost_usd == pytest.approx(8e-6)
    assert found.model == "e-2"


def test_lists_of_numbers_and_another_order(embed: Any, status: Any) -> None:
    body = json.dumps({"data": [{"index": 1, "embedding": [1, 2]}, {"index": 0, "embedding": [3, 4]}]}).encode()
    found, _ = embed([[1, 2, 3], [4]], [status(200, body)])
    assert [list(vector) for vector in found.vectors] == [[3.0, 4.0], [1.0, 2.0]]
    assert (found.usage.input_tokens, found.usage.estimated, found.model) == (4, True, "e")


def test_tokens_are_counted_where_usage_is_a_lie(embed: Any, status: Any) -> None:
    found, _ = embed(["a b c"], [status(200, listed(in_base64(1.0), usage={"prompt_tokens": -1}))])
    assert (found.usage.input_tokens, found.usage.estimated) == (3, True)


def test_a_server_that_does_not_know_base64(embed: Any, status: Any) -> None:
    refusal = status(400, b'{"error": {"message": "unknown field encoding_format"}}')
    found, server = embed(["a"], [refusal], [status(200, listed([1.0]))])
    assert list(found.vectors[0]) == [1.0]
    assert ["encoding_format" in body for body in server.bodies] == [True, False]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"data": 5}',
        listed(),
        listed(in_base64(1.0)),
        listed(in_base64(1.0), in_base64(1.0), in_base64(1.0)),
        listed(in_base64(1.0), in_base64(1.0, 2.0)),
        listed(in_base64(), in_base64()),
        listed("!!!", in_base64(1.0)),
        listed("AAA=", in_base64(1.0)),
        listed(in_base64(float("nan")), in_base64(1.0)),
        listed([1e39], [1.0]),
        json.dumps({"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [2]}]}).encode(),
    ],
)
def test_vectors_that_are_none(embed: Any, status: Any, body: bytes) -> None:
    with pytest.raises(UnavailableError):
        embed(["a", "b"], [status(200, body)])


def test_refusals_and_time(embed: Any, status: Any) -> None:
    with pytest.raises(DeniedError) as caught:
        embed(["a"], [status(401, b'{"error": "bad key k-secret"}')])
    assert "k-secret" not in caught.value.message
    with pytest.raises(InvalidError, match="redirects"):
        embed(["a"], [status(302)])
    with pytest.raises(UnavailableError, match="in time"):
        embed(["a"], ["hang"], total_s=0.1)
    with pytest.raises(UnavailableError, match="broke off"):
        embed(["a"], ["reset"])


@pytest.fixture
def local() -> Any:
    return make_embedding_model(RouteSettings("builtin/static"), embedder=make_embedder("builtin/static"))


def test_the_built_in_embedder_counts_exactly_and_costs_nothing(local: Any) -> None:
    found = asyncio.run(local.embed_texts(["The cap is 5,000 euros.", "yes\nyes", ""], {}))
    assert [len(vector) for vector in found.vectors] == [256] * 3
    once = asyncio.run(local.embed_texts(["yes"], {})).usage.input_tokens
    rest = asyncio.run(local.embed_texts(["The cap is 5,000 euros."], {})).usage.input_tokens
    assert found.usage.input_tokens == 2 * once + rest
    assert (found.usage.cost_usd, found.usage.estimated, found.model) == (0.0, False, "builtin/static")


def test_fewer_dimensions_are_unit_vectors_again(local: Any) -> None:
    vector = asyncio.run(local.embed_texts(["hello"], {"dimensions": 64})).vectors[0]
    assert len(vector) == 64
    assert sum(number * number for number in vector) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("inputs", "parameters"),
    [([[1, 2]], {}), (["a"], {"dimensions": 0}), (["a"], {"dimensions": 257}), (["a"], {"dimensions": "x"})],
)
def test_what_the_built_in_embedder_does_not_do(local: Any, inputs: Any, parameters: Any) -> None:
    with pytest.raises(InvalidError):
        asyncio.run(local.embed_texts(inputs, parameters))
