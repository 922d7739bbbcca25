"""Where texts stand in JSON: in every value, key and long number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ._media import media_texts
from ._names import NAMES, TYPED, WORDS
from ._numbers import digits

_DEEPEST = 100
_BEGIN_JSON = ("{", "[", '"')


class Text(NamedTuple):
    """A text somewhere in JSON."""

    holder: Any
    key: Any
    place: tuple[str | int, ...]
    """Its keys from the outside in, without the places in lists."""
    text: str
    fixed: str = ""
    """Why nothing can be taken out of it, as the reason for stopping it (`found_in_a_key`); empty for a text that may
    be changed."""
    is_json: bool = False
    """Whether it stands where JSON is written as text."""


def texts_in(values: Sequence[Any], *, free: bool = False) -> list[Text]:
    """Every text in JSON values, in their order. Raises RecursionError where they are nested too deeply.

    `free` JSON is that of somebody's own, such as the arguments of a call: no name and no image has its place in it,
    and a number may become a text.
    """
    return list(_collected(values, (), 0, free=free))


def _collected(holder: Any, place: tuple[str | int, ...], depth: int, *, free: bool) -> Iterator[Text]:
    if depth > _DEEPEST:
        raise RecursionError
    keyed = isinstance(holder, Mapping)
    items: Iterable[tuple[Any, Any]] = holder.items() if keyed else enumerate(holder)
    for key, value in items:
        inner = (*place, key) if keyed else _in_list(place, value)
        if isinstance(value, str):
            if value:
                yield from _free(holder, key, inner, value) if free else _said(holder, key, inner, value)
        elif isinstance(value, Mapping | list | tuple):
            yield from _collected(value, inner, depth + 1, free=free)
        elif number := digits(value):
            yield Text(holder, key, inner, number, "" if free else "found_in_a_number")
        if keyed and key not in WORDS:
            yield Text(holder, key, inner, key, "found_in_a_key")


def _in_list(place: tuple[str | int, ...], value: Any) -> tuple[str | int, ...]:
    index = value.get("index") if isinstance(value, Mapping) else None
    return (*place, index) if isinstance(index, int) else place


def _free(holder: Any, key: Any, place: tuple[str | int, ...], text: str) -> Iterator[Text]:
    # JSON in JSON has escapes of its own.
    yield Text(holder, key, place, text, "", "\\" in text and text.lstrip().startswith(_BEGIN_JSON))


def _said(holder: Any, key: Any, place: tuple[str | int, ...], text: str) -> Iterator[Text]:
    names = tuple(one for one in place if isinstance(one, str))
    if names and names[-1] in TYPED and text in WORDS:
        return
    if names in NAMES:
        yield Text(holder, key, place, text, "found_in_a_name")
        return
    media = media_texts(names, holder, text) if names else None
    if media is None:
        yield Text(holder, key, place, text, "", names[-1:] == ("arguments",) or names[-2:] == ("custom", "input"))
    else:
        yield from (Text(holder, key, place, one, "found_in_a_file") for one in media)


def runs_of(found: Iterable[Text]) -> list[list[Text]]:
    """Texts at the same place of several list items."""
    runs: dict[tuple[str | int, ...], list[Text]] = {}
    for one in found:
        if not one.fixed:
            runs.setdefault(one.place, []).append(one)
    return [run for run in runs.values() if len(run) > 1]


def joined_text(run: Iterable[Text]) -> str:
    """What some texts say together, as they stand there now."""
    return "".join(str(one.holder[one.key]) for one in run)


def copied(value: Any) -> Any:
    """The same JSON in lists and mappings of its own."""
    if isinstance(value, Mapping):
        return {key: copied(inner) for key, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list | tuple) else value
