"""What turns texts into vectors."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
)

from plimsoll.kernel.digest import Json
from plimsoll.models.catalogue import check_embedder_name, is_remote_embedder

from ..._errors import shown
from ..._fields import Finite, Secret, Url, refuse
from .._section import Section

_OF_PACE = ("requests_per_minute", "tokens_per_minute", "concurrency")
_OF_A_SERVER = ("base_url", "api_key", *_OF_PACE)
_OF_FILES = ("max_tokens", "pooling", "precision")


def _check_model(name: str) -> str:
    right = check_embedder_name(name)
    if right is not None:
        refuse(f"there is no embedder {shown(name)}", right.rstrip("."))
    return name


class EmbedSection(Section):
    """What turns texts into vectors."""

    model: Annotated[str, AfterValidator(_check_model)] = Field(
        "builtin/static", description="the name of an embedder", examples=["model: builtin/static"]
    )
    query_prompt: str | None = Field(
        None, max_length=2000, description="text of at most 2000 characters", examples=['query_prompt: "query: "']
    )
    """What is written before a question; None is what the model's own files say."""
    passage_prompt: str | None = Field(
        None, max_length=2000, description="text of at most 2000 characters", examples=['passage_prompt: "passage: "']
    )
    """What is written before a passage; None is what the model's own files say."""
    dimensions: int | None = Field(
        None, ge=1, le=65_536, description="a whole number from 1 to 65536", examples=["dimensions: 256"]
    )
    """How many numbers of each vector are kept; None is all of them."""
    max_tokens: int | None = Field(
        None, ge=16, le=8192, description="a whole number from 16 to 8192", examples=["max_tokens: 256"]
    )
    pooling: Literal["mean", "cls", "max", "last", "mean_sqrt"] | None = Field(
        None, description="mean, cls, max, last or mean_sqrt", examples=["pooling: mean"]
    )
    precision: Literal["fp32", "int8"] | None = Field(None, description="fp32 or int8", examples=["precision: int8"])
    revision: str = Field(
        "", max_length=200, description="text of at most 200 characters", examples=["revision: 2026-03"]
    )
    """Another one embeds everything again, which is how a change of the model behind a name is accepted."""
    base_url: Url | None = Field(None, description="an address", examples=["base_url: http://127.0.0.1:8000/v1"])
    api_key: Secret | None = Field(
        None, description="a reference to an environment variable", examples=["api_key: ${env:OPENAI_API_KEY}"]
    )
    requests_per_minute: Finite | None = Field(
        None, gt=0, le=1_000_000, description="a number above 0", examples=["requests_per_minute: 3000"]
    )
    tokens_per_minute: Finite | None = Field(
        None, gt=0, le=1_000_000_000, description="a number above 0", examples=["tokens_per_minute: 1000000"]
    )
    concurrency: int | None = Field(
        None, ge=1, le=64, description="a whole number from 1 to 64", examples=["concurrency: 4"]
    )
    """How many batches a server is sent at the same time; None is 4."""

    @field_validator(*_OF_A_SERVER, *_OF_FILES)
    @classmethod
    def _check_fits(cls, value: object, info: ValidationInfo) -> object:
        model, key = info.data.get("model"), str(info.field_name)
        if value is None or model is None:
            return value
        if key in _OF_A_SERVER and not is_remote_embedder(model):
            refuse(f"`embed.{key}` is for embedders behind a server, and {shown(model)} is none", f"remove `{key}`")
        if key in _OF_FILES and is_remote_embedder(model):
            refuse(f"`embed.{key}` is for embedders in files, and {shown(model)} is none", f"remove `{key}`")
        return value

    @field_validator("query_prompt", "passage_prompt", "dimensions", *_OF_FILES, "revision")
    @classmethod
    def _check_static(cls, value: object, info: ValidationInfo) -> object:
        if value and info.data.get("model") == "builtin/static":
            key = info.field_name
            refuse(f"`embed.{key}` is not for builtin/static, which has nothing that can be set", f"remove `{key}`")
        return value

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What shapes vectors, without what is not given: how fast a server is asked shapes none."""
        return {key: value for key, value in self._given(write(self)).items() if key not in _OF_PACE}

    def settings(self) -> dict[str, Json]:
        """Everything that is given, how fast a server is asked included; see `EmbedderSettings.of`."""
        return self._given({key: getattr(self, key) for key in self.keys()})

    @staticmethod
    def _given(values: Mapping[str, Json]) -> dict[str, Json]:
        return {key: value for key, value in values.items() if value is not None and (key, value) != ("revision", "")}
