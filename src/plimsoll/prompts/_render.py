"""Rendering: a prompt, a question and passages become messages."""

import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Template

from plimsoll.models import Message, Passage

from ._check import TOO_DEEP, language_mistakes, parse
from ._errors import TemplateFailedError, TemplateMistake
from ._language import ENVIRONMENT, MAX_OUTPUT_CHARACTERS, MAX_STEPS, STEPS_KEY, LimitError, count_loops
from ._types import Prompt

TEMPLATE_NAMES = ("question", "passages")
"""The variables of a prompt's templates."""

_FILE_NAME = "<prompt>"
"""By this name a template's own lines are found in a traceback."""


@dataclass(frozen=True, slots=True)
class _PassageInTemplate:
    """What a template may know about a passage."""

    number: int
    document: str
    title: str
    page: int
    text: str


def render(prompt: Prompt, *, question: str, passages: Sequence[Passage] = ()) -> tuple[Message, ...]:
    """The messages to send: the system message, unless it is blank, and the user message.

    In templates `question` is a text, and `passages` a list of objects with `number` (from 1, the `[n]` of
    citations), `document`, `title`, `page` and `text`. Raises TemplateFailedError, which names the template's line.
    """
    values = {
        "question": question,
        "passages": [
            _PassageInTemplate(number, passage.document, passage.title, passage.page, passage.text)
            for number, passage in enumerate(passages, start=1)
        ],
    }
    system = _render("system", prompt.system, values)
    user = _render("template", prompt.template, values)
    if not user.strip():
        raise TemplateFailedError("template", TemplateMistake(1, "it gives an empty message", "write {{ question }}"))
    message = Message("user", user)
    return (Message("system", system), message) if system.strip() else (message,)


def _render(part: str, text: str, values: Mapping[str, Any]) -> str:
    compiled = _compiled(text)
    if isinstance(compiled, TemplateMistake):
        raise TemplateFailedError(part, compiled)
    try:
        return "".join(_limited(compiled.generate({**values, STEPS_KEY: [MAX_STEPS]})))
    except Exception as error:  # a template can make any operation of Python fail
        raise TemplateFailedError(part, TemplateMistake(_line(error), _reason(error), "")) from error


def _limited(pieces: Iterable[str]) -> Iterator[str]:
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > MAX_OUTPUT_CHARACTERS:
            msg = f"the message is longer than {MAX_OUTPUT_CHARACTERS} characters"
            raise LimitError(msg)
        yield piece


@lru_cache(maxsize=256)
def _compiled(text: str) -> Template | TemplateMistake:
    tree = parse(text)
    if isinstance(tree, TemplateMistake):
        return tree
    mistakes = language_mistakes(tree)
    if mistakes:
        return mistakes[0]
    count_loops(tree)
    try:
        code = ENVIRONMENT.compile(tree, name=_FILE_NAME, filename=_FILE_NAME)
    except TOO_DEEP as error:
        return TemplateMistake(1, str(error) or type(error).__name__, "make the template flat")
    return Template.from_code(ENVIRONMENT, code, {**ENVIRONMENT.globals})


def _line(error: Exception) -> int:
    """The last line of the template that was reached; Jinja puts it into the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno or 1 for frame in reversed(frames) if frame.filename == _FILE_NAME), 1)


def _reason(error: Exception) -> str:
    passage = f"'{_PassageInTemplate.__module__}.{_PassageInTemplate.__name__} object'"
    return (str(error) or type(error).__name__).replace(passage, "a passage")
