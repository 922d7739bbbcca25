"""The checks that a policy can name, and what each of them takes."""

from collections.abc import Mapping

from plimsoll.kernel.digest import Json

from ._errors import CheckOptionsError, CheckUnknownError, KindUnknownError
from ._pattern_check import PatternCheck
from .detectors import KINDS, blocklist, injection, pattern, pii, secrets

CHECKS: Mapping[str, tuple[str, ...]] = {**KINDS, "blocklist": (), "pattern": ()}
"""Names of checks, with all kinds that each can find; no kinds where the user names them."""

_BUILT_IN = {"pii": pii, "secrets": secrets, "injection": injection}


def make_check(name: str, options: Mapping[str, Json]) -> PatternCheck:
    """The check of this name, with its options.

    `pii`, `secrets` and `injection` take `kinds` (a list; all without it), `blocklist` takes `words` and `name`,
    `pattern` takes `pattern` and `name`. Raises CheckUnknownError, KindUnknownError, CheckOptionsError and
    PatternInvalidError.
    """
    if name not in CHECKS:
        raise CheckUnknownError(name, CHECKS)
    if name in _BUILT_IN:
        kinds = _texts(name, "kinds", options.get("kinds") or [])
        for kind in kinds:
            if kind not in CHECKS[name]:
                raise KindUnknownError(name, kind, CHECKS[name])
        return _BUILT_IN[name](kinds)
    called = options.get("name") or name
    if not isinstance(called, str):
        raise CheckOptionsError(name, "`name` must be text", f"write `name: my-{name}`")
    if name == "blocklist":
        return blocklist(called, _texts(name, "words", options.get("words") or []))
    source = options.get("pattern")
    if not isinstance(source, str):
        raise CheckOptionsError(name, "`pattern` is missing", r"write `pattern: '(?i)project\s+atlas'`")
    return pattern(called, source)


def _texts(check: str, key: str, value: Json) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise CheckOptionsError(check, f"`{key}` must be a list of texts", f"write `{key}: [one, another]`")
    return tuple(str(one) for one in value)
