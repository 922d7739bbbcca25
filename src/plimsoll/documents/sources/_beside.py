"""Reading small files that say something about documents: strictly, because a mistake in one may show too much.

A name that stands twice in one group has two answers, so the whole file has none.
"""

import json
import os
import stat
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ._errors import FactsInvalidError

_MOST_BYTES = 100_000


def read_regular(file: str | Path, most_bytes: int) -> bytes:
    """At most `most_bytes` bytes and one of a regular file; links are followed.

    Raises OSError, also for a pipe or a device, which would never end or stop the process here.
    """
    handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as opened:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            msg = "it is not a regular file"
            raise OSError(0, msg)
        return opened.read(most_bytes + 1)


def read_facts(file: str, place: str, keys: set[str]) -> Mapping[str, Any]:
    """What a file of YAML or JSON says; it may only have these keys. `place` is what messages call it.

    Raises FactsInvalidError.
    """
    parse: Callable[[str], Any] = parse_json if file.endswith(".json") else _parse_yaml
    try:
        if stat.S_ISLNK(os.lstat(file).st_mode):
            raise FactsInvalidError(place, "is no regular file of at most 100 kB")
        data = read_regular(file, _MOST_BYTES)
        if len(data) > _MOST_BYTES:
            raise FactsInvalidError(place, "is no regular file of at most 100 kB")
        told = parse(data.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise FactsInvalidError(place, f"cannot be read: {' '.join(str(error).split())[:200]}") from error
    if told is None:
        return {}
    if not isinstance(told, Mapping) or not set(told) <= keys:
        raise FactsInvalidError(place, f"may only say {', '.join(sorted(keys))}")
    return told


def speaks_of_access(file: str) -> bool:
    """Whether a file may be meant to say who reads something: also where it cannot be read."""
    try:
        data = read_regular(file, _MOST_BYTES)
    except OSError:
        return True
    return len(data) > _MOST_BYTES or b"access" in data.replace(b"\x00", b"").lower()


def parse_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError, also for a name that stands twice, or RecursionError."""
    return json.loads(text, object_pairs_hook=_once_each)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "a name stands in it twice"
        raise ValueError(msg)
    return found


class _StrictLoader(yaml.SafeLoader):
    """Plain values only, and every name once in its group."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    names = [loader.construct_object(name, deep=True) for name, _ in node.value]
    if any(not isinstance(name, Hashable) for name in names) or len(set(names)) < len(names):
        msg = "a name stands in it twice, or is no plain value"
        raise ValueError(msg)
    return {name: loader.construct_object(value, deep=True) for name, (_, value) in zip(names, node.value, strict=True)}


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _parse_yaml(text: str) -> Any:
    return yaml.load(text, _StrictLoader)  # noqa: S506 - a SafeLoader that is stricter still
