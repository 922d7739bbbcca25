"""What all sections of project files have in common."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.fields import FieldInfo

from plimsoll.kernel.digest import Json


class Section(BaseModel):
    """A group of keys. A key with nothing behind it counts as a key that is not there."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        keys = cls.keys()
        return {key: value for key, value in data.items() if value is not None or key not in keys}

    @classmethod
    def keys(cls) -> Mapping[str, FieldInfo]:
        """The fields by the keys that stand in a file; a field has another name where the key is a word of Python."""
        return {field.alias or name: field for name, field in cls.model_fields.items()}


class Definition(Section):
    """One project file."""

    def content(self) -> dict[str, Json]:
        """The canonical content, with every default filled in."""
        content: dict[str, Json] = self.model_dump(mode="json")
        return content
