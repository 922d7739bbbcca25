"""What may stand in `knowledge/*.yaml`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from .._fields import EmbedderName, Finite, Pattern, Text, check_unique, refuse
from ._section import Definition, Section


class SourceSection(Section):
    """A folder (or one file) with documents."""

    path: Text = Field(description="the path of a folder or file", examples=["path: documents"])
    include: Annotated[tuple[Pattern, ...], AfterValidator(check_unique)] = Field(
        ("**/*",), min_length=1, description="a list of patterns", examples=['include: ["**/*.pdf"]']
    )
    exclude: Annotated[tuple[Pattern, ...], AfterValidator(check_unique)] = Field(
        (), description="a list of patterns", examples=['exclude: ["drafts/**"]']
    )


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


class EmbedSection(Section):
    """What turns texts into vectors."""

    model: EmbedderName = Field("builtin/static", description="text", examples=["model: builtin/static"])


class SearchSection(Section):
    """How passages are found."""

    mode: Literal["hybrid", "vector", "text"] = Field(
        "hybrid", description="hybrid, vector or text", examples=["mode: hybrid"]
    )
    top_k: int = Field(6, ge=1, le=50, description="a whole number from 1 to 50", examples=["top_k: 6"])
    candidates: int = Field(
        100, ge=1, le=1000, description="a whole number from 1 to 1000", examples=["candidates: 100"]
    )
    vector_weight: Finite | None = Field(
        None, ge=0, le=1, description="a number from 0 to 1", examples=["vector_weight: 0.35"]
    )
    """Share of the vector search in the fused score; None is the built-in default of `plimsoll.retrieval`."""


class KnowledgeDefinition(Definition):
    """`knowledge/*.yaml`: where the documents are, and how they become a searchable index."""

    sources: tuple[SourceSection, ...] = Field(
        min_length=1, description="a list of at least one source", examples=["sources: [{path: documents}]"]
    )
    load: LoadSection = LoadSection()
    chunk: ChunkSection = ChunkSection()
    embed: EmbedSection = EmbedSection()
    search: SearchSection = SearchSection()
