"""Reading the JSON of an answer: what two programs could read differently, or is nested beyond measure, is none."""

import json
import re
from typing import Any, Final, NoReturn

_DEEPEST: Final = 64
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_FENCE: Final = re.compile(r"\s*```[a-zA-Z]{0,10}[ \t]*\r?\n(.*)\n[ \t]*```\s*", re.DOTALL)
_STEP: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


class NotJsonError(ValueError):
    """An answer is no JSON; it says why, with nothing of the text."""


def read_answer(text: str, *, fenced: bool) -> Any:
    """The value of an answer that is JSON and nothing else, in a Markdown fence where that may be.

    Raises NotJsonError, also for a key that stands in an object twice, NaN, and more than 64 levels.
    """
    fence = _FENCE.fullmatch(text) if fenced else None
    body = text if fence is None else fence[1]
    if _is_deep(body):
        raise NotJsonError(f"it is nested more than {_DEEPEST} levels deep")
    try:
        return json.loads(body, object_pairs_hook=_object, parse_constant=_no_number)
    except NotJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise NotJsonError("it cannot be read as JSON") from error


def _is_deep(body: str) -> bool:
    depth = 0
    for mark in re.findall(r"[\[\]{}]", _STRING.sub("", body)):
        depth += _STEP[mark]
        if depth > _DEEPEST:
            return True
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotJsonError("a key stands in an object twice")
    return found


def _no_number(_: str) -> NoReturn:
    raise NotJsonError("NaN and infinities are no JSON")
