"""Who may come in: the Host header, the key that is shown, and the right that each address needs."""

from ._access import ANYBODY, OPEN_PATHS, SHARED_KEY, Admission, acting_of, host_is_allowed, is_api_path
from ._key_cache import KeyCache
from ._rights import NEEDED, Guard, guarded
from ._sent import Sent

__all__ = [
    "ANYBODY",
    "NEEDED",
    "OPEN_PATHS",
    "SHARED_KEY",
    "Admission",
    "Guard",
    "KeyCache",
    "Sent",
    "acting_of",
    "guarded",
    "host_is_allowed",
    "is_api_path",
]
