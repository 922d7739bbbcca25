"""Reading a project folder: everything that is right becomes a value, everything that is wrong is told at once."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, cast

from pydantic import ValidationError

from plimsoll.datasets import (
    DatasetInvalidError,
    DatasetMissingError,
    LabelledText,
    Row,
    read_labelled,
)
from plimsoll.datasets.files import ParquetMissingError, read_file

from ._app import AppDefinition
from ._datasets import DatasetFile, dataset_files
from ._errors import Mistake, ProjectInvalidError, ProjectMissingError
from ._explain import empty_file, explain
from ._inherit import inherit
from ._layout import APP_FILE, definition_files, file_name, layout_mistakes, near_app_file, stem
from ._references import LoadedFile, labelled_fields, reference_mistakes, served_mistakes
from ._types import Project
from ._yaml import MAX_BYTES, parse_yaml
from .schemas import (
    DatasetDefinition,
    Definition,
    EndpointDefinition,
    GuardrailDefinition,
    KnowledgeDefinition,
    ModelDefinition,
    PromptDefinition,
    RouteDefinition,
    SuiteDefinition,
)

_MODELS: Mapping[str, type[Definition]] = {
    "prompts": PromptDefinition,
    "knowledge": KnowledgeDefinition,
    "guardrails": GuardrailDefinition,
    "routes": RouteDefinition,
    "models": ModelDefinition,
    "endpoints": EndpointDefinition,
    "evals": SuiteDefinition,
}

D = TypeVar("D", bound=Definition)
R = TypeVar("R", Row, LabelledText)


def find_project(start: Path) -> Path:
    """The nearest folder with a `plimsoll.yaml`, from `start` upwards. Raises ProjectMissingError."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / APP_FILE).is_file():
            return folder
    raise ProjectMissingError(start, near=_near(start))


def load_app(root: Path) -> AppDefinition:
    """Read `plimsoll.yaml` alone, for commands that need no other file. Raises as `load_project` does."""
    reader = _Reader(root.absolute())
    app = reader.definition_file(root.absolute() / APP_FILE, AppDefinition)
    if reader.mistakes:
        raise ProjectInvalidError(root, reader.mistakes)
    return cast("AppDefinition", app.definition)


def load_project(root: Path) -> Project:
    """Read the project in `root`.

    Raises ProjectMissingError if there is none, and ProjectInvalidError with every mistake that could be found.
    """
    root = root.absolute()
    if not (root / APP_FILE).is_file():
        raise ProjectMissingError(root, near=_near(root))
    reader = _Reader(root)
    app = reader.definition_file(root / APP_FILE, AppDefinition)
    folders = {folder: reader.folder(folder, model) for folder, model in _MODELS.items()}
    fields = labelled_fields(folders)
    files = reader.dataset_files()
    datasets, labelled = reader.datasets(files, fields)
    reader.check(app, folders, {**datasets, **labelled})
    guardrails, between = inherit(folders["guardrails"])
    reader.mistakes += between
    if reader.mistakes:
        raise ProjectInvalidError(root, sorted(reader.mistakes, key=lambda mistake: (mistake.file, mistake.line)))
    return Project(
        root=root,
        app=cast("AppDefinition", app.definition),
        prompts=_definitions(folders["prompts"], PromptDefinition),
        knowledge=_definitions(folders["knowledge"], KnowledgeDefinition),
        guardrails=MappingProxyType(guardrails),
        routes=_definitions(folders["routes"], RouteDefinition),
        models=_definitions(folders["models"], ModelDefinition),
        endpoints=_definitions(folders["endpoints"], EndpointDefinition),
        suites=_definitions(folders["evals"], SuiteDefinition),
        datasets=MappingProxyType(datasets),
        labelled=MappingProxyType(labelled),
        about=MappingProxyType({name: about for name, file in files.items() if (about := file.description.about())}),
    )


def _near(folder: Path) -> str:
    try:
        return near_app_file(folder)
    except OSError:
        return ""


def _definitions(folder: Mapping[str, LoadedFile], model: type[D]) -> Mapping[str, D]:
    return MappingProxyType(
        {name: file.definition for name, file in folder.items() if isinstance(file.definition, model)}
    )


class _Reader:
    """Reads the files of one project, and collects its mistakes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.mistakes: list[Mistake] = []

    def folder(self, folder: str, model: type[Definition]) -> dict[str, LoadedFile]:
        """The files of one folder by their names, with those that have mistakes."""
        return {stem(path): self.definition_file(path, model) for path in self._files(folder)}

    def dataset_files(self) -> dict[str, DatasetFile]:
        """The file of each dataset, by its name, with what is said about it."""
        found = self._files("datasets")
        said = {stem(path): self.definition_file(path, DatasetDefinition) for path in found if path.suffix == ".yaml"}
        files = [*dataset_files(self._root, [path for path in found if path.suffix != ".yaml"], said)]
        self.mistakes += (item for item in files if isinstance(item, Mistake))
        return dict(item for item in files if not isinstance(item, Mistake))

    def datasets(
        self, files: Mapping[str, DatasetFile], fields: Mapping[str, Collection[str]]
    ) -> tuple[dict[str, tuple[Row, ...]], dict[str, tuple[LabelledText, ...]]]:
        """Questions, and texts labelled with `fields`, by the names of the datasets; one with mistakes has none."""
        rows = {
            name: self._rows(file.path, partial(read_file, description=file.description))
            for name, file in files.items()
            if name not in fields
        }
        labelled = {name: self._labelled(file, fields[name]) for name, file in files.items() if name in fields}
        return rows, labelled

    def _labelled(self, file: DatasetFile, fields: Collection[str]) -> tuple[LabelledText, ...]:
        description = file.description
        if file.path.suffix != ".jsonl" or description.columns or description.separator or description.split:
            what = "labelled texts are read from JSONL, as they are"
            self.mistakes.append(Mistake(self._name(file.path), 0, what, "write it as NAME.jsonl, without `columns`"))
            return ()
        return self._rows(file.path, partial(read_labelled, fields=fields))

    def check(
        self,
        app: LoadedFile,
        folders: Mapping[str, Mapping[str, LoadedFile]],
        datasets: Collection[str],
    ) -> None:
        """What can be said only when all files are read."""
        self.mistakes += reference_mistakes(folders, datasets, self._root)
        self.mistakes += served_mistakes(app, folders["endpoints"], folders["routes"])
        try:
            self.mistakes += layout_mistakes(self._root)
        except OSError as error:
            self._unreadable("./", error)

    def definition_file(self, path: Path, model: type[Definition]) -> LoadedFile:
        """One YAML file, checked by itself."""
        file = self._name(path)
        try:
            with path.open("rb") as stream:
                parsed = parse_yaml(stream.read(MAX_BYTES + 1))
        except OSError as error:
            self._unreadable(file, error)
            parsed = parse_yaml(b"")
            return LoadedFile(file, {}, parsed.lines, None)
        self.mistakes += (Mistake(file, wrong.line, wrong.what, wrong.instead) for wrong in parsed.mistakes)
        definition: Definition | None = None
        if not parsed.mistakes and parsed.data is None:
            self.mistakes.append(empty_file(model, file))
        elif parsed.data is not None:
            try:
                definition = model.model_validate(parsed.data)
            except ValidationError as error:
                self.mistakes += explain(error, model, file, parsed.lines)
        data = parsed.data if isinstance(parsed.data, dict) else {}
        return LoadedFile(file, data, parsed.lines, definition)

    def _rows(self, path: Path, read: Callable[[Path], tuple[R, ...]]) -> tuple[R, ...]:
        file = self._name(path)
        try:
            return read(path)
        except DatasetInvalidError as error:
            self.mistakes += (Mistake(file, wrong.line, wrong.what, wrong.instead) for wrong in error.mistakes)
        except (DatasetMissingError, ParquetMissingError) as error:
            self.mistakes.append(Mistake(file, 0, error.message, error.hint))
        return ()

    def _files(self, folder: str) -> list[Path]:
        try:
            found = list(definition_files(self._root / folder))
        except OSError as error:
            self._unreadable(f"{folder}/", error)
            return []
        self.mistakes += (item for item in found if isinstance(item, Mistake))
        return [item for item in found if isinstance(item, Path)]

    def _name(self, path: Path) -> str:
        folder = "" if path.parent == self._root else f"{path.parent.name}/"
        return folder + file_name(path)

    def _unreadable(self, file: str, error: OSError) -> None:
        what = f"this cannot be read: {error.strerror or error}"
        self.mistakes.append(Mistake(file, 0, what, "check its owner and rights"))
