"""Which files hold the rows of which dataset, and what is said about them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plimsoll.datasets.files import ENDINGS, NOTHING_SAID, Description, FileOutsideError, within

from ._errors import Mistake
from ._layout import file_name, stem
from ._references import LoadedFile
from .schemas import DatasetDefinition


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """A file of rows."""

    path: Path
    description: Description = NOTHING_SAID


def dataset_files(
    root: Path, files: Sequence[Path], said: Mapping[str, LoadedFile]
) -> Iterator[tuple[str, DatasetFile] | Mistake]:
    """The file of each dataset by its name, and what is wrong. `said` are the descriptions, by their names.

    A file that a description names belongs to that one, and is no dataset of its own.
    """
    named: dict[str, Path] = {}
    for name, loaded in said.items():
        file = _file_of(loaded)
        if file:
            try:
                named[name] = within(root, file)
            except FileOutsideError as error:
                yield loaded.mistake(("file",), error.message, error.hint)
    taken = {path.resolve() for path in named.values()}
    lying: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        if path.resolve() not in taken:
            lying[stem(path)].append(path)
    for name in sorted({*lying, *said}):
        yield from _one(name, [*lying[name], *([named[name]] if name in named else [])], said.get(name))


def _one(name: str, paths: Sequence[Path], loaded: LoadedFile | None) -> Iterator[tuple[str, DatasetFile] | Mistake]:
    if loaded is not None and loaded.definition is None:
        return
    if len(paths) > 1:
        names = " and ".join(sorted(file_name(path) for path in paths))
        yield Mistake(f"datasets/{file_name(paths[0])}", 0, f"{names} are both the dataset {name}", "keep one of them")
    elif not paths and loaded is not None and not _file_of(loaded):
        listed = ", ".join(f"{name}{ending}" for ending in ENDINGS)
        yield loaded.mistake((), "there is no file that this describes", f"put {listed} beside it, or name its `file`")
    elif paths:
        yield name, DatasetFile(paths[0], _description_of(loaded))


def _file_of(loaded: LoadedFile) -> str:
    return _description_of(loaded).file


def _description_of(loaded: LoadedFile | None) -> Description:
    if loaded is None or not isinstance(loaded.definition, DatasetDefinition):
        return NOTHING_SAID
    return loaded.definition.described()
