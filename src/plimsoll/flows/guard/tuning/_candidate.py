"""A policy with other thresholds, as the text of its file: nothing else in it changes."""

import difflib
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from plimsoll.kernel.errors import InvalidError

from .._yaml import read_yaml

_NO_NEWLINE = "\\ No newline at end of file\n"
_KEY = "at_least"


class CandidateUnwrittenError(InvalidError):
    """The file of a policy cannot be written with other thresholds."""

    code = "candidate_unwritten"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(
            f"{file} cannot be written with other thresholds: {reason}",
            hint="write the proposed `at_least` into it by hand",
        )


def with_thresholds(file: str, before: str, thresholds: Mapping[int, float]) -> str:
    """The text of a policy's file with other thresholds, by the numbers of its checks (from 1).

    Every other character stays as it is, comments included. Raises CandidateUnwrittenError.
    """
    import yaml

    # By way of JSON, so that what two checks share is changed in one of them.
    wanted = json.loads(json.dumps(read_yaml(before)))
    for number, at_least in thresholds.items():
        wanted["checks"][number - 1][_KEY] = at_least
    after = before
    nodes = _checks(yaml.compose(before, Loader=yaml.SafeLoader), yaml)
    # From the last to the first, so that the places of those that are still to come stay what they are.
    for number in sorted(thresholds, reverse=True):
        after = _written(after, nodes[number - 1], thresholds[number], yaml)
    try:
        is_right = read_yaml(after) == wanted
    except yaml.YAMLError:
        is_right = False
    if not is_right:
        raise CandidateUnwrittenError(file, "its checks are not written as lists of keys")
    return after


def places_in(text: str, rules: Sequence[tuple[str, str]]) -> Mapping[int, int]:
    """Where the checks of a policy stand in its file: numbers of checks in the policy and in the file, from 1.

    `rules` are ids and names of the policy's checks. Where a file extends others its own checks stand at the end, but
    for those that take the place of an inherited one by its id. What is inherited is left out.
    """
    given = read_yaml(text)
    listed = given.get("checks") or []
    if not given.get("extends"):
        return {number: number for number in range(1, len(rules) + 1)}
    own = {str(one["id"]): place for place, one in enumerate(listed, start=1) if "id" in one and not one.get("off")}
    found = {number: own[rule] for number, (rule, _) in enumerate(rules, start=1) if rule in own}
    unnamed = [place for place, one in enumerate(listed, start=1) if "id" not in one]
    last = [number for number, (rule, _) in enumerate(rules, start=1) if not rule]
    return {**found, **dict(zip(reversed(last), reversed(unnamed), strict=False))}


def difference(file: str, before: str, after: str) -> str:
    """What differs between two texts of a file, as `patch -p1` takes it."""
    # Not `splitlines`, which also parts lines where `patch` does not.
    lines = difflib.unified_diff(list(StringIO(before)), list(StringIO(after)), f"a/{file}", f"b/{file}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


def _checks(root: Any, yaml: Any) -> list[Any]:
    found = [value for key, value in root.value if key.value == "checks"]
    return [node for node in found[0].value if isinstance(node, yaml.MappingNode)] if found else []


def _written(text: str, check: Any, at_least: float, yaml: Any) -> str:
    said = f"{at_least:g}"
    for key, value in check.value:
        if key.value == _KEY and isinstance(value, yaml.ScalarNode):
            return text[: value.start_mark.index] + said + text[value.end_mark.index :]
    last = check.value[-1][1]
    if check.flow_style:
        end = last.end_mark.index
        return f"{text[:end]}, {_KEY}: {said}{text[end:]}"
    # In front of the first key: behind the last one may stand anything, such as a comment or a list.
    first = check.value[0][0].start_mark
    return f"{text[: first.index]}{_KEY}: {said}\n{' ' * first.column}{text[first.index :]}"
