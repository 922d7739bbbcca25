"""Kinds of values that stand in project files, with the checks that a type alone cannot say."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, PlainValidator
from pydantic_core import PydanticCustomError

from plimsoll.evaluation.figures import make_figure
from plimsoll.evaluation.scorers import ScorerOptionsError, ScorerPlugInError, make_scorer
from plimsoll.evaluation.scorers.choices import Choice, read_choice
from plimsoll.kernel.words import nearest
from plimsoll.models.catalogue import check_embedder_name, check_model_name

from ._errors import did_you_mean, shown

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"
NAME_RULE = (
    "a name of lower-case letters, digits and hyphens that begins with a letter or digit (at most 63 characters)"
)
SENTENCE = "plimsoll"
"""Type of those errors of pydantic whose context holds a finished sentence: `what` and `instead`."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_ENVIRONMENT_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_EXAMPLE_URL = "write an address such as http://127.0.0.1:8000/v1"


def refuse(what: str, instead: str) -> NoReturn:
    """Say in a pydantic validator what is wrong and what would be right; the value itself is never shown."""
    raise PydanticCustomError(SENTENCE, "{what}", {"what": what, "instead": instead})


def environment_name(reference: str) -> str | None:
    """The NAME of `${env:NAME}`, or None for any other text."""
    match = _ENVIRONMENT_REFERENCE.fullmatch(reference)
    return match.group(1) if match else None


def check_unique(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list that names something twice."""
    twice = [value for number, value in enumerate(values) if value in values[:number]]
    if twice:
        refuse(f"{shown(twice[0])} stands in the list twice", "name it once")
    return values


def _check_model(model: str) -> str:
    right = check_model_name(model)
    if right is not None:
        refuse(f"{shown(model)} is not a model that a route can use", right.rstrip("."))
    return model


def _check_secret(reference: str) -> str:
    if environment_name(reference) is None:
        refuse(
            "a secret must not stand in a file",
            "put it into an environment variable and write its name: api_key: ${env:OPENAI_API_KEY}",
        )
    return reference


def _check_path(path: str) -> str:
    if not path.strip() or not path.isprintable() or len(path) > 1000:  # noqa: PLR2004  # said below
        refuse("a file must have a name", "write at most 1000 printable characters, such as /run/secrets/openai")
    return path


def _check_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good, parts = False, urlsplit("")
    if not good or not url.isprintable() or " " in url:
        refuse("`base_url` is not an address that begins with http:// or https://", _EXAMPLE_URL)
    if parts.username is not None or parts.query or parts.fragment:
        refuse("`base_url` may not hold a user name, a password, or anything from `?` or `#` on", _EXAMPLE_URL)
    return url


def _check_pattern(pattern: str) -> str:
    if pattern.startswith("/") or ".." in pattern.split("/") or not pattern.strip():
        refuse(f"{shown(pattern)} does not name files inside the source", 'write a pattern such as "**/*.pdf"')
    return pattern


def _check_known(name: str, known: Iterable[str], kind: str) -> str:
    if name not in known:
        refuse(f"there is no {kind} {shown(name)}", did_you_mean(name, sorted(known), all_of_them=f"{kind}s"))
    return name


def _check_day(day: str) -> str:
    if day not in DAYS:
        near = day.strip().lower()[:3]
        listed = f"days: {', '.join(DAYS)}"
        refuse(f"there is no day {shown(day)}", f"did you mean `{near}`? {listed}" if near in DAYS else listed)
    return day


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # no such name; no such form of name; a folder of names
        names = {zone.lower(): zone for zone in available_timezones()}
        near = nearest(name, names)
        right = f"did you mean `{names[near]}`?" if near else "write a name such as Europe/Berlin, or UTC"
        refuse(f"there is no time zone {shown(name)}", right)
    return name


def _check_scorer(value: Any) -> Choice:
    try:
        choice = read_choice(value)
        make_scorer(choice.of, name=choice.name, options=choice.options)
    except (ScorerOptionsError, ScorerPlugInError) as error:
        refuse(error.message, error.hint)
    return choice


def _check_figure(value: Any) -> Choice:
    try:
        choice = read_choice(value, "figure")
        make_figure(choice.of, name=choice.name, options=choice.options)
    except ScorerOptionsError as error:
        refuse(error.message, error.hint)
    return choice


def _check_embedder(name: str) -> str:
    right = check_embedder_name(name)
    if right is not None:
        refuse(f"there is no embedder {shown(name)}", right.rstrip("."))
    return name


Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Names = Annotated[tuple[Name, ...], AfterValidator(check_unique)]
Pattern = Annotated[str, AfterValidator(_check_pattern)]
Model = Annotated[str, AfterValidator(_check_model)]
Secret = Annotated[str, AfterValidator(_check_secret)]
FilePath = Annotated[str, AfterValidator(_check_path)]
Url = Annotated[str, AfterValidator(_check_url)]
Scorer = Annotated[Choice, PlainValidator(_check_scorer)]
Figure = Annotated[Choice, PlainValidator(_check_figure)]
EmbedderName = Annotated[str, AfterValidator(_check_embedder)]
Day = Annotated[str, AfterValidator(_check_day)]
Zone = Annotated[str, AfterValidator(_check_zone)]
Label = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,62}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Confidence = Annotated[float, Field(ge=0.5, le=0.9999)] | Literal["estimate"]
