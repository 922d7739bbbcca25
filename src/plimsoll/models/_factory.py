"""Make the model that a route names, and the embedder that a pipeline names."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from ._errors import RouteModelError, UnknownEmbedderError
from ._presets import PRESETS, READER, check_model_name
from ._prices import Price
from ._types import ChatModel, Embedder

EMBEDDERS: Final = ("builtin/static",)
"""Names of the embedders that `make_embedder` knows."""

_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """What one model of a route is; the key is already resolved, and never shown."""

    model: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    timeout_s: float = _TIMEOUT_S
    """For a whole answer."""
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    """The route's own price, which goes before every list price; both or none."""


def make_chat_model(settings: RouteSettings, *, embedder: Embedder) -> ChatModel:
    """The model that `settings` names. Raises RouteModelError; connects to nothing yet."""
    problem = check_model_name(settings.model)
    if problem is not None:
        raise RouteModelError(problem)
    from .providers._static import count_tokens

    if settings.model == READER:
        from .providers.reader._model import ReaderModel

        return ReaderModel(embedder=embedder, count_tokens=count_tokens)
    from .providers._openai import Endpoint, OpenAIChatModel

    provider, _, name = settings.model.partition("/")
    endpoint = Endpoint(
        route_model=settings.model,
        model=name,
        base_url=_base_url(settings.base_url or PRESETS[provider].base_url, settings.model),
        api_key=_api_key(settings),
        timeout_s=settings.timeout_s,
    )
    return OpenAIChatModel(endpoint, price=_price(settings, provider), count_tokens=count_tokens)


def make_embedder(name: str) -> Embedder:
    """The embedder of this name. Raises UnknownEmbedderError, or EmbedderFilesError when its files are missing."""
    if name not in EMBEDDERS:
        raise UnknownEmbedderError(name, EMBEDDERS)
    from .providers._static import load_static_embedder

    return load_static_embedder()


def _price(settings: RouteSettings, provider: str) -> Price:
    given = (settings.input_usd_per_million, settings.output_usd_per_million)
    if (given[0] is None) != (given[1] is None) or any(usd is not None and not usd >= 0 for usd in given):
        raise RouteModelError(
            f"the price of {settings.model} is not complete",
            hint="give input_usd_per_million and output_usd_per_million, both 0 or more, or neither",
        )
    return Price(
        input_usd_per_million=given[0],
        output_usd_per_million=given[1],
        listed_as=settings.model.partition("/")[2] if provider == "openai" else None,
    )


def _base_url(url: str | None, model: str) -> str:
    hint = "give base_url as http(s)://host[:port]/path, usually ending in /v1, without user name, query or fragment"
    if url is None:
        raise RouteModelError(f"{model} needs a base_url", hint=hint)
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise RouteModelError(f"the base_url of {model} is not an address", hint=hint) from None
    if not valid or parts.username or parts.password or parts.query or parts.fragment or not url.strip().isprintable():
        raise RouteModelError(f"the base_url of {model} is not an address that can be used", hint=hint)
    return url.strip().rstrip("/")


def _api_key(settings: RouteSettings) -> str | None:
    key = (settings.api_key or "").strip()
    if not key.isascii() or not key.isprintable():
        raise RouteModelError(
            f"the key for {settings.model} has characters that cannot be sent", hint="check where the key comes from"
        )
    return key or None
