"""Whom a rule leaves alone, where, and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

_KEYS = frozenset({"actors", "endpoints", "until", "reason"})


@dataclass(frozen=True, slots=True)
class Exemption:
    """An exception from a rule: for some actors, at some endpoints, or both; it ends by itself."""

    actors: frozenset[str]
    """Names of actors; empty for all."""
    endpoints: frozenset[str]
    """Names of endpoints; empty for all."""
    until: date
    """The last day (UTC) on which it holds."""
    reason: str

    def holds(self, actor: str, endpoint: str, today: date) -> bool:
        """Whether it holds for a request."""
        return (
            today <= self.until
            and (not self.actors or actor in self.actors)
            and (not self.endpoints or endpoint in self.endpoints)
        )


def read_exemption(given: Any) -> Exemption:
    """The exemption in a rule's content. Raises ValueError with what is wrong in a sentence without a full stop."""
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise ValueError("an exception must be a group of keys")
    unknown = sorted(set(given) - _KEYS)
    if unknown:
        raise ValueError(f"an exception has no key `{unknown[0]}`; keys: {', '.join(sorted(_KEYS))}")
    actors, endpoints = _names(given, "actors"), _names(given, "endpoints")
    if not actors and not endpoints:
        raise ValueError("an exception needs `actors` or `endpoints`; without them nothing would be left of the rule")
    reason = given.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError("an exception needs a `reason`")
    try:
        until = date.fromisoformat(str(given.get("until")))
    except ValueError:
        raise ValueError("an exception needs the day on which it ends, such as `until: 2027-03-31`") from None
    return Exemption(actors, endpoints, until, reason)


def _names(given: Mapping[str, Any], key: str) -> frozenset[str]:
    names = given.get(key) or ()
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"`{key}` of an exception must be a list of names")
    return frozenset(names)
