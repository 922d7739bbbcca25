"""Reading contents whose shape belongs to other rooms, and writing them as properties of CycloneDX.

A content may come from a newer version or from another installation: what is not there is simply not said.
"""

from collections.abc import Mapping, Sequence

from plimsoll.kernel.digest import Json, canonical_json

from ._types import Object


def text(content: Json, name: str) -> str:
    """A field that holds text; empty when it does not."""
    value = content.get(name) if isinstance(content, Mapping) else None
    return value if isinstance(value, str) else ""


def part(content: Json, name: str) -> Object:
    """A field that holds an object; empty when it does not."""
    value = content.get(name) if isinstance(content, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def entries(value: Json) -> list[Object]:
    """The objects in a list; empty when it is none."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [each for each in value if isinstance(each, Mapping)]


def number_text(value: Json) -> str:
    """A number as canonical JSON writes it."""
    return canonical_json(value).decode()


def properties(values: Object) -> list[Json]:
    """Facts as properties `plimsoll:…`; a list becomes one property for each of its members, nothing becomes none."""
    return [
        {"name": f"plimsoll:{name}", "value": each if isinstance(each, str) else number_text(each)}
        for name, value in values.items()
        for each in (value if isinstance(value, Sequence) and not isinstance(value, str) else [value])
        if each not in (None, "")
    ]
