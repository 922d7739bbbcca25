"""What may stand in `endpoints/*.yaml`."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from .._fields import refuse
from ._section import Definition


class EndpointDefinition(Definition):
    """`endpoints/*.yaml`: what callers call; it names its parts."""

    kind: Literal["rag", "chat"] = Field(description="rag or chat", examples=["kind: rag"])
    prompt: str = Field(description="the name of a prompt", examples=["prompt: answer"])
    knowledge: str | None = Field(
        None, validate_default=True, description="the name of a knowledge file", examples=["knowledge: handbook"]
    )
    route: str = Field(description="the name of a route", examples=["route: default"])
    guardrail: str | None = Field(None, description="the name of a guardrail", examples=["guardrail: standard"])

    @field_validator("knowledge")
    @classmethod
    def _check_kind(cls, knowledge: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind == "rag" and knowledge is None:
            refuse(
                "`knowledge` is missing; an endpoint of kind rag needs it", "add `knowledge: …`, or write `kind: chat`"
            )
        if kind == "chat" and knowledge is not None:
            refuse("an endpoint of kind chat uses no `knowledge`", "take it away, or write `kind: rag`")
        return knowledge
