"""Make the models that a route names, and the embedder that a pipeline names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from plimsoll.http import Client, Timeouts

from .._errors import RouteModelError
from .._types import ChatModel, Embedder, EmbeddingModel
from ..prices import Price, PriceOverride, price_of
from ._presets import PRESETS, READER, STATIC, Preset, check_model_name

if TYPE_CHECKING:
    from ..providers._endpoint import ProviderEndpoint

_TIMEOUT_S: Final = 60.0
_REGION: Final = "us-east-1"
_OPTION: Final = re.compile(r"[\w.,:+-]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """What one model of a route is; the key is already resolved, and never shown."""

    model: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    timeout_s: float = _TIMEOUT_S
    """For a whole answer."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    """For each phase of one exchange."""
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    """The route's own price, which goes before every list price; both or none."""
    price: PriceOverride | None = None
    """The same with all its kinds of tokens; goes before the two."""
    max_output_tokens: int | None = None
    """The most tokens of an answer where the caller does not say, for providers that must be told."""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What only one provider needs, such as `api_version` (Azure, Anthropic) or `region` (Bedrock)."""


def make_chat_model(settings: RouteSettings, *, embedder: Embedder, client: Client | None = None) -> ChatModel:
    """The model that `settings` names. Raises RouteModelError; connects to nothing yet.

    `client` is shared by all models of a process, and closed by whoever made it. Without one the model gets its own,
    whose idle connections end by themselves.
    """
    preset = _preset(settings.model)
    if preset is None:
        if settings.model != READER:
            raise RouteModelError(f"{settings.model} makes vectors, and no answers", hint=f"use {READER}")
        from ..providers.reader._model import ReaderModel

        return ReaderModel(embedder=embedder, count_tokens=count_tokens)
    endpoint, price, client = _endpoint(settings, preset), _price(settings), client or Client()
    if preset.form == "anthropic":
        from ..providers import anthropic

        return anthropic.make_model(endpoint, client=client, price=price, count_tokens=count_tokens)
    if preset.form == "google":
        from ..providers import google

        return google.make_model(endpoint, client=client, price=price, count_tokens=count_tokens)
    if preset.form == "bedrock":
        from ..providers import bedrock

        return bedrock.make_model(endpoint, client=client, price=price, count_tokens=count_tokens)
    from ..providers.openai import OpenAIChatModel, Traits

    traits = Traits(takes_extensions=preset.takes_extensions)
    return OpenAIChatModel(endpoint, client=client, price=price, count_tokens=count_tokens, traits=traits)


def make_embedding_model(
    settings: RouteSettings, *, embedder: Embedder, client: Client | None = None
) -> EmbeddingModel:
    """The model of vectors that `settings` names. Raises RouteModelError; connects to nothing yet."""
    if settings.model == STATIC:
        from ..providers._local_embeddings import LocalEmbeddingModel

        return LocalEmbeddingModel(embedder, count_tokens=count_tokens)
    return make_remote_embedding_model(settings, client=client or Client())


def make_remote_embedding_model(settings: RouteSettings, *, client: Client) -> EmbeddingModel:
    """The model of vectors behind a server. Raises RouteModelError; connects to nothing yet."""
    preset = _preset(settings.model)
    if preset is None or preset.form != "openai":
        raise RouteModelError(
            f"{settings.model} makes no vectors", hint=f"use {STATIC}, or a model behind an OpenAI-compatible server"
        )
    from ..providers.openai import OpenAIEmbeddingModel

    return OpenAIEmbeddingModel(
        _endpoint(settings, preset), client=client, price=_price(settings), count_tokens=count_tokens
    )


def count_tokens(text: str) -> int:
    """Tokens of a text as the built-in tokenizer counts them: an estimate for every other model."""
    from ..embedders._static import count_tokens as count

    return count(text)


def _preset(model: str) -> Preset | None:
    """The kind of server behind a model; None for what is built in."""
    problem = check_model_name(model)
    if problem is not None:
        raise RouteModelError(problem)
    return PRESETS.get(model.partition("/")[0])


def _endpoint(settings: RouteSettings, preset: Preset) -> "ProviderEndpoint":
    from ..providers._endpoint import ProviderEndpoint

    for name, value in settings.options.items():
        if not _OPTION.fullmatch(value):
            raise RouteModelError(
                f"the option `{name}` of {settings.model} has characters that cannot be sent",
                hint="use letters, digits and `._,:+-`",
            )
    usual = preset.base_url and preset.base_url.replace("{region}", settings.options.get("region", _REGION))
    return ProviderEndpoint(
        route_model=settings.model,
        model=settings.model.partition("/")[2],
        base_url=checked_base_url(settings.base_url or usual, settings.model),
        api_key=checked_key(settings.api_key, settings.model),
        timeouts=settings.timeouts,
        total_s=settings.timeout_s,
        max_output_tokens=settings.max_output_tokens,
        options=settings.options,
    )


def _price(settings: RouteSettings) -> Price:
    given = (settings.input_usd_per_million, settings.output_usd_per_million)
    if settings.price is not None or given == (None, None):
        return price_of(settings.model, settings.price)
    if given[0] is None or given[1] is None:
        raise RouteModelError(
            f"the price of {settings.model} is not complete",
            hint="give input_usd_per_million and output_usd_per_million, both 0 or more, or neither",
        )
    return price_of(settings.model, PriceOverride(given[0], given[1]))


def checked_base_url(url: str | None, model: str) -> str:
    """The address of a server, without a slash at its end. Raises RouteModelError."""
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


def checked_key(given: str | None, model: str) -> str | None:
    """A key that can be sent; None for an empty one. Raises RouteModelError, which does not hold it."""
    key = (given or "").strip()
    if not key.isascii() or not key.isprintable():
        raise RouteModelError(
            f"the key for {model} has characters that cannot be sent", hint="check where the key comes from"
        )
    return key or None
