"""Signatures of thoughts behind calls of tools, carried in the ids of the calls.

Google's models want the signature of a call back with it, or refuse the next turn. Chat completions have a field for
that; the other APIs have none, but every client sends the id of a call back as it came. So there the signature rides in
the id, and is taken out again before a provider sees it.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

_MARK: Final = "_plim1_"


def signed_id(call: Mapping[str, Any]) -> str:
    """The id that a caller sees; empty where the call has none."""
    call_id = str(call.get("id") or "")
    extra = call.get("extra_content")
    google = extra.get("google") if isinstance(extra, Mapping) else None
    signature = google.get("thought_signature") if isinstance(google, Mapping) else None
    if not call_id or not isinstance(signature, str) or not signature:
        return call_id
    return call_id + _MARK + base64.urlsafe_b64encode(signature.encode("utf-8", "replace")).decode().rstrip("=")


def plain_id(call_id: str) -> str:
    """The id that the provider gave."""
    return _parted(call_id)[0]


def named_call(call_id: str) -> dict[str, Any]:
    """A call with the id that the provider gave, and with its signature where it had one."""
    given, signature = _parted(call_id)
    call: dict[str, Any] = {"id": given}
    if signature:
        call["extra_content"] = {"google": {"thought_signature": signature}}
    return call


def _parted(call_id: str) -> tuple[str, str]:
    given, mark, sealed = call_id.rpartition(_MARK)
    if not mark or not given:
        return call_id, ""
    try:
        padded = sealed + "=" * (-len(sealed) % 4)
        return given, base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        return call_id, ""
