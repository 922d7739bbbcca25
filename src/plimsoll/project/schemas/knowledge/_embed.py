"""What turns texts into vectors."""

from pydantic import Field

from ..._fields import EmbedderName
from .._section import Section


class EmbedSection(Section):
    """What turns texts into vectors."""

    model: EmbedderName = Field("builtin/static", description="text", examples=["model: builtin/static"])
