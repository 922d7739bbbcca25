"""A policy by what people call it: a guardrail of the project, a version of the registry, or a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import Json
from plimsoll.project import Project
from plimsoll.registry import Registry

from .._errors import GuardrailUnknownError, PolicyFileError
from .._yaml import read_yaml

Compile = Callable[[str, Json], Policy]
"""Makes a policy of its name and content. Raises PolicyInvalidError."""
_SUFFIXES = (".yaml", ".yml")
_MOST_BYTES = 1_000_000


def load_policy(called: str, project: Project, registry: Registry, compile_policy: Compile) -> Policy:
    """The policy that is called so: `standard`, `standard@3`, or the path of a YAML file.

    Raises GuardrailUnknownError, PolicyFileError, PolicyInvalidError, and what the registry raises for a version.
    """
    if called.endswith(_SUFFIXES):
        path = Path(called)
        return compile_policy(path.stem, _read(path))
    if "@" in called:
        return compile_policy(called, version_content(called, project, registry))
    definition = project.guardrails.get(called)
    if definition is None:
        raise GuardrailUnknownError(called, tuple(project.guardrails))
    return compile_policy(called, definition.content())


def version_content(called: str, project: Project, registry: Registry) -> Json:
    """The content of `NAME@NUMBER`. Raises GuardrailUnknownError, and what the registry raises for a version."""
    name, _, number = called.partition("@")
    if not number.isdecimal():
        raise GuardrailUnknownError(called, tuple(project.guardrails))
    return registry.content(registry.find(project.app.name, f"guardrail:{name}", int(number)).ref.digest)


def read_policy_file(path: Path) -> str:
    """The text of a file that should hold a policy. Raises PolicyFileError."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise PolicyFileError(path, "it is larger than 1 MB")
        return data.decode()
    except OSError as error:
        raise PolicyFileError(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise PolicyFileError(path, "it is not UTF-8") from error


def _read(path: Path) -> Json:
    import yaml
    from pydantic import ValidationError

    from plimsoll.project.schemas import GuardrailDefinition

    try:
        definition = GuardrailDefinition.model_validate(_tuples(read_yaml(read_policy_file(path))))
    except (yaml.YAMLError, RecursionError) as error:
        raise PolicyFileError(path, "it is not YAML") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise PolicyFileError(path, f"{place}: {first['msg']}") from error
    if definition.extends:
        raise PolicyFileError(path, "it extends another guardrail, which only a file in guardrails/ can")
    return definition.content()


def _tuples(value: Any) -> Any:
    """The same with tuples for lists, as project files are read."""
    if isinstance(value, dict):
        return {key: _tuples(inner) for key, inner in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
