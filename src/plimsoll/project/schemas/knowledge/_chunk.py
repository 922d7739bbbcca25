"""How texts are cut."""

from pydantic import Field, ValidationInfo, field_validator

from ..._fields import refuse
from .._section import Section


class ChunkSection(Section):
    """How texts are cut, in characters."""

    size: int = Field(1000, ge=200, le=8000, description="a whole number from 200 to 8000", examples=["size: 1000"])
    overlap: int = Field(
        150,
        ge=0,
        validate_default=True,
        description="a whole number of at least 0, less than half of `size`",
        examples=["overlap: 150"],
    )

    @field_validator("overlap")
    @classmethod
    def _check_overlap(cls, overlap: int, info: ValidationInfo) -> int:
        size = info.data.get("size")
        if size is not None and 2 * overlap >= size:
            most = (size - 1) // 2
            refuse(
                f"`chunk.overlap` is {overlap}, and must be less than half of the size {size}", f"write {most} or less"
            )
        return overlap
