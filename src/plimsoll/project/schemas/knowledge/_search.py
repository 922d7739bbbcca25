"""How passages are found."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from plimsoll.models.catalogue import check_reranker_name
from plimsoll.retrieval.signals import BUILTIN_THESAURI

from ..._errors import shown
from ..._fields import Finite, Name, Secret, Url, refuse
from .._section import Section

_Phrase = Annotated[str, Field(min_length=1, max_length=200)]


def _check_thesaurus(name: str) -> str:
    if name not in BUILTIN_THESAURI:
        refuse(f"there is no thesaurus {shown(name)}", f"built in: {', '.join(BUILTIN_THESAURI)}; see also `synonyms`")
    return name


def _check_reranker(name: str) -> str:
    right = check_reranker_name(name)
    if right is not None:
        refuse(f"there is no reranker {shown(name)}", right.rstrip("."))
    return name


class SynonymSection(Section):
    """Words that are searched beside those of a question that says one of some phrases."""

    when: tuple[_Phrase, ...] = Field(
        min_length=1, max_length=100, description="a list of phrases", examples=["when: [capex]"]
    )
    add: tuple[_Phrase, ...] = Field(
        min_length=1, max_length=100, description="a list of phrases", examples=["add: [capital expenditures]"]
    )


class RerankerSection(Section):
    """What reads the best passages again, and orders them anew."""

    model: Annotated[str, AfterValidator(_check_reranker)] = Field(
        description="the name of a reranker", examples=["model: builtin/late-interaction"]
    )
    embedder: Literal["builtin/minilm"] | None = Field(
        None, description="builtin/minilm", examples=["embedder: builtin/minilm"]
    )
    """Whose vectors of tokens late interaction compares."""
    max_tokens: int | None = Field(
        None, ge=16, le=8192, description="a whole number from 16 to 8192", examples=["max_tokens: 512"]
    )
    precision: Literal["fp32", "int8"] | None = Field(None, description="fp32 or int8", examples=["precision: int8"])
    revision: str = Field(
        "", max_length=200, description="text of at most 200 characters", examples=["revision: 2026-03"]
    )
    base_url: Url | None = Field(
        None, description="an http or https address", examples=["base_url: https://rerank.example.org/v1"]
    )
    api_key: Secret | None = Field(
        None,
        description="a reference to an environment variable",
        examples=["api_key: ${env:COHERE_API_KEY}"],
    )
    timeout_s: Finite | None = Field(
        None, gt=0, le=600, description="a number of seconds up to 600", examples=["timeout_s: 10"]
    )


class SearchSection(Section):
    """How passages are found. What is not said is the built-in default of `plimsoll.retrieval.search`."""

    mode: Literal["hybrid", "vector", "text"] = Field(
        "hybrid", description="hybrid, vector or text", examples=["mode: hybrid"]
    )
    top_k: int = Field(6, ge=1, le=50, description="a whole number from 1 to 50", examples=["top_k: 6"])
    candidates: int = Field(
        100, ge=1, le=1000, description="a whole number from 1 to 1000", examples=["candidates: 100"]
    )
    fusion: Literal["weighted", "rrf"] | None = Field(None, description="weighted or rrf", examples=["fusion: rrf"])
    """How the two searches are joined where the ranker does not do it."""
    vector_weight: Finite | None = Field(
        None, ge=0, le=1, description="a number from 0 to 1", examples=["vector_weight: 0.35"]
    )
    """Share of the vector search in the joined score."""
    thesaurus: Annotated[str, AfterValidator(_check_thesaurus)] | None = Field(
        None, description="the name of a built-in thesaurus", examples=["thesaurus: builtin/accounting"]
    )
    """Words that are searched beside those of a question."""
    synonyms: tuple[SynonymSection, ...] = Field(
        (),
        max_length=1000,
        description="a list of groups with `when` and `add`",
        examples=["synonyms: [{when: [capex], add: [capital expenditures]}]"],
    )
    """The same of the project itself."""
    variants: int | None = Field(None, ge=0, le=8, description="a whole number from 0 to 8", examples=["variants: 2"])
    """In how many other words a model puts each question."""
    variants_by: Name | None = Field(
        None, validate_default=True, description="the name of a route", examples=["variants_by: default"]
    )
    """The route that does it."""
    ranking: Literal["builtin", "none"] | None = Field(None, description="builtin or none", examples=["ranking: none"])
    """Whether the trained ranker orders the candidates, or their joined scores."""
    reranker: RerankerSection | None = Field(
        None, description="a reranker", examples=["reranker: {model: builtin/late-interaction}"]
    )
    rerank_depth: int | None = Field(
        None, ge=1, le=200, description="a whole number from 1 to 200", examples=["rerank_depth: 30"]
    )
    rerank_weight: Finite | None = Field(
        None, ge=0, le=1, description="a number from 0 to 1", examples=["rerank_weight: 0.5"]
    )
    """Share of the reranker in the order of what it read."""
    diversity: Finite | None = Field(None, ge=0, le=1, description="a number from 0 to 1", examples=["diversity: 0.3"])
    """How much a hit loses for being like a better one."""
    parents: bool | None = Field(None, description="true or false", examples=["parents: false"])
    """Whether a hit is widened to the larger stretch that its chunk names."""
    merge: bool | None = Field(None, description="true or false", examples=["merge: true"])
    """Whether hits that touch become one."""
    narrow: bool | None = Field(None, description="true or false", examples=["narrow: true"])
    """Whether of each hit only the sentences are given that are worth it."""
    least_relevance: Finite | None = Field(
        None, ge=0, le=1, description="a number from 0 to 1", examples=["least_relevance: 0.1"]
    )
    """Less probable hits are left out, so that nothing may be found."""
    focus: Finite | None = Field(None, ge=0, le=100, description="a number from 0 to 100", examples=["focus: 1"])
    """Above 0: as few hits as are worth it, the larger the fewer."""

    @field_validator("variants_by")
    @classmethod
    def _check_both(cls, route: str | None, info: ValidationInfo) -> str | None:
        if "variants" not in info.data:  # it is wrong itself
            return route
        count = info.data["variants"]
        if count and route is None:
            refuse(
                f"`search.variants` is {count}, and no route is named that puts questions in other words",
                "add `variants_by: …`, the name of a file in routes/ whose model writes, or take `variants` away",
            )
        if route is not None and count is None:
            refuse(
                "`search.variants_by` names a route, and `variants` does not say how often it is asked",
                "add `variants: 2`",
            )
        return route
