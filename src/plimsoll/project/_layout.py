"""Which files of a folder belong to a project, and which look as if they should."""

import re
from collections.abc import Iterator
from pathlib import Path

from plimsoll.kernel.words import nearest

from ._errors import Mistake, did_you_mean, shown_name
from ._fields import NAME_PATTERN, NAME_RULE

APP_FILE = "plimsoll.yaml"
ENDINGS = {
    "prompts": ".yaml",
    "knowledge": ".yaml",
    "guardrails": ".yaml",
    "routes": ".yaml",
    "models": ".yaml",
    "endpoints": ".yaml",
    "evals": ".yaml",
    "datasets": ".jsonl",
}
ENDINGS_OF_ROWS = (".jsonl", ".csv", ".parquet")
"""Of files that hold datasets; a `.yaml` beside one describes it."""
LATER_FOLDERS = ("agents", "tuning")
"""Folders of the design that this version does not read. Silence would let people believe that they are in force."""

_NEAR_ENDINGS = {".yaml": (".yaml", ".yml"), ".jsonl": (*ENDINGS_OF_ROWS, ".ndjson", ".json", ".yml")}


def file_name(path: Path) -> str:
    """The name of a file as it may be printed, also where it is not UTF-8."""
    return shown_name(path.name)


def stem(path: Path) -> str:
    """The name that a file gives to what stands in it."""
    return path.stem.encode("utf-8", "backslashreplace").decode()


def endings(folder: str) -> tuple[str, ...]:
    """How the files of a folder end that are read."""
    return (*ENDINGS_OF_ROWS, ".yaml") if folder == "datasets" else (ENDINGS[folder],)


def visible(folder: Path) -> list[Path]:
    """What lies in a folder, in the order of names, without hidden files; nothing where there is no folder.

    Raises OSError.
    """
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def definition_files(folder: Path) -> Iterator[Path | Mistake]:
    """The files of one of the project's folders that are to be read, and what is wrong with the others."""
    ending, read = ENDINGS[folder.name], endings(folder.name)
    for path in visible(folder):
        file = f"{folder.name}/{file_name(path)}"
        if path.is_dir():
            if any(inner.suffix in read for inner in visible(path)):
                what = f"folders inside {folder.name}/ are not read"
                yield Mistake(f"{file}/", 0, what, f"move its files up to {folder.name}/")
        elif path.suffix in read:
            yield path if path.is_file() else Mistake(file, 0, "this is not a file", "write a file of text")
            if not re.fullmatch(NAME_PATTERN, path.stem):
                yield Mistake(file, 0, "the name of the file cannot be a name", f"choose {NAME_RULE}")
        elif path.suffix.lower() in _NEAR_ENDINGS[ending]:
            listed = ", ".join(read)
            yield Mistake(file, 0, f"files of {folder.name}/ end with {listed}", f"rename it to end with {ending}")


def layout_mistakes(root: Path) -> Iterator[Mistake]:
    """What lies at the top of a project and is not read, although it looks as if it should be."""
    for path in visible(root):
        if path.is_dir():
            yield from _folder_mistakes(path)
        elif path.suffix in {".yaml", ".yml"} and path.name != APP_FILE:
            instead = did_you_mean(path.name, [APP_FILE], all_of_them="read here")
            folders = ", ".join(f"{folder}/" for folder in ENDINGS)
            yield Mistake(file_name(path), 0, "this file is not read", f"{instead}; other files stand in {folders}")


def near_app_file(root: Path) -> str:
    """A file that may be meant to be `plimsoll.yaml`; empty if there is none."""
    names = [path.name for path in visible(root) if path.suffix in {".yaml", ".yml"}]
    return nearest(APP_FILE, names) or ""


def _folder_mistakes(folder: Path) -> Iterator[Mistake]:
    name = folder.name
    if name in LATER_FOLDERS:
        if visible(folder):
            yield Mistake(f"{name}/", 0, f"this version does not read {name}/ yet", "move the folder away")
    elif name not in ENDINGS:
        near = nearest(name, ENDINGS)
        if near and any(path.suffix in endings(near) for path in visible(folder)):
            yield Mistake(f"{file_name(folder)}/", 0, "this folder is not read", f"did you mean {near}/?")
