"""Prompt templates: checking them, and turning a question and its passages into messages.

Templates are written in a part of Jinja that cannot reach anything but the question and the passages, and cannot
make texts or loops without limit (`_language.py` says which part). Text from documents and from callers is only ever
a value; it is never read as a template.

Not here: reading prompt files (`plimsoll.project`), finding passages (`plimsoll.retrieval`), asking a model
(`plimsoll.models`).
"""

from ._check import check_template, used_names
from ._errors import TemplateFailedError, TemplateMistake
from ._render import TEMPLATE_NAMES, render
from ._types import Prompt

__all__ = [
    "TEMPLATE_NAMES",
    "Prompt",
    "TemplateFailedError",
    "TemplateMistake",
    "check_template",
    "render",
    "used_names",
]
