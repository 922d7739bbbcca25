"""YAML text becomes plain data that knows its lines; the part of YAML that surprises people is left out.

- Only plain `true`, `false`, `null` and decimal numbers are anything but text: `no`, `on`, `010`, `12:30` and
  `2024-01-01` stay text (YAML 1.1 makes a boolean, an octal number, a number of base 60 and a date of them).
- Anchors and aliases, tags, several documents and keys that stand there twice are mistakes. Aliases could make
  exponentially large data out of a small file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from ._errors import shown_name
from ._syntax import explain_syntax

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_PARTS = 20_000
MAX_NUMBER = 2**53
"""Larger whole numbers are not the same in every program that reads JSON (RFC 8259, section 6)."""

Data = str | int | float | bool | None | tuple["Data", ...] | dict[str, "Data"]
Place = tuple[str | int, ...]

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class YamlMistake:
    """One thing that is wrong in a YAML text."""

    line: int
    what: str
    instead: str = ""


@dataclass(slots=True)
class Lines:
    """Which place of the data stands in which line, both from 1."""

    _of: dict[Place, int] = field(default_factory=dict)
    _block: dict[Place, int] = field(default_factory=dict)

    def of(self, place: Place) -> int:
        """The line of a key or list item; for what is not there the line of what it would stand in."""
        while place and place not in self._of:
            place = place[:-1]
        return self._of.get(place, 1)

    def inside(self, place: Place, line: int) -> int:
        """The line of the file for a line of the text at `place`; exact for blocks that begin with `|`."""
        return self._block[place] + line if place in self._block else self.of(place)

    def has(self, place: Place) -> bool:
        """Whether something stands at `place`, if only an empty value."""
        return place in self._of

    def set(self, place: Place, line: int) -> None:
        """Note the line of a place; the first note counts."""
        self._of.setdefault(place, line)

    def set_block(self, place: Place, line: int) -> None:
        """Note the line of a place's `|`."""
        self._block.setdefault(place, line)


@dataclass(slots=True)
class Parsed:
    """What came out of a YAML text; with mistakes in it `data` holds stand-ins and is not to be used."""

    data: Data = None
    lines: Lines = field(default_factory=Lines)
    mistakes: list[YamlMistake] = field(default_factory=list)


def parse_yaml(content: bytes) -> Parsed:
    """Read one YAML document. Never raises: whatever is wrong is in `mistakes`."""
    parsed = Parsed()
    text = _text(content, parsed.mistakes)
    if text is None:
        return parsed
    builder = _Builder(text, parsed)
    try:
        parsed.data = builder.document()
    except yaml.reader.ReaderError as error:
        what = f"the character U+{ord(text[error.position]):04X} may not stand in YAML"
        parsed.mistakes.append(YamlMistake(text.count("\n", 0, error.position) + 1, what, "take it away"))
    except yaml.MarkedYAMLError as error:
        parsed.mistakes.append(YamlMistake(*explain_syntax(error)))
    except _StopError as stop:
        parsed.mistakes.append(stop.mistake)
    except (ValueError, OverflowError):  # PyYAML passes on what `chr` and `int` say to absurd escapes and versions
        parsed.mistakes.append(YamlMistake(builder.reached, "behind this a character code or number is absurd", ""))
    return parsed


def _text(content: bytes, mistakes: list[YamlMistake]) -> str | None:
    if len(content) > MAX_BYTES:
        what = f"the file is larger than {MAX_BYTES // 1_000_000} MB"
        mistakes.append(YamlMistake(1, what, "project files are small; large texts belong into documents"))
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        mistakes.append(YamlMistake(line, "the file is not UTF-8", "save the file as UTF-8"))
        return None


class _StopError(Exception):
    """Reading cannot go on."""

    def __init__(self, mistake: YamlMistake) -> None:
        super().__init__(mistake.what)
        self.mistake = mistake


class _Builder:
    """Builds data out of the parser's events, which come without recursion and before any alias is followed."""

    def __init__(self, text: str, parsed: Parsed) -> None:
        self.reached = 1
        self._events = self._checked(text)
        self._lines = parsed.lines
        self._mistakes = parsed.mistakes

    def document(self) -> Data:
        """The one document of the text; None where it is empty."""
        data: Data = None
        number = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                number += 1
                if number > 1:
                    self._add(event, "a second document begins here (`---`)", "write one document in a file")
                    break
                data = self._node(next(self._events), ())
        return data

    def _checked(self, text: str) -> Iterator[yaml.Event]:
        """The events, with the mistakes that any node can have."""
        for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
            self.reached = _line(event)
            if count > MAX_PARTS:
                raise _StopError(YamlMistake(self.reached, f"the file has more than {MAX_PARTS} values"))
            if isinstance(event, yaml.NodeEvent):
                self._check_node(event)
            yield event

    def _check_node(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._add(
                event,
                f"aliases (`*{event.anchor}`) are not read",
                "write the value out; put text that begins with `*` in quotes",
            )
        elif event.anchor is not None:
            self._add(event, f"anchors (`&{event.anchor}`) are not read", "write the value out where it is needed")
        elif getattr(event, "tag", None) not in {None, "!"}:
            self._add(event, "tags (`!…`) are not read", "write the plain value, in quotes where it is text")

    def _add(self, event: yaml.Event, what: str, instead: str) -> None:
        self._mistakes.append(YamlMistake(_line(event), what, instead))

    def _node(self, event: yaml.Event, place: Place) -> Data:
        if len(place) > MAX_DEPTH:
            raise _StopError(YamlMistake(_line(event), f"this is nested more than {MAX_DEPTH} levels deep", ""))
        if isinstance(event, yaml.ScalarEvent):
            if event.style == "|":
                self._lines.set_block(place, _line(event))
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(place)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place)
        return None

    def _sequence(self, place: Place) -> Data:
        items: list[Data] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            here = (*place, len(items))
            self._lines.set(here, _line(event))
            items.append(self._node(event, here))
        return tuple(items)

    def _mapping(self, place: Place) -> Data:
        data: dict[str, Data] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, place)
            here = (*place, key)
            if key in data:
                self._add(
                    event,
                    f"the key `{shown_name(key)}` stands in line {self._lines.of(here)} already",
                    "keep one of them",
                )
            self._lines.set(here, _line(event))
            data[key] = self._node(next(self._events), here)
        return data

    def _key(self, event: yaml.Event, place: Place) -> str:
        if isinstance(event, yaml.ScalarEvent):
            return self._text(event)
        self._add(event, "a list or group of keys stands where a key should be", "write `key: value`")
        self._node(event, (*place, "?"))
        return "?"

    def _scalar(self, event: yaml.ScalarEvent) -> Data:
        if event.style is None and not event.tag:
            return self._plain(event)
        return self._text(event)

    def _text(self, event: yaml.ScalarEvent) -> str:
        value: str = event.value
        try:
            # JSON spells characters beyond U+FFFF as two escapes; PyYAML leaves the two halves apart.
            whole = value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            whole = "\0"
        if "\0" in whole:
            self._add(event, "the text has a character that cannot be stored (NUL, or half of a pair)", "take it away")
        return whole

    def _plain(self, event: yaml.ScalarEvent) -> Data:
        value: str = event.value
        if value in _WORDS:
            return _WORDS[value]
        if not _NUMBER.fullmatch(value):
            return value
        number = float(value)
        if abs(number) > MAX_NUMBER:
            self._add(event, "the number is too large", f"numbers end at {MAX_NUMBER}; put text in quotes")
            return 0
        return int(value) if _INTEGER.fullmatch(value) else number


def _line(event: yaml.Event) -> int:
    line: int = event.start_mark.line if event.start_mark else 0
    return line + 1
