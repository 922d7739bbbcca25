"""What may stand in `endpoints/*.yaml`."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from plimsoll.kernel.digest import Json

from .._fields import refuse
from ._section import Definition

PREDICT = "predict"
"""The kind that asks a classical model; every other kind asks a language model."""

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "rag": ("prompt", "knowledge", "route"),
    "chat": ("prompt", "route"),
    PREDICT: ("model",),
}
_ALLOWED: Mapping[str, tuple[str, ...]] = {"rag": ("guardrail",), "chat": ("guardrail",), PREDICT: ()}
_WHERE_MISSING: Mapping[str, str] = {
    "model": "add `model: …`, the name of a file in models/",
    "prompt": "add `prompt: answer`",
    "knowledge": "add `knowledge: …`, or write `kind: chat`",
    "route": "add `route: default`",
}
_WHERE_NOT_ALLOWED: Mapping[tuple[str, str], str] = {
    ("chat", "knowledge"): "take it away, or write `kind: rag`",
    ("chat", "model"): "language models stand in a route; for a classical model write `kind: predict`",
    ("rag", "model"): "language models stand in a route; for a classical model write `kind: predict`",
}


class EndpointDefinition(Definition):
    """`endpoints/*.yaml`: what callers call; it names its parts."""

    kind: Literal["rag", "chat", "predict"] = Field(description="rag, chat or predict", examples=["kind: rag"])
    prompt: str | None = Field(
        None, validate_default=True, description="the name of a prompt", examples=["prompt: answer"]
    )
    knowledge: str | None = Field(
        None, validate_default=True, description="the name of a knowledge file", examples=["knowledge: handbook"]
    )
    route: str | None = Field(
        None, validate_default=True, description="the name of a route", examples=["route: default"]
    )
    guardrail: str | None = Field(None, description="the name of a guardrail", examples=["guardrail: standard"])
    model: str | None = Field(
        None, validate_default=True, description="the name of a classical model", examples=["model: doc-type"]
    )

    @field_validator("prompt", "knowledge", "route", "guardrail", "model")
    @classmethod
    def _check_kind(cls, name: str | None, info: ValidationInfo) -> str | None:
        kind, key = info.data.get("kind"), info.field_name or ""
        if kind is None:  # it is wrong itself, and nobody knows what it asks for
            return name
        if name is None and key in _NEEDED[kind]:
            refuse(f"`{key}` is missing; an endpoint of kind {kind} needs it", _WHERE_MISSING[key])
        if name is not None and key not in (*_NEEDED[kind], *_ALLOWED[kind]):
            instead = _WHERE_NOT_ALLOWED.get((kind, key), "take it away")
            refuse(f"an endpoint of kind {kind} uses no `{key}`", instead)
        return name

    def content(self) -> dict[str, Json]:
        """The canonical content, which names only what an endpoint of this kind can have."""
        content: dict[str, Json] = self.model_dump(mode="json")
        if self.kind == PREDICT:
            return {"kind": PREDICT, "model": self.model}
        return {key: value for key, value in content.items() if key != "model"}
