"""One JSON object from a stranger, read so that everybody who reads it later sees the same."""

import json
from itertools import chain
from typing import Any, Final

import msgspec

from .._errors import FieldError, MalformedBodyError
from ._events import json_bytes
from ._fields import field_error

MOST_LEVELS: Final = 200
"""How deep a body may be nested: far more than any request needs, far less than what ends the stack."""

MOST_CONTAINERS: Final = 50_000
"""Objects and lists in one body. Reading takes as long as there are things in it, and meanwhile nobody is answered."""
MOST_VALUES: Final = 500_000
"""Values in one body, such as the token ids of a request for vectors; of text there may be any amount."""

_CONTAINERS: Final = frozenset({dict, list})
_NO_MARKS: Final = bytes(set(range(256)) - set(b'"{[,'))
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])


def read_object(body: bytes) -> dict[str, Any]:
    """The object in `body`.

    Raises MalformedBodyError for what is not JSON in UTF-8, for the same key twice in one object (readers do not agree
    which one counts, RFC 8259, section 4), and for more than 200 levels; FieldError for numbers that no computer holds,
    and for more things than anybody sends.
    """
    # Also those that stand in texts: few requests have so many that it must be known which.
    containers = body.count(b"{") + body.count(b"[")
    if containers > MOST_CONTAINERS or (len(body) > MOST_VALUES and body.count(b",") >= MOST_VALUES):
        _refuse_crowds(body)
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
    if containers > MOST_LEVELS and _is_deep(value):
        raise MalformedBodyError(f"it is nested more than {MOST_LEVELS} levels deep")
    _refuse_twins(body, value)
    return value


def _refuse_crowds(body: bytes) -> None:
    containers, commas = crowd(body)
    if containers <= MOST_CONTAINERS and commas < MOST_VALUES:
        return
    most = f"{MOST_CONTAINERS:,} objects and lists, or {MOST_VALUES:,} values"
    raise FieldError(
        "", f"the request has more than {most}", hint="send fewer messages, parts, tools or inputs at once"
    )


def crowd(body: bytes) -> tuple[int, int]:
    """How many objects and lists a body holds, and how many commas between values: before anything is made of it.

    What is no JSON is miscounted, and refused in any case.
    """
    marks = body.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NO_MARKS)
    quotes = marks.count(b'"')
    if quotes > 4 * MOST_VALUES:
        # Each value is at most two texts, with its name: there is no need to look further.
        return 0, quotes // 4
    # Every other piece between two quotation marks is a text.
    marks = b"".join(marks.split(b'"')[::2])
    return marks.count(b"{") + marks.count(b"["), marks.count(b",")


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
