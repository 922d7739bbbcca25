"""The built-in checks, one question in each file."""

from ._injection import PATTERNS as INJECTION
from ._injection import injection
from ._pii import PATTERNS as PII
from ._pii import pii
from ._secrets import PATTERNS as SECRETS
from ._secrets import secrets
from ._words import blocklist, pattern

KINDS: dict[str, tuple[str, ...]] = {
    name: tuple(dict.fromkeys(one.kind for one in patterns))
    for name, patterns in (("pii", PII), ("secrets", SECRETS), ("injection", INJECTION))
}
"""What each of the checks whose kinds are known can find."""

__all__ = ["KINDS", "blocklist", "injection", "pattern", "pii", "secrets"]
