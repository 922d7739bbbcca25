"""From the content of a route's version to a route that can be called."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from plimsoll.flows.serve.parts import Route
from plimsoll.http import Client, Timeouts
from plimsoll.kernel.digest import Json
from plimsoll.models import (
    Body,
    ChatModel,
    Embedder,
    EmbeddingModel,
    Usage,
)
from plimsoll.models.answers import Lifetimes
from plimsoll.models.catalogue import RouteSettings, default_key_reference, make_chat_model, make_embedding_model
from plimsoll.models.prices import Most, Price, PriceOverride, Worst, hides_output, price_of, worst_together
from plimsoll.models.routing import (
    Breaking,
    Health,
    Retries,
    RoutedEmbeddingModel,
    RoutedModel,
    RoutePolicy,
    Target,
    Timing,
)
from plimsoll.settings import SecretMissingError, Settings

from ._key_files import KeyFile, RekeyedChatModel, RekeyedEmbeddingModel
from ._stand_ins import LateEmbedder, Unkeyed

_BEFORE_TARGETS: Final[Mapping[str, Any]] = {
    "serves": [],
    "guardrail": None,
    "strategy": "ordered",
    "retries": {"attempts": 1, "budget_percent": 20.0, "base_s": 0.5, "longest_s": 8.0},
    "breaker": {"failures": 5, "window_s": 30.0, "open_s": 15.0},
    "hedge": None,
    "escalate": None,
    "max_output_tokens": 8192,
    "cache": {"exact": None, "semantic": None},
    "embeds": False,
}
"""What holds for the routes of releases that were made when a route had one model and nothing else."""


class RouteMaker:
    """Makes routes; all of them share the connections of one client, and what is known of their targets' health.

    Names of files in routes are read from `folder`, the project's.
    """

    def __init__(self, settings: Settings, embedder: Callable[[], Embedder], folder: Path | None = None) -> None:
        self._settings = settings
        self._folder = folder or Path()
        self._embedder = LateEmbedder(embedder)
        self._client = Client()
        self._health = Health()

    def route(self, name: str, content: Json) -> Route:
        """The route of this name. Raises RouteModelError; connects to nothing yet.

        A target whose secret is not set raises SecretMissingError whenever it is asked, so that the others go on. Keys
        in files are read now, and again when the files change.
        """
        route = full_content(content)
        policy = _policy(route)
        if route["embeds"]:
            return self._embedding_route(name, route, policy)
        targets = [self._chat_target(name, target, route) for target in route["targets"]]
        model = RoutedModel(name, targets, policy, health=self._health)
        return Route(
            name=name,
            model=model,
            worst_case=_worst(route["targets"], model.billed),
            cost_pico=_costs(route["targets"]),
            billed=model.billed,
            hides_output=_hides(route),
            names_files=route.get("provider_files") == "allow",
            serves=tuple(route["serves"]),
            guardrail=route["guardrail"],
            max_output_tokens=route["max_output_tokens"],
            caching=_lifetimes(route["cache"]),
        )

    def check(self, name: str, content: Json) -> tuple[list[SecretMissingError], int]:
        """The secrets that targets of a route need and that are not set, and how many targets there are."""
        route = full_content(content)
        missing: list[SecretMissingError] = []
        for target in route["targets"]:
            try:
                self.settings_of(name, target, route)
                file = self._key_file(name, target)
                if file is not None:
                    file.read()
            except SecretMissingError as error:
                missing.append(error)
        return missing, len(route["targets"])

    def require(self, name: str, content: Json) -> None:
        """Raises SecretMissingError where no target of a route can answer."""
        missing, targets = self.check(name, content)
        if missing and len(missing) == targets:
            raise missing[0]

    async def close(self) -> None:
        """Give back connections."""
        await self._client.close()

    def _embedding_route(self, name: str, route: Mapping[str, Any], policy: RoutePolicy) -> Route:
        targets = [self._embedding_target(name, target, route) for target in route["targets"]]
        model = RoutedEmbeddingModel(name, targets, policy, health=self._health)
        return Route(
            name=name,
            model=None,
            embedding=model,
            worst_case=_worst(route["targets"], 1),
            cost_pico=_costs(route["targets"]),
            serves=tuple(route["serves"]),
            guardrail=route["guardrail"],
        )

    def _chat_target(self, name: str, target: Mapping[str, Any], route: Mapping[str, Any]) -> Target[ChatModel]:
        price, weight = _price(target).worst_case_pico, target["weight"]
        try:
            settings = self.settings_of(name, target, route)
        except SecretMissingError as error:
            return Target(Unkeyed(target["model"], error), weight=weight, price=price)

        def make(key: str | None) -> ChatModel:
            return make_chat_model(replace(settings, api_key=key), embedder=self._embedder, client=self._client)

        file = self._key_file(name, target)
        model = make(settings.api_key) if file is None else RekeyedChatModel(settings.model, file, make)
        return Target(model, weight=weight, price=price, key=_identity(settings))

    def _embedding_target(
        self, name: str, target: Mapping[str, Any], route: Mapping[str, Any]
    ) -> Target[EmbeddingModel]:
        price, weight = _price(target).worst_case_pico, target["weight"]
        try:
            settings = self.settings_of(name, target, route)
        except SecretMissingError as error:
            return Target(Unkeyed(target["model"], error), weight=weight, price=price)

        def make(key: str | None) -> EmbeddingModel:
            return make_embedding_model(replace(settings, api_key=key), embedder=self._embedder, client=self._client)

        file = self._key_file(name, target)
        model = make(settings.api_key) if file is None else RekeyedEmbeddingModel(settings.model, file, make)
        return Target(model, weight=weight, price=price, key=_identity(settings))

    def settings_of(self, name: str, target: Mapping[str, Any], route: Mapping[str, Any]) -> RouteSettings:
        """What one target of a route is, with its key where that is in no file. Raises SecretMissingError."""
        usual = None if target.get("api_key_file") else default_key_reference(target["model"])
        reference = target["api_key"] or (f"${{env:{usual}}}" if usual else None)
        where = f"routes/{name}.yaml"
        timeouts = route["timeouts"]
        return RouteSettings(
            model=target["model"],
            base_url=target["base_url"],
            api_key=self._settings.resolve(reference, where=where) if reference else None,
            timeouts=Timeouts(
                connect_s=timeouts["connect_s"],
                first_byte_s=timeouts["first_token_s"],
                between_s=timeouts["between_tokens_s"],
            ),
            timeout_s=timeouts["total_s"],
            max_output_tokens=route["max_output_tokens"],
            options={key: self._settings.resolve(str(value), where=where) for key, value in target["options"].items()},
            price=_override(target),
        )

    def _key_file(self, name: str, target: Mapping[str, Any]) -> KeyFile | None:
        # Releases from before there were such files do not say anything about them.
        path = target.get("api_key_file")
        return KeyFile(self._folder, path, f"routes/{name}.yaml") if path else None


def full_content(content: Json) -> dict[str, Any]:
    """A route's content with everything that it can say, also where it was written before there were targets."""
    route = cast("dict[str, Any]", content)
    if "targets" in route:
        return route
    target = {name: route[name] for name in ("model", "base_url", "api_key", "price")}
    whole = route["timeout_s"]
    timeouts = {"connect_s": 5.0, "first_token_s": whole, "between_tokens_s": whole, "total_s": whole}
    return {**_BEFORE_TARGETS, "targets": [{**target, "weight": 1.0, "options": {}}], "timeouts": timeouts}


def _policy(route: Mapping[str, Any]) -> RoutePolicy:
    timeouts = route["timeouts"]
    return RoutePolicy(
        strategy=route["strategy"],
        timing=Timing(first_token_s=timeouts["first_token_s"], total_s=timeouts["total_s"]),
        retries=Retries(**route["retries"]),
        breaking=Breaking(**route["breaker"]),
        hedge_after_s=route["hedge"]["after_s"] if route["hedge"] else None,
        escalate_when=tuple(route["escalate"]["when"]) if route["escalate"] else (),
    )


def _price(target: Mapping[str, Any]) -> Price:
    return price_of(target["model"], _override(target), window=target.get("context_window"))


def _override(target: Mapping[str, Any]) -> PriceOverride | None:
    return PriceOverride(**target["price"]) if target["price"] else None


def _worst(targets: Sequence[Mapping[str, Any]], billed: int) -> Callable[[Most], Worst]:
    """The most that a call can use and cost, of which so many targets may bill."""
    prices = [_price(target) for target in targets]
    if len(prices) == 1:
        return prices[0].worst
    return partial(worst_together, prices, billed=billed)


def _costs(targets: Sequence[Mapping[str, Any]]) -> Callable[[int, int, str], int | None]:
    """What tokens cost at the dearest target: of a call that was cut off nobody says which one answered."""
    prices = [_price(target) for target in targets]

    def cost(input_tokens: int, output_tokens: int, service_tier: str) -> int | None:
        usage = Usage(input_tokens, output_tokens)
        costs = [price.cost_pico(usage, service_tier=service_tier) for price in prices]
        known = [cost for cost in costs if cost is not None]
        return max(known) if len(known) == len(costs) else None

    return cost


def _hides(route: Mapping[str, Any]) -> Callable[[Body], bool]:
    """Whether answers to a call may have more output than their streams show, whichever target gives them."""
    told, models = route.get("cut_off"), tuple(target["model"] for target in route["targets"])

    def hides(body: Body) -> bool:
        return told == "bound" if told else any(hides_output(model, body) for model in models)

    return hides


def _identity(settings: RouteSettings) -> str:
    """Targets at one address with one model share their health."""
    return f"{settings.model} {settings.base_url or ''}"


def _lifetimes(cache: Mapping[str, Any]) -> Lifetimes | None:
    exact, semantic = cache["exact"], cache["semantic"]
    if exact is None and semantic is None:
        return None
    if semantic is None:
        return Lifetimes(exact_s=exact["ttl_s"])
    return Lifetimes(exact["ttl_s"] if exact else None, semantic["ttl_s"], semantic["at_least"])
