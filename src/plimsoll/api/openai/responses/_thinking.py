"""Signed thoughts of a model, carried by the caller from one turn to the next.

Some providers want their own thoughts back, unchanged, before the model goes on after a tool. The Responses API has a
place for that, `encrypted_content`; here it holds the provider's signed blocks as they are, in base64.
"""

import base64
import binascii
from typing import Any, Final

import msgspec

from ...wire import json_bytes

_MARK: Final = "plim1."
_DECODER: Final = msgspec.json.Decoder(list[dict[str, Any]])


def seal_thinking(blocks: Any) -> str | None:
    """The blocks as one text; None where there are none."""
    return _MARK + base64.b64encode(json_bytes(blocks)).decode() if blocks else None


def open_thinking(sealed: str | None) -> list[dict[str, Any]]:
    """The blocks in a text that `seal_thinking` made; empty for any other text. The provider checks the signatures."""
    if not sealed or not sealed.startswith(_MARK):
        return []
    try:
        return _DECODER.decode(base64.b64decode(sealed.removeprefix(_MARK), validate=True))
    except (binascii.Error, msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        return []
