"""How texts are cut."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from plimsoll.kernel.errors import NotFoundError
from plimsoll.retrieval.chunkers import DEFAULT_KIND, KINDS, ChunkSettings, KindRule, check_chunker_name, chunker_names

from ..._errors import did_you_mean, shown
from ..._fields import Finite, Name, refuse
from .._section import Section

_OWN = KindRule("characters", KINDS[DEFAULT_KIND].size, KINDS[DEFAULT_KIND].overlap, 1, 20_000)
"""What holds for a plug-in."""
_ONLY_FOR = {"parent_size": "parent_child", "method": "semantic", "percentile": "semantic"}


def _known_kind(name: str) -> str:
    try:
        check_chunker_name(name)
    except NotFoundError:
        near = did_you_mean(name, chunker_names(), all_of_them="chunkers")
        refuse(f"there is no chunker {shown(name)}", f"{near}; your own is named module:function")
    return name


class ChunkSection(Section):
    """How texts are cut: by what kind of chunker, and how large the chunks are in its unit."""

    kind: Annotated[str, AfterValidator(_known_kind)] = Field(
        DEFAULT_KIND, description=f"one of {', '.join(KINDS)}, or your own", examples=[f"kind: {DEFAULT_KIND}"]
    )
    size: int = Field(KINDS[DEFAULT_KIND].size, description="a whole number", examples=["size: 1000"])
    overlap: int = Field(
        KINDS[DEFAULT_KIND].overlap,
        ge=0,
        description="a whole number of at least 0, less than half of `size`",
        examples=["overlap: 150"],
    )
    parent_size: int | None = Field(
        None, le=50_000, description="a whole number up to 50000", examples=["parent_size: 2000"]
    )
    """Most characters of what a reader is given in place of a chunk, for `parent_child`."""
    method: Literal["cluster", "percentile"] | None = Field(
        None, description="cluster or percentile", examples=["method: cluster"]
    )
    """How `semantic` finds where the meaning changes."""
    percentile: int | None = Field(
        None, ge=1, le=99, description="a whole number from 1 to 99", examples=["percentile: 90"]
    )
    context: Literal["none", "headings", "auto", "model"] = Field(
        "headings", description="none, headings, auto or model", examples=["context: auto"]
    )
    """What is told above each chunk when it is searched and embedded."""
    context_by: Name | None = Field(
        None, validate_default=True, description="the name of a route", examples=["context_by: default"]
    )
    """The route whose model writes it, for `context: model`."""
    options: Mapping[str, str | bool | int | Finite] = Field(
        default_factory=dict, description="a group of keys with simple values", examples=["options: {deep: true}"]
    )
    """What a chunker of your own wants to know."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:
        """The defaults of the kind, so that no later default changes what a version means."""
        if not isinstance(data, dict):
            return data
        kind = data.get("kind") or DEFAULT_KIND
        rule = _rule(kind)
        filled: dict[str, object] = {"size": rule.size, "overlap": rule.overlap}
        if kind == "parent_child":
            filled["parent_size"] = ChunkSettings(_counted(data.get("size"), rule.size), 0, kind).most_of_parent
        if kind == "semantic":
            filled["method"] = "cluster"
            filled["percentile"] = 90 if data.get("method") == "percentile" else None
        return {**data, **{key: value for key, value in filled.items() if data.get(key) is None}}

    @field_validator("size")
    @classmethod
    def _check_size(cls, size: int, info: ValidationInfo) -> int:
        kind = info.data.get("kind")
        rule = _rule(kind)
        if kind is not None and not rule.least <= size <= rule.most:
            refuse(
                f"`chunk.size` is {size}, and must be from {rule.least} to {rule.most} {rule.unit} for {kind}",
                f"write `size: {rule.size}`",
            )
        return size

    @field_validator("overlap")
    @classmethod
    def _check_overlap(cls, overlap: int, info: ValidationInfo) -> int:
        size = info.data.get("size")
        if size is not None and overlap and 2 * overlap >= size:
            most = (size - 1) // 2
            refuse(
                f"`chunk.overlap` is {overlap}, and must be less than half of the size {size}", f"write {most} or less"
            )
        return overlap

    @field_validator(*_ONLY_FOR)
    @classmethod
    def _check_kind(cls, value: object, info: ValidationInfo) -> object:
        key, kind = str(info.field_name), info.data.get("kind")
        if value is not None and kind is not None and kind != _ONLY_FOR[key]:
            refuse(f"`chunk.{key}` is for the kind {_ONLY_FOR[key]}, and this is {kind}", f"remove `{key}`")
        return value

    @field_validator("context_by")
    @classmethod
    def _check_writer(cls, route: str | None, info: ValidationInfo) -> str | None:
        context = info.data.get("context")
        if context == "model" and route is None:
            refuse(
                "`chunk.context` is model, and no route is named that writes contexts",
                "add `context_by: …`, the name of a file in routes/ whose model writes",
            )
        if route is not None and context not in {"model", None}:
            refuse(f"`chunk.context_by` is for `context: model`, and this is {context}", "remove `context_by`")
        return route

    @field_validator("parent_size")
    @classmethod
    def _check_parent(cls, parent: int | None, info: ValidationInfo) -> int | None:
        size = info.data.get("size")
        if parent is not None and size is not None and parent < size:
            refuse(f"`chunk.parent_size` is {parent}, less than the size {size}", f"write {5 * size}")
        return parent

    @field_validator("options")
    @classmethod
    def _check_options(cls, options: Mapping[str, object], info: ValidationInfo) -> Mapping[str, object]:
        kind = info.data.get("kind")
        if options and kind in KINDS:
            refuse(f"`chunk.options` is for chunkers of your own, and {kind} is built in", "remove `options`")
        return options

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What shapes chunks, without what is not for this kind."""
        return {key: value for key, value in write(self).items() if value is not None and value != {}}

    def settings(self) -> ChunkSettings:
        """As `plimsoll.retrieval` takes them; what a model writes stands below the headings, and is not of theirs."""
        return ChunkSettings(
            self.size,
            self.overlap,
            self.kind,
            parent_size=self.parent_size,
            method=self.method or "cluster",
            percentile=self.percentile or 90,
            context="headings" if self.context == "model" else self.context,
            options=self.options,
        )


def _rule(kind: object) -> KindRule:
    return KINDS.get(kind, _OWN) if isinstance(kind, str) else _OWN


def _counted(size: object, otherwise: int) -> int:
    return size if isinstance(size, int) and size > 0 else otherwise
