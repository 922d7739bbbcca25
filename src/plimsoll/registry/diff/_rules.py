"""Which changes loosen a rule of safety or quality.

- The `at_least` of a check that finds something bad is the score from which a finding counts: it loosens when it rises.
- Any other lower bound that sinks or goes, an upper bound that rises or goes (`at_least`, `at_most`), loosens.
- A check, a scorer or a threshold that goes, alone or inside something bigger, loosens.
- A weaker action loosens: allow < flag < redact < ask a person < block. This holds for any field with such values.
- The bare `threshold` of a check that finds something bad (pii, injection, toxicity, secrets) loosens when it rises;
  of a check that finds something good (grounded, schema) when it sinks. Of other checks nothing is claimed.
- A check that is switched off (`enabled`), and a guardrail that an endpoint no longer names, loosen.

- A kind, a word or a stage that such a check looks for no more loosens.

What was added never loosens, but for an `at_least` of such a check, which had none before.
"""

from collections.abc import Sequence

from plimsoll.kernel.digest import Json

from ._lists import is_list, is_mapping
from ._shown import is_number
from ._tree import Difference
from ._types import Named, Step

_STRENGTH = {"allow": 0, "flag": 1, "redact": 2, "ask": 3, "ask_person": 3, "ask a person": 3, "block": 4}
_FINDS_BAD = frozenset({"pii", "injection", "toxicity", "secrets"})
_FINDS_GOOD = frozenset({"grounded", "schema"})
_GUARDS = _FINDS_BAD | {"blocklist", "pattern"}
_LOOKED_FOR = frozenset({"kinds", "on", "words"})
_RULES = frozenset({"check", "checks", "at_least", "at_most", "scorers", "thresholds", "guardrail", "guardrails"})
_DEEPEST = 40


def loosens(difference: Difference) -> bool:
    """Whether a rule holds less than before."""
    if difference.what == "moved":
        return False
    path = difference.path
    if _checks_on(path) & _GUARDS and difference.what in {"added", "removed"} and path[-1:] == ("at_least",):
        return difference.what == "added"
    if difference.what == "added":
        return False
    if difference.what == "removed" and len(path) > 1 and path[-2] in _LOOKED_FOR and _checks_on(path) & _GUARDS:
        return True
    return _weakened(path, difference.before, difference.after)


def _weakened(path: Sequence[Step], before: Json, after: Json) -> bool:
    if is_number(before) and is_number(after):
        return _bound_loosened(path, before, after)
    if isinstance(before, str) and isinstance(after, str) and {before, after} <= _STRENGTH.keys():
        return _STRENGTH[after] < _STRENGTH[before]
    if path[-1:] == ("enabled",) and before is True:
        return after is False
    return _rules_in(path, before) > _rules_in(path, after)


def _bound_loosened(path: Sequence[Step], before: float, after: float) -> bool:
    field = path[-1] if path else ""
    checks = _checks_on(path)
    if field == "at_least" and checks & _GUARDS:
        return after > before
    if field == "at_least":
        return after < before
    if field == "at_most":
        return after > before
    if field == "threshold" and checks & _FINDS_BAD:
        return after > before
    return field == "threshold" and bool(checks & _FINDS_GOOD) and after < before


def _checks_on(path: Sequence[Step]) -> set[str]:
    """The checks inside which something stands."""
    return {step.name for step in path if isinstance(step, Named) and step.key in {"check", "name", "id"}}


def _rules_in(path: Sequence[Step], value: Json) -> int:
    """How many rules a value is or holds, seen from where it stands."""
    if value is None or value in ("", [], {}):
        return 0
    around = [step for step in path[-2:] if isinstance(step, str)]
    return int(any(step in _RULES for step in around)) + _count(value, 0)


def _count(value: Json, depth: int) -> int:
    if depth > _DEEPEST:
        return 0
    if is_list(value):
        return sum(_count(element, depth + 1) for element in value)
    if not is_mapping(value):
        return 0
    inside = sum(_count(element, depth + 1) for element in value.values())
    return inside + sum(1 for key in value if key in _RULES and value[key] is not None)
