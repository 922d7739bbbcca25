"""Does the JSON of the answer have the right values in its fields?

The share of the row's expected fields (`Row.fields`, nested ones by their path) whose value the answer has; 0 where it
is no JSON object. Numbers are compared as numbers, texts without case and outer or doubled white space (`exact: true`
compares them as they are), lists in their order; an expected null is right where the field is null or left out.
`only` names the fields that count. Fields that nobody expected do not count, unless `extra: wrong`: then it is
`right / (expected + extra)`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry
from .._shown import shown
from .._types import RuleScorer, Score
from ..options import Options, choice, switch, texts
from ._json import NotJsonError, read_answer


def _fields(options: Options, row: Row, seen: Observation) -> Score | None:
    wanted = _wanted(options, row)
    if not wanted:
        return None
    try:
        found = read_answer(seen.answer, fenced=options["fenced"])
    except NotJsonError as error:
        return Score(0.0, str(error))
    if not isinstance(found, Mapping):
        return Score(0.0, "it is JSON, and no object")
    given = dict(_leaves(found, ""))
    wrong = [path for path, value in wanted.items() if not _same(value, given.get(path), exact=options["exact"])]
    extra = [path for path in given if path not in wanted] if options["extra"] == "wrong" else []
    value = (len(wanted) - len(wrong)) / (len(wanted) + len(extra))
    return Score(value, parts={"wrong": shown(wrong), "extra": shown(extra)} if wrong or extra else {})


def _wanted(options: Options, row: Row) -> dict[str, Any]:
    named = {name: value for name, value in row.fields.items() if not options["only"] or name in options["only"]}
    return dict(_leaves(named, ""))


def _leaves(value: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    """What stands in an object and the objects in it, by paths such as `buyer.name`."""
    for name, each in value.items():
        path = f"{before}{name}"
        if isinstance(each, Mapping) and each:
            yield from _leaves(each, f"{path}.")
        else:
            yield path, each


def _same(wanted: Any, given: Any, *, exact: bool) -> bool:
    if isinstance(wanted, bool) or isinstance(given, bool) or wanted is None or given is None:
        return wanted is given
    if isinstance(wanted, int | float) and isinstance(given, int | float):
        return wanted == given or _is_near(wanted, given)
    if isinstance(wanted, str) and isinstance(given, str):
        return wanted == given if exact else _plain(wanted) == _plain(given)
    if _is_list(wanted) and _is_list(given):
        pairs = zip(wanted, given, strict=False)
        return len(wanted) == len(given) and all(_same(one, other, exact=exact) for one, other in pairs)
    if isinstance(wanted, Mapping) and isinstance(given, Mapping):
        return _same_objects(wanted, given, exact=exact)
    return False


def _is_near(wanted: float, given: float) -> bool:
    try:
        return math.isclose(wanted, given, rel_tol=1e-9)
    except OverflowError:  # a whole number of more than 308 digits
        return False


def _same_objects(wanted: Mapping[str, Any], given: Mapping[str, Any], *, exact: bool) -> bool:
    return wanted.keys() == given.keys() and all(_same(wanted[name], given[name], exact=exact) for name in wanted)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _make(name: str, options: Options) -> RuleScorer:
    return RuleScorer(name, partial(_fields, options), when=lambda row: bool(_wanted(options, row)))


JSON_FIELDS: Final = ScorerEntry(
    "json_fields",
    "The share of the row's `fields` whose value the JSON of the answer has; applies to rows with `fields`.",
    _make,
    (
        texts("only", "[total, date]"),
        choice("extra", ("ignored", "wrong"), "ignored"),
        switch("exact", default=False),
        switch("fenced", default=True),
    ),
)
