"""The user's project folder: reading it with all mistakes at once, and writing a new one from a template.

Here: what may stand in each file (pydantic models), reading YAML with lines and without YAML's surprises, checks
between files, the templates of `plimsoll init`. Not here: rows of datasets (`plimsoll.datasets`), the language of
prompt templates (`plimsoll.prompts`), values of environment variables (`plimsoll.settings` and `plimsoll.bootstrap`),
and making artifacts of it all (`plimsoll.flows.build`).
"""

from ._app import AppDefinition
from ._commit import source_commit
from ._errors import Mistake, ProjectInvalidError
from ._load import find_project, load_app, load_project
from ._templates import project_name, sample_file, template_names, write_sample, write_template
from ._types import Project
from .schemas import KnowledgeDefinition, SuiteDefinition

__all__ = [
    "AppDefinition",
    "KnowledgeDefinition",
    "Mistake",
    "Project",
    "ProjectInvalidError",
    "SuiteDefinition",
    "find_project",
    "load_app",
    "load_project",
    "project_name",
    "sample_file",
    "source_commit",
    "template_names",
    "write_sample",
    "write_template",
]
