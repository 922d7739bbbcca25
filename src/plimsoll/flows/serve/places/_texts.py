"""Where texts stand in JSON: in every value, key and long number."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ._media import media_texts
from ._names import MEDIA_KEYS, NAMES, TYPED, WORDS
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
    places = _Places(free=free)
    places.go_through(values, (), ())
    return places.found


class _Places:
    """Goes through JSON. A place is told by its keys: once with the `index` of list items, and once without."""

    def __init__(self, *, free: bool) -> None:
        self.found: list[Text] = []
        self._free = free

    def go_through(self, holder: Any, place: tuple[str | int, ...], names: tuple[str, ...], *, depth: int = 0) -> None:
        """Find what stands in a list or a mapping. Raises RecursionError."""
        if depth > _DEEPEST:
            raise RecursionError
        if isinstance(holder, dict | Mapping):
            self._mapping(holder, place, names, depth)
            return
        for number, value in enumerate(holder):
            if value.__class__ is not str:
                self._other(Text(holder, number, _numbered(place, value), value), names, depth)
            elif value:
                self._text(Text(holder, number, place, value), names)

    def _mapping(
        self, holder: Mapping[str, Any], place: tuple[str | int, ...], names: tuple[str, ...], depth: int
    ) -> None:
        for key, value in holder.items():
            inner = (*place, key)
            if value.__class__ is not str:
                self._other(Text(holder, key, inner, value), (*names, key), depth)
            # A plain word where such words stand: most texts in a description of tools are that.
            elif value and (self._free or key not in TYPED or value not in WORDS):
                self._text(Text(holder, key, inner, value), (*names, key))
            if key not in WORDS:
                self.found.append(Text(holder, key, inner, key, "found_in_a_key"))

    def _other(self, one: Text, names: tuple[str, ...], depth: int) -> None:
        value: Any = one.text
        if isinstance(value, dict | list | tuple | Mapping):
            self.go_through(value, one.place, names, depth=depth + 1)
        elif number := digits(value):
            self.found.append(one._replace(text=number, fixed="" if self._free else "found_in_a_number"))

    def _text(self, one: Text, names: tuple[str, ...]) -> None:
        if not self._free:
            self._said(one, names)
            return
        # JSON in JSON has escapes of its own.
        is_json = "\\" in one.text and one.text.lstrip().startswith(_BEGIN_JSON)
        self.found.append(one._replace(is_json=True) if is_json else one)

    def _said(self, one: Text, names: tuple[str, ...]) -> None:
        key = names[-1] if names else ""
        if names in NAMES:
            self.found.append(one._replace(fixed="found_in_a_name"))
            return
        media = media_texts(names, one.holder, one.text) if key in MEDIA_KEYS else None
        if media is not None:
            self.found.extend(one._replace(text=text, fixed="found_in_a_file") for text in media)
        elif key == "arguments" or names[-2:] == ("custom", "input"):
            self.found.append(one._replace(is_json=True))
        else:
            self.found.append(one)


def _numbered(place: tuple[str | int, ...], value: Any) -> tuple[str | int, ...]:
    index = value.get("index") if isinstance(value, dict | Mapping) else None
    return (*place, index) if isinstance(index, int) else place


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
