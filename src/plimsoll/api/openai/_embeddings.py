"""`POST /v1/embeddings`: texts or token ids in, vectors out."""

import base64
import struct
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from plimsoll.flows.serve import Vectors

from .._dialect import Asked
from .._errors import FieldError
from ..wire import as_type, json_bytes, read_object
from ._asked import Model
from ._completions import users_in

_MOST_INPUTS: Final = 2048
_NOT_IN_BODY: Final = ("model", "encoding_format")

Token = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class EmbeddingsIn(Struct):
    """The body of a request; fields that are not listed are passed on."""

    model: Model
    input: (
        Annotated[str, Meta(min_length=1)]
        | Annotated[list[Annotated[str, Meta(min_length=1)] | Token | list[Token]], Meta(min_length=1)]
    )
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Meta(ge=1, le=65536)] | None = None
    user: str | None = None
    safety_identifier: str | None = None


class EmbeddingOut(Struct):
    """One vector: numbers, or base64 of little-endian float32."""

    index: int
    embedding: list[float] | str
    object: Literal["embedding"] = "embedding"


class EmbeddingUsageOut(Struct):
    """Tokens of the inputs."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingFactsOut(Struct):
    """What made the vectors."""

    release: str
    release_name: str
    trace: str
    model: str
    cost_usd: float | None
    latency_ms: float


class EmbeddingsOut(Struct):
    """All vectors, in the order of the inputs."""

    data: list[EmbeddingOut]
    model: str
    usage: EmbeddingUsageOut
    plimsoll: EmbeddingFactsOut
    object: Literal["list"] = "list"


def read_embeddings(body: bytes) -> Asked:
    """The request in `body`; `input` becomes a list of texts or of lists of token ids. `echo` is the encoding.

    Raises MalformedBodyError and FieldError.
    """
    given = read_object(body)
    asked = as_type(given, EmbeddingsIn)
    given["input"] = _inputs(asked.input)
    for name in _NOT_IN_BODY:
        given.pop(name, None)
    return Asked(
        target=asked.model,
        body={name: value for name, value in given.items() if value is not None},
        stream=False,
        users=users_in(asked.safety_identifier, asked.user),
        echo=asked.encoding_format or "float",
    )


def _inputs(given: str | Sequence[str | int | Sequence[int]]) -> list[Any]:
    inputs: list[Any] = [given] if isinstance(given, str) else list(given)
    kinds = {type(value) for value in inputs}
    if len(kinds) > 1:
        raise FieldError("input", "texts, numbers and lists of numbers are mixed", hint="send inputs of one kind")
    if kinds == {int}:
        inputs = [inputs]
    if any(value == [] for value in inputs):
        raise FieldError("input", "an input has no token")
    if len(inputs) > _MOST_INPUTS:
        raise FieldError("input", f"it has {len(inputs)} inputs, and {_MOST_INPUTS} are the most")
    return inputs


def write_embeddings(asked: Asked, found: Vectors) -> bytes:
    """The list of vectors, in the encoding that was asked for."""
    started, embeddings = found.started, found.embeddings
    write = _in_base64 if asked.echo == "base64" else _as_floats
    return json_bytes(
        EmbeddingsOut(
            [EmbeddingOut(place, write(vector)) for place, vector in enumerate(embeddings.vectors)],
            started.name or asked.target,
            EmbeddingUsageOut(embeddings.usage.input_tokens, embeddings.usage.input_tokens),
            EmbeddingFactsOut(
                release=started.release,
                release_name=started.release_name,
                trace=started.trace_id,
                model=started.model,
                cost_usd=embeddings.usage.cost_usd,
                latency_ms=found.latency_ms,
            ),
        )
    )


def _in_base64(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _as_floats(vector: Sequence[float]) -> list[float]:
    return [float(number) for number in vector]
