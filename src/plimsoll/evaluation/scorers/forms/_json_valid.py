"""Is the answer JSON?

1 when the whole answer is one value of JSON (RFC 8259), and breaks nothing of the JSON Schema in `schema` where one is
given. `fenced` lets it stand in a Markdown fence. A key that stands in an object twice, NaN, and more than 64 levels
are no JSON here: two programs could read two things.
"""

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry
from .._errors import ScorerOptionsError
from .._types import RuleScorer, Score
from ..options import Options, group, switch
from ._json import NotJsonError, read_answer

if TYPE_CHECKING:
    from plimsoll.checks import Check


def _valid(check: "Check | None", fenced: bool, _: Row, seen: Observation) -> Score:  # noqa: FBT001  # bound
    try:
        read_answer(seen.answer, fenced=fenced)
    except NotJsonError as error:
        return Score(0.0, str(error))
    found = check.find(seen.answer) if check is not None else ()
    return Score(0.0, found[0].reason) if found else Score(1.0)


def _make(name: str, options: Options) -> RuleScorer:
    fenced, schema = options["fenced"], options["schema"]
    check = _of_schema(name, schema, fenced=fenced) if schema else None
    return RuleScorer(name, partial(_valid, check, fenced), when=lambda _: True)


def _of_schema(name: str, schema: Any, *, fenced: bool) -> "Check":
    from plimsoll.checks import CheckOptionsError, make_check

    try:
        return make_check("json_schema", {"options": {"schema": schema, "fenced": fenced}})
    except CheckOptionsError as error:
        raise ScorerOptionsError(name, error.message, error.hint) from error


JSON_VALID: Final = ScorerEntry(
    "json_valid",
    "1 when the whole answer is JSON, of the form of a JSON Schema where one is given; applies to every row.",
    _make,
    (group("schema", "{type: object, required: [total]}"), switch("fenced", default=False)),
)
