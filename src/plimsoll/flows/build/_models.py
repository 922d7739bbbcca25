"""The project's classical models: what cannot be made is told before anything is built."""

from collections.abc import Callable

from plimsoll.models import Embedder
from plimsoll.models.predictors import FewShotInvalidError, make_few_shot
from plimsoll.project import Mistake, Project, ProjectInvalidError


def try_models(project: Project, make_embedder: Callable[[str], Embedder]) -> None:
    """Make every model once. Raises ProjectInvalidError, with the file of each that cannot be made."""
    mistakes: list[Mistake] = []
    for name, model in project.models.items():
        try:
            make_few_shot(model.content(), make_embedder(model.embedder))
        except FewShotInvalidError as error:
            instead = "write examples of words that the embedder knows"
            mistakes.append(Mistake(f"models/{name}.yaml", 0, error.message, instead))
    if mistakes:
        raise ProjectInvalidError(project.root, mistakes)
