"""What can be wrong with a prompt."""

from dataclasses import dataclass

from plimsoll.kernel.errors import InvalidError


@dataclass(frozen=True, slots=True)
class TemplateMistake:
    """One thing that is wrong in a template."""

    line: int
    """Line of the template, from 1."""
    what: str
    """What is wrong, as a sentence without a full stop."""
    instead: str
    """What would be right; may be empty."""


class TemplateFailedError(InvalidError):
    """A template could not be rendered."""

    code = "template_failed"

    def __init__(self, part: str, mistake: TemplateMistake) -> None:
        super().__init__(
            f"line {mistake.line} of the prompt's {part} cannot be rendered: {mistake.what}",
            hint=mistake.instead or "correct that line of the prompt",
        )
        self.part = part
        self.line = mistake.line


class PromptInvalidError(InvalidError):
    """A stored prompt does not have the shape of a prompt."""

    code = "prompt_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this is not a prompt: {reason}", hint="run `plimsoll build` to publish the prompt again")
