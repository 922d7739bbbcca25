"""How files become text."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ..._fields import Text, check_unique
from .._section import Section


class LoadSection(Section):
    """How files become text."""

    ocr: Literal["auto", "off"] = Field("auto", description="auto or off", examples=["ocr: auto"])
    ocr_languages: Annotated[tuple[Text, ...], AfterValidator(check_unique)] = Field(
        ("eng",),
        min_length=1,
        description="a list of tesseract's names of languages",
        examples=["ocr_languages: [eng, deu]"],
    )
    max_file_mb: int = Field(
        100, ge=1, le=2000, description="a whole number from 1 to 2000", examples=["max_file_mb: 100"]
    )
    max_pages: int = Field(
        5000, ge=1, le=100_000, description="a whole number from 1 to 100000", examples=["max_pages: 5000"]
    )
    near_duplicates: Literal["keep", "skip"] = Field(
        "keep", description="keep or skip", examples=["near_duplicates: skip"]
    )
    """Whether a document that is nearly the same as an earlier one is indexed and reported, or only reported."""
