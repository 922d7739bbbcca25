"""What may stand in `routes/*.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from plimsoll.kernel.digest import Json

from .._errors import shown, shown_name
from .._fields import FilePath, Finite, Model, Secret, Url, check_unique, environment_name, refuse
from ._price import PriceSection
from ._resilience import (
    BreakerSection,
    CacheSection,
    EscalateSection,
    HedgeSection,
    RetriesSection,
    Strategy,
    TimeoutsSection,
)
from ._section import Definition, Section

_SECRET_WORDS = frozenset({"key", "secret", "token", "password"})
_OF_A_TARGET = ("model", "base_url", "api_key", "api_key_file", "context_window", "price", "options")
_OPTION_LENGTH = 500


def _check_served(name: str) -> str:
    if not name.isprintable() or any(char.isspace() for char in name) or len(name) > 200:  # noqa: PLR2004  # said below
        refuse(f"{shown(name)} cannot be the name of a model", "write at most 200 characters, without spaces")
    return name


def _check_options(options: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, value in options.items():
        named = f"the option `{shown_name(name)}`"
        if not isinstance(value, str | int | float | bool) or (isinstance(value, str) and len(value) > _OPTION_LENGTH):
            refuse(f"{named} must be one value", f"write `{shown_name(name)}: …`, with text or a number")
        secret = not _SECRET_WORDS.isdisjoint(name.lower().split("_"))
        if secret and (not isinstance(value, str) or environment_name(value) is None):
            refuse(f"{named} holds a secret, which must not stand in a file", f"write `{shown_name(name)}: ${{env:…}}`")
    return options


def _check_base_url(url: str | None, info: ValidationInfo) -> str | None:
    if url is None and (info.data.get("model") or "").startswith("openai_compatible/"):
        refuse("`base_url` is missing; an `openai_compatible` model needs it", "add `base_url: https://…/v1`")
    return url


def _check_one_key(path: str | None, info: ValidationInfo) -> str | None:
    if path is not None and info.data.get("api_key") is not None:
        refuse("`api_key` and `api_key_file` say the same", "write only one of them")
    return path


CutOff = Literal["heard", "bound"]
ProviderFiles = Literal["allow", "deny"]
Served = Annotated[str, AfterValidator(_check_served)]
_WINDOW: Any = Field(
    None, ge=1, le=100_000_000, description="a whole number from 1 to 100000000", examples=["context_window: 32768"]
)
Options = Annotated[Mapping[str, Any], AfterValidator(_check_options)]


class TargetSection(Section):
    """One model of a route, where it is, and which environment variable holds its key."""

    model: Model = Field(description="the name of a model", examples=["model: openai/gpt-4.1-mini"])
    base_url: Url | None = Field(
        None, validate_default=True, description="an address", examples=["base_url: http://127.0.0.1:8000/v1"]
    )
    api_key: Secret | None = Field(
        None, description="a reference to an environment variable", examples=["api_key: ${env:OPENAI_API_KEY}"]
    )
    api_key_file: FilePath | None = Field(
        None,
        validate_default=True,
        description="the name of a file",
        examples=["api_key_file: /run/secrets/openai"],
    )
    weight: Finite = Field(1.0, ge=0, le=1_000_000, description="a number from 0 to 1000000", examples=["weight: 3"])
    context_window: int | None = _WINDOW
    price: PriceSection | None = None
    options: Options = Field({}, description="a group of keys with one value each", examples=["options: {region: …}"])

    _check_needed = field_validator("base_url")(_check_base_url)
    _check_one_key = field_validator("api_key_file")(_check_one_key)

    def content(self) -> dict[str, Json]:
        """The target with every default filled in; of a price only what is given."""
        return {
            "model": self.model,
            "base_url": self.base_url,
            "api_key": self.api_key,
            # Left out where it says nothing, so that routes without one stay the versions that they are.
            **({"api_key_file": self.api_key_file} if self.api_key_file else {}),
            "weight": self.weight,
            "price": None if self.price is None else self.price.model_dump(mode="json", exclude_none=True),
            "options": dict(self.options),
            **({"context_window": self.context_window} if self.context_window else {}),
        }


class RouteDefinition(Definition):
    """`routes/*.yaml`: which models answer, in what order, and what happens when one does not.

    A route with one model may write that model's keys at the top, without `targets`.
    """

    model: Model | None = Field(None, description="the name of a model", examples=["model: builtin/reader"])
    base_url: Url | None = Field(
        None, validate_default=True, description="an address", examples=["base_url: http://127.0.0.1:8000/v1"]
    )
    api_key: Secret | None = Field(
        None, description="a reference to an environment variable", examples=["api_key: ${env:OPENAI_API_KEY}"]
    )
    api_key_file: FilePath | None = Field(
        None,
        validate_default=True,
        description="the name of a file",
        examples=["api_key_file: /run/secrets/openai"],
    )
    timeout_s: Finite | None = Field(
        None, gt=0, le=3600, description="a number of seconds above 0 and at most 3600", examples=["timeout_s: 60"]
    )
    context_window: int | None = _WINDOW
    price: PriceSection | None = None
    options: Options = Field({}, description="a group of keys with one value each", examples=["options: {region: …}"])
    targets: tuple[TargetSection, ...] = Field(
        (),
        validate_default=True,
        max_length=16,
        description="a list of at most 16 targets",
        examples=["targets: [{model: openai/gpt-4.1-mini}, {model: builtin/reader}]"],
    )
    serves: Annotated[tuple[Served, ...], AfterValidator(check_unique)] = Field(
        (), max_length=100, description="a list of names of models", examples=["serves: [gpt-4.1-mini]"]
    )
    guardrail: str | None = Field(None, description="the name of a guardrail", examples=["guardrail: standard"])
    strategy: Strategy = Field(
        "ordered",
        description="ordered, weighted, least_latency or cheapest",
        examples=["strategy: ordered"],
    )
    timeouts: TimeoutsSection | None = None
    retries: RetriesSection = RetriesSection()
    breaker: BreakerSection = BreakerSection()
    hedge: HedgeSection | None = None
    escalate: EscalateSection | None = None
    max_output_tokens: int = Field(
        8192,
        ge=1,
        le=10_000_000,
        description="a whole number from 1 to 10000000",
        examples=["max_output_tokens: 8192"],
    )
    cut_off: CutOff | None = Field(None, description="heard or bound", examples=["cut_off: heard"])
    provider_files: ProviderFiles = Field("deny", description="allow or deny", examples=["provider_files: allow"])
    cache: CacheSection = CacheSection()
    embeds: Annotated[bool, Field(validate_default=True)] = Field(
        default=False, description="true or false", examples=["embeds: true"]
    )

    _check_needed = field_validator("base_url")(_check_base_url)
    _check_one_key = field_validator("api_key_file")(_check_one_key)

    @field_validator("targets")
    @classmethod
    def _check_form(cls, targets: tuple[TargetSection, ...], info: ValidationInfo) -> tuple[TargetSection, ...]:
        beside = [key for key in _OF_A_TARGET if info.data.get(key)]
        if targets and beside:
            refuse(f"`{beside[0]}` stands beside `targets`", f"move `{beside[0]}` into a target")
        if not targets and "model" in info.data and info.data["model"] is None:
            refuse("`model` is missing", "write `model: builtin/reader`, or a list of `targets`")
        return targets

    @field_validator("strategy")
    @classmethod
    def _check_weights(cls, strategy: Strategy, info: ValidationInfo) -> Strategy:
        targets = info.data.get("targets")
        if strategy == "weighted" and targets and not any(target.weight for target in targets):
            refuse("every target has the weight 0", "give at least one of them a `weight` above 0")
        return strategy

    @field_validator("timeouts")
    @classmethod
    def _check_one_total(cls, timeouts: TimeoutsSection | None, info: ValidationInfo) -> TimeoutsSection | None:
        if timeouts is not None and info.data.get("timeout_s") is not None:
            refuse("`timeout_s` and `timeouts` say the same", "write only `timeouts: {total_s: …}`")
        return timeouts

    @field_validator("hedge", "escalate")
    @classmethod
    def _check_second(cls, section: Section | None, info: ValidationInfo) -> Section | None:
        targets, key = info.data.get("targets"), info.field_name
        if section is None or targets is None:
            return section
        if len(targets) < 2:  # noqa: PLR2004  # a second one
            refuse(f"`{key}` needs a second target", f"add a target to `targets`, or take `{key}` away")
        if key == "escalate" and info.data.get("strategy") in {"weighted", "least_latency"}:
            refuse("`escalate` needs an order of targets", "write `strategy: cheapest` or `strategy: ordered`")
        if key == "escalate" and info.data.get("hedge") is not None:
            refuse("`escalate` and `hedge` do not go together", "take one of them away")
        return section

    @field_validator("embeds")
    @classmethod
    def _check_embeds(cls, embeds: bool, info: ValidationInfo) -> bool:  # noqa: FBT001  # pydantic calls it
        for key in ("hedge", "escalate"):
            if embeds and info.data.get(key) is not None:
                refuse(f"a route that embeds has no `{key}`", f"take `{key}` away, or write `embeds: false`")
        cache = info.data.get("cache")
        if embeds and cache is not None and (cache.exact is not None or cache.semantic is not None):
            refuse("a route that embeds has no `cache`", "take `cache` away, or write `embeds: false`")
        return embeds

    def content(self) -> dict[str, Json]:
        """The canonical content: always with `targets`, and with every default filled in."""
        return {
            "targets": [target.content() for target in self.targets or (self._only_target(),)],
            "serves": list(self.serves),
            "guardrail": self.guardrail,
            "strategy": self.strategy,
            "timeouts": self._timeouts().model_dump(mode="json"),
            "retries": self.retries.model_dump(mode="json"),
            "breaker": self.breaker.model_dump(mode="json"),
            "hedge": None if self.hedge is None else self.hedge.model_dump(mode="json"),
            "escalate": None if self.escalate is None else self.escalate.model_dump(mode="json"),
            "max_output_tokens": self.max_output_tokens,
            "cache": self.cache.model_dump(mode="json"),
            "embeds": self.embeds,
            # Left out where they say nothing, so that routes without them stay the versions that they are.
            **({"cut_off": self.cut_off} if self.cut_off else {}),
            **({"provider_files": self.provider_files} if self.provider_files == "allow" else {}),
        }

    def _only_target(self) -> TargetSection:
        # Validated already, and one of the keys is never given without a model.
        return TargetSection.model_construct(
            model=self.model or "",
            base_url=self.base_url,
            api_key=self.api_key,
            api_key_file=self.api_key_file,
            context_window=self.context_window,
            price=self.price,
            options=self.options,
        )

    def _timeouts(self) -> TimeoutsSection:
        """`timeout_s` is for a whole answer, and its first token may take as long."""
        if self.timeouts is not None or self.timeout_s is None:
            return self.timeouts or TimeoutsSection()
        whole = self.timeout_s
        return TimeoutsSection(first_token_s=whole, between_tokens_s=whole, total_s=whole)
