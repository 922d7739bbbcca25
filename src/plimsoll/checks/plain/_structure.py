"""Is a text JSON, and does it have the form that it must have.

What is nested deeper than any sound text, or holds a key twice, so that two programs could read two things, is refused
before it is looked at. Reasons name the rule of the schema and where it is broken, with those names alone that stand in
the schema.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NoReturn

from plimsoll.kernel.digest import Json, canonical_json

from .._errors import CheckOptionsError
from .._types import NO_CONTEXT, Context, Found
from ._versions import version_of

KINDS: Final = ("not_json", "too_deep", "schema")
DEEPEST: Final = 64
_MOST_FINDINGS: Final = 20
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_FENCE: Final = re.compile(r"\s*```[a-zA-Z]{0,10}[ \t]*\r?\n(.*)\n[ \t]*```\s*", re.DOTALL)
_OPENING, _CLOSING = frozenset(b"[{"), frozenset(b"]}")
_MOST_REASON: Final = 160


class StructureCheck:
    """Finds a text that is not JSON (`not_json`), is nested too deeply, or breaks a JSON Schema.

    It sees whole texts, and so an answer that streams is held until its end. An empty text has nothing to find.
    """

    words_only = True

    def __init__(self, schema: Mapping[str, Json] | None, *, fenced: bool = False) -> None:
        self.name = "json_schema"
        self.kinds = KINDS
        self.version = version_of(1, canonical_json(schema).decode() if schema is not None else None, fenced)
        self._fenced = fenced
        self._validator = None if schema is None else _compiled(schema)
        self._names = frozenset(_names(schema)) if schema is not None else frozenset()

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it needs none
        """At most 20 findings, each over the JSON as a whole; `reason` says where in it."""
        if not text:
            return ()
        fence = _FENCE.fullmatch(text) if self._fenced else None
        start, end = (0, len(text)) if fence is None else fence.span(1)
        body = text[start:end]
        if not start < end:
            return (Found(0, len(text), "not_json", reason="nothing stands between the fences"),)
        if _depth(body) > DEEPEST:
            return (Found(start, end, "too_deep", reason=f"nested more than {DEEPEST} levels deep"),)
        try:
            value = json.loads(body, object_pairs_hook=_object, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            why = str(error) if isinstance(error, _WrongError) else "it cannot be read as JSON"
            return (Found(start, end, "not_json", reason=why),)
        return [Found(start, end, "schema", reason=reason) for reason in islice(self._broken(value), _MOST_FINDINGS)]

    def _broken(self, value: Any) -> Iterator[str]:
        if self._validator is None:
            return
        for error in self._validator.iter_errors(value):
            rule = next((str(part) for part in reversed(error.schema_path) if isinstance(part, str)), "schema")
            place = "/".join(self._part(part) for part in error.instance_path)
            yield f"`{rule}` is broken at /{place}"[:_MOST_REASON]

    def _part(self, part: str | int) -> str:
        return str(part) if isinstance(part, int) or part in self._names else "*"


def json_schema(schema: Mapping[str, Json] | None = None, *, fenced: bool = False) -> StructureCheck:
    """Looks whether a text is JSON that a schema allows; `fenced` lets it stand in a Markdown fence.

    Raises CheckOptionsError for a schema that is none.
    """
    return StructureCheck(schema, fenced=fenced)


class _WrongError(ValueError):
    """Something that Python's reader would let pass."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _WrongError("a key stands in an object twice")
    return found


def _no_number(_name: str) -> NoReturn:
    raise _WrongError("NaN and Infinity are no numbers of JSON")


def _depth(text: str) -> int:
    """How deep brackets are nested, those in strings left out."""
    deepest = depth = 0
    for code in _STRING.sub("", text).encode("utf-8", "replace"):
        if code in _OPENING:
            depth += 1
            if depth > deepest:
                deepest = depth
                if deepest > DEEPEST:
                    return deepest
        elif code in _CLOSING:
            depth -= 1
    return deepest


def _compiled(schema: Mapping[str, Json]) -> Any:
    """The schema, with expressions in linear time, and without references that would be fetched."""
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(
            json.loads(canonical_json(schema)), retriever=_refuse, pattern_options=jsonschema_rs.RegexOptions()
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        reason = str(error).partition("\n")[0][:_MOST_REASON]
        raise CheckOptionsError(
            "json_schema", f"the schema cannot be used: {reason}", "see https://json-schema.org", "schema"
        ) from error


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"references to other documents are not followed ({uri[:60]})")


def _names(schema: Json) -> Iterator[str]:
    """Names of properties that the schema itself says."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        yield from (str(name) for name in (properties if isinstance(properties, Mapping) else ()))
        for value in schema.values():
            yield from _names(value)
    elif isinstance(schema, list | tuple):
        for value in schema:
            yield from _names(value)
