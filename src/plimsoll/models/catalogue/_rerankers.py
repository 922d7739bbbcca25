"""Which rerankers a search can name, and how each of them is made."""

from dataclasses import replace
from typing import Final

from plimsoll.http import Client, Timeouts

from .._errors import RouteModelError
from .._types import Embedder
from ..embedders import GuardedEmbedder
from ..embedders._abilities import TokenEmbedder
from ..embedders._errors import NoTokensError
from ..rerankers import Reranker, RerankerSettings
from ._embedders import Place, check_folder_name, make_embedder, model_folder
from ._factory import checked_base_url, checked_key

_LATE: Final = "builtin/late-interaction"


def check_reranker_name(name: str) -> str | None:
    """None when `make_reranker` knows this kind of name, otherwise a sentence that says what would be right."""
    if name == _LATE:
        return None
    if name.startswith(("onnx:", "st:")):
        return check_folder_name(name)
    from ..rerankers._dialects import DIALECTS

    provider, _, model = name.partition("/")
    if provider in DIALECTS and model and all(char.isprintable() and not char.isspace() for char in model):
        return None
    hosted = ", ".join(f"{prefix}/NAME" for prefix in DIALECTS)
    return f"{name!r} is no reranker; use {_LATE}, onnx:PATH, st:./PATH, st:OWNER/NAME, {hosted}."


def reranker_key_reference(name: str) -> str | None:
    """The environment variable that usually holds the key for this reranker, such as `COHERE_API_KEY`."""
    from ..rerankers._dialects import DIALECTS

    dialect = DIALECTS.get(name.partition("/")[0])
    return dialect.key_reference if dialect else None


def make_reranker(
    settings: RerankerSettings,
    *,
    place: Place | None = None,
    embedder: Embedder | None = None,
    client: Client | None = None,
) -> Reranker:
    """The reranker that `settings` name. Loads files, and connects to no model server yet.

    `embedder` may be one that is loaded already, for late interaction; `client` is shared, and closed by whoever made
    it. Raises RouteModelError, ModelFilesError, PackageMissingError, HubModelError or NoTokensError.
    """
    problem = check_reranker_name(settings.model)
    if problem is not None:
        raise RouteModelError(problem)
    place = place or Place()
    if settings.model == _LATE:
        return _late(embedder or make_embedder(settings.embedder, place=place))
    if settings.model.startswith(("onnx:", "st:")):
        from ..rerankers._cross_encoder import load_cross_encoder

        return load_cross_encoder(model_folder(settings.model, place.folder), settings, threads=place.threads)
    return _hosted(settings, client or Client())


def _late(embedder: Embedder) -> Reranker:
    from ..rerankers._late_interaction import LateInteraction

    inner = embedder.unguarded if isinstance(embedder, GuardedEmbedder) else embedder
    if not isinstance(inner, TokenEmbedder):
        raise NoTokensError(embedder.name)
    return LateInteraction(inner, embedder.fingerprint)


def _hosted(settings: RerankerSettings, client: Client) -> Reranker:
    from ..providers._endpoint import ProviderEndpoint
    from ..rerankers._dialects import DIALECTS
    from ..rerankers._hosted import HostedReranker

    provider, _, model = settings.model.partition("/")
    dialect = DIALECTS[provider]
    total_s = settings.timeout_s
    endpoint = ProviderEndpoint(
        route_model=settings.model,
        model=model,
        base_url=checked_base_url(settings.base_url or dialect.base_url, settings.model),
        api_key=checked_key(settings.api_key, settings.model),
        timeouts=replace(Timeouts(), first_byte_s=total_s, total_s=total_s),
        total_s=total_s,
    )
    return HostedReranker(endpoint, dialect, client=client, revision=settings.revision)
