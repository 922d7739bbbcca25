"""Where documents come from."""

from typing import Annotated

from pydantic import AfterValidator, Field

from ..._fields import Pattern, Text, check_unique
from .._section import Section


class SourceSection(Section):
    """A folder (or one file) with documents."""

    path: Text = Field(description="the path of a folder or file", examples=["path: documents"])
    include: Annotated[tuple[Pattern, ...], AfterValidator(check_unique)] = Field(
        ("**/*",), min_length=1, description="a list of patterns", examples=['include: ["**/*.pdf"]']
    )
    exclude: Annotated[tuple[Pattern, ...], AfterValidator(check_unique)] = Field(
        (), description="a list of patterns", examples=['exclude: ["drafts/**"]']
    )
