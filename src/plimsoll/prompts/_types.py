"""What a prompt is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from plimsoll.kernel.digest import Json

from ._errors import PromptInvalidError


@dataclass(frozen=True, slots=True)
class Prompt:
    """How a question and its passages become messages for a model."""

    system: str
    """Template of the system message; a blank result means that no system message is sent."""
    template: str
    """Template of the user message."""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    """Sampling parameters in OpenAI's names, such as `temperature` and `max_tokens`."""

    def to_json(self) -> Json:
        """The content of the prompt, as the registry keeps it."""
        return {"system": self.system, "template": self.template, "parameters": dict(self.parameters)}

    @classmethod
    def from_json(cls, value: Json) -> "Prompt":
        """The prompt that `to_json` wrote. Raises PromptInvalidError for anything else."""
        try:
            stored = msgspec.convert(value, _Stored)
        except msgspec.ValidationError as error:
            raise PromptInvalidError(str(error)) from error
        return cls(stored.system, stored.template, stored.parameters)


class _Stored(msgspec.Struct, forbid_unknown_fields=True):
    system: str
    template: str
    parameters: dict[str, bool | int | float | str | None]
