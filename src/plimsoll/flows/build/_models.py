"""The project's classical models: what must be learned is learned, and what cannot be made is told before any build."""

from collections.abc import Mapping

from msgspec import json

from plimsoll.kernel.digest import Json, canonical_json, digest_json
from plimsoll.models.predictors import (
    LEARNER,
    MOST_TEXTS,
    FewShotInvalidError,
    labelled_mistakes,
    learn_fields,
    make_few_shot,
)
from plimsoll.pipelines import CachedStage, StageCount
from plimsoll.project import Mistake, Project, ProjectInvalidError

from ._types import BuildParts

_STAGE = "learn"


def build_models(
    project: Project, parts: BuildParts, stages: dict[str, StageCount]
) -> Mapping[str, Mapping[str, Json]]:
    """The content of every model by its name, with what was learned for it.

    Learning is remembered by the fields and the labelled texts. Raises ProjectInvalidError, with the file of each model
    that cannot be made and the line of each labelled text from which nothing can be learned.
    """
    mistakes: list[Mistake] = []
    contents: dict[str, Mapping[str, Json]] = {}
    for name, model in project.models.items():
        contents[name] = written(name, project)
        if model.fields is None:
            mistakes += _few_shot_mistakes(name, project, parts)
            continue
        stage = CachedStage(_STAGE, parts.cache, stages.setdefault(_STAGE, StageCount()))
        learned = _learned(name, project, stage)
        mistakes += learned if isinstance(learned, list) else []
        contents[name] = {**contents[name], "learned": None if isinstance(learned, list) else learned}
    if mistakes:
        raise ProjectInvalidError(project.root, mistakes)
    return contents


def written(name: str, project: Project) -> Mapping[str, Json]:
    """The content of a model as far as people wrote it, with the digest of the texts from which it learns."""
    model = project.models[name]
    if model.fields is None:
        return model.content()
    rows = None if model.examples is None else {"rows": [row.to_json() for row in project.labelled[model.examples]]}
    return {**model.content(), "examples_version": None if rows is None else digest_json(rows)}


def without_learned(content: Json) -> Json:
    """The content of a version, as far as people wrote it."""
    assert isinstance(content, Mapping)  # noqa: S101  # all contents of models are
    return {key: value for key, value in content.items() if key != "learned"}


def _few_shot_mistakes(name: str, project: Project, parts: BuildParts) -> list[Mistake]:
    model = project.models[name]
    try:
        make_few_shot(model.content(), parts.make_embedder(model.embedder))
    except FewShotInvalidError as error:
        instead = "write examples of words that the embedder knows"
        return [Mistake(f"models/{name}.yaml", 0, error.message, instead)]
    return []


def _learned(name: str, project: Project, stage: CachedStage) -> Json | list[Mistake]:
    model = project.models[name]
    content, rows = model.content(), () if model.examples is None else project.labelled[model.examples]
    key = digest_json([LEARNER, content["fields"], [row.to_json() for row in rows]])
    known = stage.known([key]).get(key)
    if known is None:
        file = f"datasets/{model.examples}.jsonl"
        if len(rows) > MOST_TEXTS:
            what = f"a model learns from at most {MOST_TEXTS:,} texts, and here are {len(rows):,}"
            return [Mistake(file, rows[MOST_TEXTS].line, what, "take some of them away")]
        wrong = labelled_mistakes(content, rows)
        if wrong:
            return [Mistake(file, mistake.line, mistake.what, mistake.instead) for mistake in wrong]
        known = canonical_json(learn_fields(content, rows))
        stage.remember({key: known})
    learned: Json = json.decode(known)
    return learned
