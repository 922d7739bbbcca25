"""What one file says about another: names that must exist, folders that must be there, templates that must fit.

These checks look at what was written and not at finished definitions, so that a mistake in one key of a file does not
hide the mistakes in the others.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from plimsoll.evaluation.figures import FIGURES
from plimsoll.evaluation.scorers import SCORERS, ScorerOptionsError
from plimsoll.evaluation.scorers.choices import read_choice
from plimsoll.kernel.digest import Json
from plimsoll.prompts import TEMPLATE_NAMES, check_template, used_names

from ._errors import Mistake, did_you_mean, shown, shown_name
from ._yaml import Data, Lines
from .schemas import DEFAULT_TEMPLATE, FIELDS, Definition

_ADDRESSES = ("http://", "https://")
_READER = "builtin/reader"
_WRITERS: Mapping[tuple[str, str], str] = {
    ("search", "variants_by"): "questions in other words",
    ("chunk", "context_by"): "the contexts of chunks",
}
"""Where a knowledge base names a route, and what that is to write."""
_ASKING = frozenset({"judge", "openai_moderation"})
"""Checks that name a route in their options."""
_FOLDER_OF = {
    "prompt": "prompts",
    "knowledge": "knowledge",
    "route": "routes",
    "model": "models",
    "guardrail": "guardrails",
    "dataset": "datasets",
    "endpoint": "endpoints",
    "examples": "datasets",
}
_WHAT = {"examples": "dataset"}


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file as it was read; `definition` is None where it has mistakes."""

    file: str
    data: Mapping[str, Data]
    lines: Lines
    definition: Definition | None

    def text(self, key: str) -> str | None:
        """The text behind a key, if there is one."""
        value = self.data.get(key)
        return value if isinstance(value, str) else None

    def texts(self, key: str) -> Iterator[tuple[int, str]]:
        """The texts in the list behind a key, each with its place in the list."""
        values = self.data.get(key)
        for number, value in enumerate(values if isinstance(values, tuple) else ()):
            if isinstance(value, str):
                yield number, value

    def mistake(self, place: tuple[str | int, ...], what: str, instead: str) -> Mistake:
        """A mistake in this file, at the line of a place of its data."""
        return Mistake(self.file, self.lines.of(place), what, instead)


Folder = Mapping[str, LoadedFile]


def reference_mistakes(folders: Mapping[str, Folder], datasets: Collection[str], root: Path) -> Iterator[Mistake]:
    """Everything that does not fit together in the files of a project."""
    known: dict[str, Collection[str]] = {**folders, "datasets": datasets}
    served = {name for file in folders["routes"].values() for _, name in file.texts("serves")}
    for file in folders["prompts"].values():
        yield from _template_mistakes(file)
    for file in folders["knowledge"].values():
        yield from _source_mistakes(file, root)
        yield from _gate_mistakes(file, folders["evals"])
        yield from _writer_mistakes(file, folders["routes"])
    for file in folders["guardrails"].values():
        yield from _asked_mistakes(file, folders["routes"])
    for file in folders["models"].values():
        yield from _name_mistakes(file, ("examples",), known)
    for file in folders["endpoints"].values():
        yield from _name_mistakes(file, ("prompt", "knowledge", "route", "guardrail", "model"), known)
        yield from _passage_mistakes(file, folders["prompts"])
    for file in folders["routes"].values():
        yield from _name_mistakes(file, ("guardrail",), known)
    for file in folders["evals"].values():
        # A suite may also ask a route by a name that it serves, as a caller would.
        asks_route = file.text("endpoint") in served
        yield from _name_mistakes(file, ("dataset",) if asks_route else ("dataset", "endpoint"), known)
        yield from _threshold_mistakes(file)
        yield from _labelled_mistakes(file, folders)


def labelled_fields(folders: Mapping[str, Folder]) -> dict[str, frozenset[str]]:
    """The datasets of labelled texts, each with the names of all fields that may be labelled in it.

    From some of them models learn, and others are asked by suites.
    """
    found: dict[str, frozenset[str]] = {}
    models = [(file.text("examples"), file) for file in folders["models"].values() if file.text("kind") == FIELDS]
    asked = [(file.text("dataset"), _fields_model(file, folders)) for file in folders["evals"].values()]
    for name, model in [*models, *asked]:
        if name is not None and model is not None:
            fields = model.data.get("fields")
            found[name] = found.get(name, frozenset()) | frozenset(fields if isinstance(fields, dict) else ())
    return found


def _fields_model(suite: LoadedFile, folders: Mapping[str, Folder]) -> LoadedFile | None:
    """The model of kind `fields` that a suite asks, if it asks one."""
    endpoint = folders["endpoints"].get(suite.text("endpoint") or "")
    model = folders["models"].get(endpoint.text("model") or "") if endpoint is not None else None
    return model if model is not None and model.text("kind") == FIELDS else None


def served_mistakes(app: LoadedFile, endpoints: Folder, routes: Folder) -> Iterator[Mistake]:
    """Names that callers could write for two things, and a project in which there is nothing to call."""
    called = {name: f"is the name of {file.file}" for name, file in endpoints.items()}
    called |= {f"{app.text('name') or ''}/{name}": what for name, what in called.items()}
    for file in routes.values():
        here = f"is served by {file.file}"
        for number, name in file.texts("serves"):
            other = called.setdefault(name, here)
            if other != here:
                what = f"{shown(name)} {other} already, and one name can call only one of them"
                yield file.mistake(("serves", number), what, "serve another name here, or take it away")
    if not called:
        what = "a project needs at least one endpoint, or a route that serves a name"
        yield Mistake("endpoints/", 0, what, "write endpoints/ask.yaml, or see `plimsoll init`")


def _labelled_mistakes(file: LoadedFile, folders: Mapping[str, Folder]) -> Iterator[Mistake]:
    """Labelled texts are no questions, and those from which a model learned say nothing of how good it is."""
    name, model = file.text("dataset"), _fields_model(file, folders)
    if name is None or name not in labelled_fields(folders):
        return
    if model is None:
        yield file.mistake(("dataset",), f"{shown(name)} has labelled texts, and no questions", "name one of questions")
    elif any(one.text("examples") == name for one in folders["models"].values()):
        what = f"from {shown(name)} a model learns, so that it says nothing of how good the model is"
        yield file.mistake(("dataset",), what, "name a dataset of other labelled texts")


def _name_mistakes(file: LoadedFile, keys: tuple[str, ...], known: Mapping[str, Collection[str]]) -> Iterator[Mistake]:
    for key in keys:
        name, folder = file.text(key), _FOLDER_OF[key]
        if name is not None and name not in known[folder]:
            names = sorted(known[folder])
            instead = did_you_mean(name, names, all_of_them=f"what there is in {folder}/")
            yield file.mistake((key,), f"there is no {_WHAT.get(key, key)} {shown(name)}", instead)


def _template_mistakes(file: LoadedFile) -> Iterator[Mistake]:
    for part in ("system", "template"):
        text = file.text(part)
        if text is None:
            continue
        found = check_template(text, TEMPLATE_NAMES)
        for mistake in found:
            line = file.lines.inside((part,), mistake.line)
            yield Mistake(file.file, line, f"in `{part}`: {mistake.what}", mistake.instead)
        if part == "template" and text.strip() and not found and "question" not in used_names(text):
            yield file.mistake((part,), "`template` never uses the question", "write {{ question }} where it belongs")


def _source_mistakes(file: LoadedFile, root: Path) -> Iterator[Mistake]:
    sources = file.data.get("sources")
    for number, source in enumerate(sources if isinstance(sources, tuple) else ()):
        path = source.get("path") if isinstance(source, dict) else None
        if isinstance(path, str) and path.strip() and not _exists(root / path):
            what = f"there is no folder or file {shown(path)}"
            yield file.mistake(("sources", number, "path"), what, "write a path from the project's folder on")
        urls = source.get("urls") if isinstance(source, dict) else None
        if isinstance(urls, str) and urls.strip() and not urls.startswith(_ADDRESSES) and not _exists(root / urls):
            yield file.mistake(("sources", number, "urls"), f"there is no file {shown(urls)}", "correct the path")


def _gate_mistakes(file: LoadedFile, suites: Folder) -> Iterator[Mistake]:
    """Suites that a refresh would ask in vain."""
    refresh = file.data.get("refresh")
    gate = refresh.get("gate") if isinstance(refresh, dict) else None
    for number, name in enumerate(gate if isinstance(gate, tuple) else ()):
        if isinstance(name, str) and name not in suites:
            instead = did_you_mean(name, sorted(suites), all_of_them="what there is in evals/")
            yield file.mistake(("refresh", "gate", number), f"there is no suite {shown(name)}", instead)


def _writer_mistakes(file: LoadedFile, routes: Folder) -> Iterator[Mistake]:
    """Routes that a knowledge base asks to write something, and that are not there or cannot."""
    for place in _WRITERS:
        section = file.data.get(place[0])
        name = section.get(place[1]) if isinstance(section, dict) else None
        if isinstance(name, str):
            yield from _route_mistakes(file, place, routes, name, f"write {_WRITERS[place]}")


def _asked_mistakes(file: LoadedFile, routes: Folder) -> Iterator[Mistake]:
    """Routes that checks of a guardrail ask, and that are not there or cannot answer."""
    checks = file.data.get("checks")
    for number, check in enumerate(checks if isinstance(checks, tuple) else ()):
        options = check.get("options") if isinstance(check, dict) else None
        name = options.get("route") if isinstance(options, dict) else None
        if isinstance(check, dict) and check.get("check") in _ASKING and isinstance(name, str):
            place = ("checks", number, "options", "route")
            if check.get("check") == "judge" or name not in routes:
                yield from _route_mistakes(file, place, routes, name, "judge a text")


def _route_mistakes(
    file: LoadedFile, place: tuple[str | int, ...], routes: Folder, name: str, task: str
) -> Iterator[Mistake]:
    """What keeps a route from its task, such as `judge a text`."""
    route = routes.get(name)
    if route is None:
        instead = did_you_mean(name, sorted(routes), all_of_them="what there is in routes/")
        yield file.mistake(place, f"there is no route {shown(name)}", instead)
    elif route.data.get("embeds") is True:
        yield file.mistake(
            place, f"{route.file} makes vectors, and cannot {task}", "name a route whose model answers chats"
        )
    elif _READER in _models(route):
        what = f"{route.file} has the model {_READER}, which quotes passages and cannot {task}"
        yield file.mistake(place, what, "name a route with models that write, such as openai/gpt-4.1-mini")


def _models(route: LoadedFile) -> list[Data]:
    targets = route.data.get("targets")
    listed = (
        [target.get("model") for target in targets if isinstance(target, dict)] if isinstance(targets, tuple) else []
    )
    return [route.data.get("model"), *listed]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, or a folder that may not be entered
        return False


def _passage_mistakes(file: LoadedFile, prompts: Folder) -> Iterator[Mistake]:
    """Passages that would not reach the model, or that a template waits for in vain."""
    prompt = prompts.get(file.text("prompt") or "")
    if prompt is None:
        return
    template = prompt.text("template") or DEFAULT_TEMPLATE
    texts = (template, prompt.text("system") or "")
    if any(check_template(text, TEMPLATE_NAMES) for text in texts):
        return
    uses_passages = any("passages" in used_names(text) for text in texts)
    if file.text("kind") == "chat" and uses_passages:
        what = f"an endpoint of kind chat finds no passages, but {prompt.file} uses them"
        yield file.mistake(("prompt",), what, "name a prompt whose `template` uses only {{ question }}")
    if file.text("kind") == "rag" and not uses_passages:
        what = f"the passages would never reach the model: {prompt.file} does not use `passages`"
        yield file.mistake(("prompt",), what, "write a loop over `passages` in the prompt, or leave its `template` out")


def _threshold_mistakes(file: LoadedFile) -> Iterator[Mistake]:
    scorers, slices = file.data.get("scorers"), file.data.get("slices")
    if not isinstance(scorers, tuple):
        return
    figures = file.data.get("figures")
    chosen = [*_names(scorers, "scorer"), *_names(figures if isinstance(figures, tuple) else (), "figure")]
    known = {*chosen, *FIGURES}
    yield from _measure_mistakes(file, ("thresholds",), file.data.get("thresholds"), known)
    for name, thresholds in slices.items() if isinstance(slices, dict) else ():
        yield from _measure_mistakes(file, ("slices", name), thresholds, known)


def _names(listed: tuple[Data, ...], kind: Literal["scorer", "figure"]) -> Iterator[str]:
    """What a suite calls its scorers or figures; one that cannot be read is told elsewhere."""
    for value in listed:
        with suppress(ScorerOptionsError):
            yield read_choice(cast("Json", value), kind).name


def _measure_mistakes(
    file: LoadedFile, place: tuple[str, ...], thresholds: Data, known: Collection[str]
) -> Iterator[Mistake]:
    for measure in thresholds if isinstance(thresholds, dict) else ():
        if measure in known:
            continue
        if measure in SCORERS:
            what = f"`{shown_name(measure)}` has a threshold, but is not among the scorers"
            yield file.mistake((*place, measure), what, f"add `{measure}` to `scorers`, or take it away here")
        else:
            instead = did_you_mean(measure, sorted(known), all_of_them="measures")
            yield file.mistake((*place, measure), f"there is no measure {shown(measure)}", instead)
