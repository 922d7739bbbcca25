"""What was changed in the project's files since they were built."""

from collections.abc import Callable

from plimsoll.kernel.digest import Digest, Json, digest_json
from plimsoll.project import Project
from plimsoll.releases import Manifest

from ._models import without_learned, written
from ._versions import effective_knowledge

_FOLDERS = {
    "prompt": "prompts",
    "knowledge": "knowledge",
    "route": "routes",
    "endpoint": "endpoints",
    "guardrail": "guardrails",
    "model": "models",
}


def changed_files(project: Project, draft: Manifest, read: Callable[[Digest], Json]) -> tuple[str, ...]:
    """The project files whose content is not what a draft was made of; documents are not looked at.

    `read` gives the content of a version: of a model that learned, only what people wrote is compared. Raises what it
    raises.
    """
    contents: dict[str, Json] = {
        **{f"prompt:{name}": prompt.content() for name, prompt in project.prompts.items()},
        **{f"knowledge:{name}": effective_knowledge(knowledge) for name, knowledge in project.knowledge.items()},
        **{f"route:{name}": route.content() for name, route in project.routes.items()},
        **{f"guardrail:{name}": guardrail.content() for name, guardrail in project.guardrails.items()},
        **{f"model:{name}": written(name, project) for name in project.models},
        **{f"endpoint:{name}": endpoint.content() for name, endpoint in project.endpoints.items()},
    }
    now = {key: digest_json(content) for key, content in contents.items()}
    then = {key: digest for key, digest in draft.artifacts.items() if key.partition(":")[0] in _FOLDERS}
    learned = (f"model:{name}" for name, model in project.models.items() if model.fields is not None)
    then |= {key: digest_json(without_learned(read(then[key]))) for key in learned if key in then}
    changed = [key for key in sorted(now.keys() | then.keys()) if now.get(key) != then.get(key)]
    return tuple(f"{_FOLDERS[kind]}/{name}.yaml" for kind, _, name in (key.partition(":") for key in changed))
