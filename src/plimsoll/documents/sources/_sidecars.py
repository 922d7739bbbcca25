"""Files that say who may read the documents beside them.

`.access.yaml` in a folder holds for everything in and below it; `files` in it for paths that fit a pattern. The file
`NAME.meta.json` holds for NAME alone. What is nearer to the document stands above what is farther away. One that cannot
be understood hides the documents that it is about.
"""

import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .._errors import DocumentError, PatternError
from .._types import Metadata
from ._errors import FactsInvalidError
from ._facts import EVERYBODY, Access, check_access, check_metadata
from ._globs import Matcher, compile_globs

FOLDER_FACTS = ".access.yaml"
FILE_FACTS = ".meta.json"
_MOST_BYTES = 1_000_000
_FOLDER_KEYS = {"access", "metadata", "files"}
_FILE_KEYS = {"access", "metadata", "title"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a document from its source."""

    access: Access = EVERYBODY
    metadata: Metadata = field(default_factory=dict)

    def with_those_of(self, told: Mapping[str, Any], place: str) -> "Facts":
        """These facts, with what `told` says above them. Raises FactsInvalidError."""
        access = check_access(told["access"], place) if "access" in told else self.access
        metadata = {**self.metadata, **check_metadata(told.get("metadata", {}), place)}
        if "title" in told:
            metadata |= check_metadata({"title": told["title"]}, place)
        return Facts(access, metadata)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the file of one folder says."""

    folder: str
    place: str
    """How messages call the file."""
    facts: Mapping[str, Any]
    files: tuple[tuple[Matcher, str, Mapping[str, Any]], ...]
    """The patterns behind `files`, as matchers and as they stand there, with what each says."""


class Sidecars:
    """What stands beside the files of one source folder. Every folder's file is read once."""

    def __init__(self, root: Path, source: Facts) -> None:
        self._root = str(root)
        self._source = source
        self._chains: dict[str, tuple[_Told, ...] | FactsInvalidError | PatternError] = {}

    def facts(self, location: Path, path: str) -> Facts:
        """Of the file at `location`, which is known as `path`. Raises FactsInvalidError or PatternError."""
        place = str(location)
        facts = self._source
        for told in self._chain(_above(place)):
            facts = facts.with_those_of(told.facts, told.place)
            inside = place.removeprefix(told.folder).lstrip("/")
            for matches, pattern, more in told.files:
                if matches(inside):
                    facts = facts.with_those_of(more, f"{told.place}, behind {pattern},")
        beside = place + FILE_FACTS
        if not _is_there(beside):
            return facts
        name = f"{path}{FILE_FACTS}"
        return facts.with_those_of(_read(beside, name, _FILE_KEYS, json.loads), name)

    def _chain(self, folder: str) -> tuple[_Told, ...]:
        """What the folders say from the root down to this one; most say nothing. Without recursion: trees are deep."""
        waiting: list[str] = []
        while folder not in self._chains and folder.startswith(self._root) and folder != _above(folder):
            waiting.append(folder)
            folder = _above(folder)
        chain = self._chains.get(folder, ())
        for inner in reversed(waiting):
            chain = self._chains[inner] = self._longer(chain, inner)
        if isinstance(chain, DocumentError):
            raise chain
        return chain

    def _longer(
        self, chain: tuple[_Told, ...] | FactsInvalidError | PatternError, folder: str
    ) -> tuple[_Told, ...] | FactsInvalidError | PatternError:
        """The chain with what this folder says; the error where it, or one above, cannot be understood."""
        if isinstance(chain, DocumentError):
            return chain
        try:
            told = self._told(folder)
        except (FactsInvalidError, PatternError) as error:
            return error
        return chain if told is None else (*chain, told)

    def _told(self, folder: str) -> _Told | None:
        file = f"{folder}/{FOLDER_FACTS}"
        if not _is_there(file):
            return None
        place = file.removeprefix(self._root).lstrip("/")
        facts = _read(file, place, _FOLDER_KEYS, yaml.safe_load)
        self._source.with_those_of(facts, place)
        patterns = facts.get("files", {})
        if not isinstance(patterns, Mapping) or not all(isinstance(pattern, str) for pattern in patterns):
            raise FactsInvalidError(place, "must have patterns behind `files`")
        for pattern, more in patterns.items():
            if not isinstance(more, Mapping) or not set(more) <= _FILE_KEYS:
                raise FactsInvalidError(place, f"must have access, metadata or title behind {pattern}")
        return _Told(
            folder,
            place,
            {key: value for key, value in facts.items() if key != "files"},
            tuple((compile_globs([pattern]), pattern, more) for pattern, more in patterns.items()),
        )


def describes_another(name: str) -> bool:
    """Whether a file of this name only says something about another one."""
    return name.endswith(FILE_FACTS)


def _above(path: str) -> str:
    """The folder that a file or folder lies in. As text: paths of thousands of folders are slow as objects."""
    return path.rpartition("/")[0] or "/"


def _is_there(file: str) -> bool:
    """Whether there is anything of that name. A link counts: it is refused when it is read."""
    try:
        os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise FactsInvalidError(file.rpartition("/")[2], f"cannot be read: {error.strerror}") from error
    return True


def _read(file: str, place: str, keys: set[str], parse: Callable[[str], Any]) -> Mapping[str, Any]:
    try:
        status = os.lstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            raise FactsInvalidError(place, "is no regular file of at most 1 MB")
        told = parse(Path(file).read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise FactsInvalidError(place, f"cannot be read: {' '.join(str(error).split())[:200]}") from error
    if told is None:
        return {}
    if not isinstance(told, Mapping) or not set(told) <= keys:
        raise FactsInvalidError(place, f"may only say {', '.join(sorted(keys))}")
    return told
