"""Where texts stand in JSON: in every value and key, but for names and encoded data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

_LABELS = frozenset(
    (
        "id",
        "type",
        "role",
        "index",
        "object",
        "model",
        "finish_reason",
        "native_finish_reason",
        "stop_reason",
        "call_id",
        "tool_call_id",
        "item_id",
        "format",
        "media_type",
        "mime_type",
        "detail",
        "status",
        "effort",
        "reasoning_effort",
        "verbosity",
        "service_tier",
        "system_fingerprint",
        "provider",
        "tool_choice",
        "signature",
        "thought_signature",
        "encrypted_content",
        "data",
        "file_data",
        "b64_json",
    )
)
"""Keys under which no text stands, but a name or data: a value is passed over only where it has the form of one."""
_NAMED = frozenset({"function", "custom", "function_call", "functions", "tools", "tool_choice", "json_schema"})
"""Where `name` is the name of a function."""
_IN_JSON = frozenset({"arguments", "input"})
_NAME_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:;,/+="
_DEEPEST = 100


class Text(NamedTuple):
    """A text somewhere in JSON: a value, or a key that is more than a name."""

    holder: Any
    key: Any
    place: tuple[str | int, ...]
    """Its keys from the outside in, without the places in lists."""
    text: str
    is_key: bool = False


def texts_in(values: Sequence[Any]) -> list[Text]:
    """Every text in JSON values, in their order. Raises RecursionError where they are nested too deeply."""
    found: list[Text] = []
    _collect(found, values, (), 0)
    return found


def _collect(found: list[Text], holder: Any, place: tuple[str | int, ...], depth: int) -> None:
    if depth > _DEEPEST:
        raise RecursionError
    keyed = isinstance(holder, Mapping)
    items: Iterable[tuple[Any, Any]] = holder.items() if keyed else enumerate(holder)
    for key, value in items:
        if keyed:
            inner = (*place, key)
        else:
            index = value.get("index") if isinstance(value, Mapping) else None
            inner = (*place, index) if isinstance(index, int) else place
        if isinstance(value, str):
            if value and not _is_label(inner, value):
                found.append(Text(holder, key, inner, value))
        elif isinstance(value, Mapping | list | tuple):
            _collect(found, value, inner, depth + 1)
        if keyed and not _is_name(key):
            found.append(Text(holder, key, inner, key, is_key=True))


def _is_label(place: tuple[str | int, ...], text: str) -> bool:
    key = place[-1] if place else ""
    known = key in _LABELS or (key == "name" and not _NAMED.isdisjoint(place[-3:-1]))
    return (known or text.startswith("data:")) and _is_name(text)


def _is_name(text: str) -> bool:
    return text.isascii() and not text.encode().translate(None, _NAME_BYTES)


def is_escaped(one: Text) -> bool:
    """Whether a text is JSON that is written with escapes."""
    return "\\" in one.text and bool(one.place) and one.place[-1] in _IN_JSON


def runs_of(found: Iterable[Text]) -> list[list[Text]]:
    """Texts at the same place of several list items."""
    runs: dict[tuple[str | int, ...], list[Text]] = {}
    for one in found:
        if not one.is_key:
            runs.setdefault(one.place, []).append(one)
    return [run for run in runs.values() if len(run) > 1]


def joined_text(run: Iterable[Text]) -> str:
    """What some texts say together, as they stand there now."""
    return "".join(one.holder[one.key] for one in run)


def copied(value: Any) -> Any:
    """The same JSON in lists and mappings of its own."""
    if isinstance(value, Mapping):
        return {key: copied(inner) for key, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list | tuple) else value
