"""One JSON object from a stranger, read so that everybody who reads it later sees the same."""

import json
from itertools import chain
from typing import Any, Final

import msgspec

from .._errors import MalformedBodyError
from ._events import json_bytes
from ._fields import field_error

MOST_LEVELS: Final = 200
"""How deep a body may be nested: far more than any request needs, far less than what ends the stack."""

_CONTAINERS: Final = frozenset({dict, list})
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])


def read_object(body: bytes) -> dict[str, Any]:
    """The object in `body`.

    Raises MalformedBodyError for what is not JSON in UTF-8, for the same key twice in one object (readers do not agree
    which one counts, RFC 8259, section 4), and for more than 200 levels; FieldError for numbers that no computer holds.
    """
    try:
        value = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise field_error(str(error)) from None
    except msgspec.DecodeError as error:
        raise MalformedBodyError(str(error)) from None
    except UnicodeDecodeError:
        raise MalformedBodyError("it is not valid UTF-8") from None
    except RecursionError:
        raise MalformedBodyError("it is nested too deeply") from None
    if body.count(b"{") + body.count(b"[") > MOST_LEVELS and _is_deep(value):
        raise MalformedBodyError(f"it is nested more than {MOST_LEVELS} levels deep")
    _refuse_twins(body, value)
    return value


def _is_deep(value: dict[str, Any]) -> bool:
    level: list[Any] = [value]
    for _ in range(MOST_LEVELS):
        inside = chain.from_iterable([outer.values() if type(outer) is dict else outer for outer in level])
        level = [inner for inner in inside if type(inner) in _CONTAINERS]
        if not level:
            return False
    return True


def _refuse_twins(body: bytes, value: Any) -> None:
    """Looks for a key that stands twice in one object.

    What was read, written again, has the same quotation marks, unless a twin was left out. Only where a text holds one
    in disguise, or there is a twin, the body is read once more, slowly.
    """
    again = json_bytes(value)
    # The official clients write as we do, without spaces.
    if again == body or (body.count(b'"') == again.count(b'"') and not (b"\\" in body and b"\\u0022" in body)):
        return
    json.loads(body, object_pairs_hook=_unlike)


def _unlike(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise MalformedBodyError(f"the key `{key[:80]}` stands twice in one object")
        seen.add(key)
