"""The document: paths from the tables of the rooms, shapes from their types."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from ..anthropic import OPERATIONS as OF_ANTHROPIC
from ..openai import OPERATIONS as OF_OPENAI
from ..own import OPERATIONS as OWN
from ..wire import Operation
from ._others import OPERATIONS as OTHERS

_JSON: Final = "application/json"
_EVENTS: Final = "text/event-stream"
_EVENT: Final = {
    "description": "Each event of the stream; `data` is JSON, or `[DONE]`.",
    "type": "object",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
    "required": ["data"],
}
_REFUSALS: Final = (400, 401, 403, 404, 408, 413, 415, 421, 429, 500, 503, 504)
_REF: Final = "#/components/schemas/{name}"


class ErrorBody(Struct):
    """What went wrong, and what to do next."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorOut(Struct):
    """An error, in OpenAI's form."""

    error: ErrorBody


class AnthropicErrorBody(Struct):
    """What went wrong, and what to do next."""

    type: str
    message: str
    code: str | None


class AnthropicErrorOut(Struct):
    """An error, in Anthropic's form."""

    type: Literal["error"]
    error: AnthropicErrorBody
    request_id: str | None


_ENVELOPES: Final = {"openai": ErrorOut, "anthropic": AnthropicErrorOut}


def operations() -> tuple[Operation, ...]:
    """Every call that the document describes."""
    return (*OF_OPENAI, *OF_ANTHROPIC, *OWN, *OTHERS)


def document(version: str) -> dict[str, Any]:
    """The whole description; `version` is Plimsoll's."""
    every = operations()
    shapes = [shape for operation in every for shape in (operation.asked, operation.answered) if shape is not None]
    kinds = list(dict.fromkeys([*shapes, *_ENVELOPES.values()]))
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    known = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, Any] = {}
    for operation in every:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation, known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Plimsoll",
            "version": version,
            "description": "The APIs of OpenAI and Anthropic, answered by releases; health and metrics beside them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}, {"apiKey": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def _described(operation: Operation, known: dict[Any, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": f"{operation.method}{operation.path.replace('/', '_').replace('{', '').replace('}', '')}",
        "summary": operation.summary,
        "parameters": [
            {
                "name": parameter.name,
                "in": parameter.place,
                "required": parameter.place == "path",
                "description": parameter.description,
                "schema": {"type": "string", **({"minLength": 1} if parameter.place == "path" else {})},
            }
            for parameter in operation.parameters
        ],
        "responses": _responses(operation, known),
    }
    if operation.open:
        said["security"] = []
    if operation.asked is not None:
        said["requestBody"] = {"required": True, "content": {_JSON: {"schema": known[operation.asked]}}}
    elif operation.method == "post":
        said["requestBody"] = {"required": True, "content": {kind: {} for kind in operation.media_types}}
    return said


def _responses(operation: Operation, known: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {kind: {} for kind in operation.media_types}
    if operation.answered is not None:
        content[_JSON] = {"schema": known[operation.answered]}
    if operation.streams:
        content[_EVENTS] = {"schema": _EVENT}
    responses: dict[str, Any] = {"200": {"description": "Answered.", "content": content}}
    envelope = _ENVELOPES.get(operation.envelope)
    refusals: Sequence[int] = () if operation.open else _REFUSALS
    for status in refusals:
        told = {_JSON: {"schema": known[envelope]}} if envelope else None
        responses[str(status)] = {"description": HTTPStatus(status).phrase, **({"content": told} if told else {})}
    for status in operation.extra_statuses:
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    return responses
