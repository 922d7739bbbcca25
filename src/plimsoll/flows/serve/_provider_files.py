"""What a call names that lies in the provider's account, and not in the call.

All callers of a gateway share that account: so what one team has put there another could read, no guardrail sees it,
and nobody knows how long it is.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from plimsoll.models import Body

from ._errors import ProviderFilesError

_FIELDS: Final = frozenset({"cachedContent", "cached_content", "container"})
_OF_TOOLS: Final = frozenset({"vector_store_ids", "file_ids", "fileSearch", "file_search"})
_OF_ACCOUNTS: Final = ("gs://", "s3://", "https://generativelanguage.googleapis.com/")
"""Addresses that a provider reads with its own account's rights."""
_HOLDERS: Final = ("file", "source", "image_url", "input_audio", "document", "fileData", "file_data")


def check_own_files(body: Body) -> None:
    """Raise ProviderFilesError for the first thing that lies in the provider's account."""
    for name in body.keys() & _FIELDS:
        if body[name] is not None:
            raise ProviderFilesError(name)
    for number, tool in enumerate(body.get("tools") or ()):
        if isinstance(tool, Mapping) and tool.keys() & _OF_TOOLS:
            raise ProviderFilesError(f"tools.{number}")
    for number, message in enumerate(body.get("messages", ())):
        content = message.get("content")
        if content.__class__ is not str and content:
            for place in _named(content):
                raise ProviderFilesError(f"messages.{number}.content.{place}")


def _named(content: Any) -> Iterator[str]:
    for number, part in enumerate(content if isinstance(content, list | tuple) else ()):
        if isinstance(part, Mapping):
            if any(_is_theirs(held) for held in (part, *(part.get(name) for name in _HOLDERS))):
                yield str(number)
            if part.get("type") == "tool_result":
                yield from (f"{number}.content.{inner}" for inner in _named(part.get("content")))


def _is_theirs(held: Any) -> bool:
    if isinstance(held, str):
        return held.startswith(_OF_ACCOUNTS)
    if not isinstance(held, Mapping):
        return False
    if held.get("file_id"):
        return True
    addresses = (held.get(name) for name in ("url", "uri", "fileUri", "file_uri"))
    return any(isinstance(address, str) and address.startswith(_OF_ACCOUNTS) for address in addresses)
