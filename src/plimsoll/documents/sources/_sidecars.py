"""Files that say who may read the documents beside them.

`.access.yaml` in a folder holds for everything in and below it; `files` in it for paths that fit a pattern. The file
`NAME.meta.json` holds for NAME alone. What is nearer to the document stands above what is farther away. One that cannot
be understood hides the documents that it is about; so does one whose name is nearly right, which would say nothing.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from .._assemble import one_line
from .._errors import DocumentError, PatternError
from .._types import Metadata
from ._beside import read_facts, speaks_of_access
from ._errors import FactsInvalidError
from ._facts import EVERYBODY, Access, check_access, check_metadata
from ._globs import Matcher, compile_globs
from ._names import composed

FOLDER_FACTS = ".access.yaml"
FILE_FACTS = ".meta.json"
_NEARLY_FOLDER_FACTS = frozenset({FOLDER_FACTS, ".access.yml", ".access.json", ".access.yaml.txt"})
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
            metadata["title"] = one_line(str(metadata["title"]))
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
        self._listed: dict[str, Mapping[str, str]] = {}

    def facts(self, location: str, path: str) -> Facts:
        """Of the file at `location`, which is known as `path`. Raises FactsInvalidError or PatternError."""
        folder, _, name = location.rpartition("/")
        facts = self._source
        for told in self._chain(folder or "/"):
            facts = facts.with_those_of(told.facts, told.place)
            inside = location.removeprefix(told.folder).lstrip("/")
            for matches, pattern, more in told.files:
                if matches(inside):
                    facts = facts.with_those_of(more, f"{told.place}, behind {pattern},")
        beside = self._beside(folder)
        if beside.get(_folded(name + FILE_FACTS)) == name + FILE_FACTS:
            shown = path + FILE_FACTS
            return facts.with_those_of(read_facts(location + FILE_FACTS, shown, _FILE_KEYS), shown)
        self._refuse_nearly_named(folder, name)
        return facts

    def _refuse_nearly_named(self, folder: str, name: str) -> None:
        """Raises FactsInvalidError where a file seems to be meant for this one, by its name, and speaks of readers."""
        stem = PurePosixPath(name).stem
        beside = self._beside(folder)
        nearly = beside.get(_folded(name + FILE_FACTS))
        if nearly is None and (called := beside.get(_folded(stem + FILE_FACTS))):
            nearly = None if Path(folder, stem).is_file() else called
        if nearly is not None and speaks_of_access(f"{folder}/{nearly}"):
            raise FactsInvalidError(nearly, f"would have to be called {name}{FILE_FACTS} to say who may read {name}")

    def _beside(self, folder: str) -> Mapping[str, str]:
        """The files of a folder that say something about others, by their names in lower case and in one form."""
        found = self._listed.get(folder)
        if found is None:
            found = self._listed[folder] = _listed(folder)
        return found

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
        called = next((name for name in self._beside(folder).values() if _is_folder_facts(name)), None)
        if called is None:
            return None
        place = f"{folder}/{called}".removeprefix(self._root).lstrip("/")
        if called != FOLDER_FACTS:
            raise FactsInvalidError(place, f"would have to be called {FOLDER_FACTS} to say who may read this folder")
        facts = read_facts(f"{folder}/{called}", place, _FOLDER_KEYS)
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
    return name.lower().endswith(FILE_FACTS)


class SidecarsUnread:
    """Where nothing beside a document is read, as in a bucket: which documents something is said about in vain.

    What was copied there from a folder must not be shown to more people than in that folder.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._folders: set[str] = set()
        self._files: set[str] = set()
        for path in paths:
            folder, _, name = path.rpartition("/")
            if _is_folder_facts(name):
                self._folders.add(folder)
            elif describes_another(name):
                self._files.add(path[: -len(FILE_FACTS)])

    def about(self, path: str) -> str:
        """The name of what speaks of the document at `path`; empty for nothing."""
        if path in self._files:
            return path + FILE_FACTS
        folder = path
        while self._folders and folder:
            folder = folder.rpartition("/")[0]
            if folder in self._folders:
                return f"{folder}/{FOLDER_FACTS}".lstrip("/")
        return ""


def _above(path: str) -> str:
    """The folder that a file or folder lies in. As text: paths of thousands of folders are slow as objects."""
    return path.rpartition("/")[0] or "/"


def _listed(folder: str) -> dict[str, str]:
    try:
        with os.scandir(folder or "/") as found:
            names = [e.name for e in found if describes_another(e.name) or _is_folder_facts(e.name)]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise FactsInvalidError(folder.rpartition("/")[2], f"cannot be read: {error.strerror}") from error
    # Where two names differ in nothing but case, the right one counts.
    names.sort(key=lambda name: name.endswith(FILE_FACTS) or name == FOLDER_FACTS)
    return {_folded(name): name for name in names}


def _folded(name: str) -> str:
    return composed(name).lower()


def _is_folder_facts(name: str) -> bool:
    return name.lower() in _NEARLY_FOLDER_FACTS
