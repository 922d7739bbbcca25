"""What pydantic finds wrong with a file, as sentences with lines."""

import typing
from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ._errors import Mistake, did_you_mean, shown, shown_name
from ._fields import SENTENCE
from ._yaml import Lines, Place
from .schemas import Section

_SECRET_WORDS = ("key", "secret", "token", "password")


def explain(error: ValidationError, model: type[Section], file: str, lines: Lines) -> Iterator[Mistake]:
    """A mistake for each thing that `model` refuses in the data of `file`."""
    for detail in error.errors(include_url=False):
        if _follows_from_another(detail):
            continue
        place: Place = tuple(part for part in detail["loc"] if part != "[key]")
        what, instead = _sentence(detail, model, place, lines)
        yield Mistake(file, lines.of(place), what, instead)


def empty_file(model: type[Section], file: str) -> Mistake:
    """The mistake of a file in which nothing stands."""
    fields = model.keys().values()
    examples = [_example(field) for field in fields if field.is_required()] or [_example(next(iter(fields)))]
    return Mistake(file, 1, "the file is empty", f"write at least {' and '.join(f'`{text}`' for text in examples)}")


def _follows_from_another(detail: ErrorDetails) -> bool:
    """Pydantic leaves wrong items out before it counts, and then finds a list too short that is not."""
    given = detail["input"]
    return detail["type"] == "too_short" and isinstance(given, tuple) and len(given) >= detail["ctx"]["min_length"]


def _sentence(detail: ErrorDetails, model: type[Section], place: Place, lines: Lines) -> tuple[str, str]:
    kind = detail["type"]
    if kind == SENTENCE:
        context = detail["ctx"]
        return context["what"], context["instead"]
    if kind == "extra_forbidden":
        return _unknown_key(str(place[-1]), _section_at(model, place[:-1]))
    field = _field_at(model, place)
    if kind == "missing":
        lacks = "has no value" if lines.has(place) else "is missing"
        return f"`{_path(place)}` {lacks}", f"write `{_example(field)}`"
    if kind == "model_type":
        keys = ", ".join(_section_at(model, place).keys())
        where = f"`{_path(place)}`" if place else "the file"
        return f"{where} must be a group of keys, not {_shown(detail, place)}", f"keys that may stand there: {keys}"
    return _wrong_value(detail, place, field)


def _unknown_key(key: str, section: type[Section]) -> tuple[str, str]:
    what = f"there is no key `{shown_name(key)}` here"
    if key == "name":
        return what, "take it away: the name is the file's name without its ending"
    return what, did_you_mean(key, section.keys(), all_of_them="keys that may stand here")


def _wrong_value(detail: ErrorDetails, place: Place, field: FieldInfo | None) -> tuple[str, str]:
    right = (field.description if field else None) or "something else"
    given = detail["input"]
    holds = ", but holds" if place and isinstance(place[-1], int) else ", not"
    what = f"`{_path(place)}` must be {right}{holds} {_shown(detail, place)}"
    if isinstance(given, str) and detail["type"] in {"int_type", "float_type"} and _is_number(given):
        return what, "take the quotes away, or the zeros in front"
    if detail["type"] == "string_type" and isinstance(given, int | float):
        return what, "put it in quotes"
    return what, f"write `{_example(field)}`"


def _shown(detail: ErrorDetails, place: Place) -> str:
    """The value, unless it could be a secret that somebody wrote into the file."""
    words = " ".join(str(part).lower() for part in place)
    return "this value" if any(word in words for word in _SECRET_WORDS) else shown(detail["input"])


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()


def _path(place: Place) -> str:
    return ".".join(shown_name(part) for part in place if isinstance(part, str))


def _example(field: FieldInfo | None) -> str:
    return str(field.examples[0]) if field and field.examples else "…"


def _field_at(model: type[Section], place: Place) -> FieldInfo | None:
    """The field that a place of the data belongs to; the items of a list belong to the list's field."""
    section: type[Section] | None = model
    field: FieldInfo | None = None
    named = False
    for part in place:
        if named:  # a key that the user chose, which may be called like one of ours
            named = False
            continue
        found = section.keys().get(str(part)) if section is not None else None
        if found is not None:
            field, section = found, _section_in(found.annotation)
            named = _is_mapping(found.annotation)
    return field


def _is_mapping(annotation: object) -> bool:
    """Whether a key holds other keys that the user chooses, where it holds anything."""
    return any(typing.get_origin(one) is Mapping for one in (annotation, *typing.get_args(annotation)))


def _section_at(model: type[Section], place: Place) -> type[Section]:
    field = _field_at(model, place)
    return (_section_in(field.annotation) if field else None) or model


def _section_in(annotation: object) -> type[Section] | None:
    """The section that an annotation such as `tuple[SourceSection, ...]` is about, if any."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    found = (_section_in(argument) for argument in typing.get_args(annotation))
    return next((section for section in found if section is not None), None)
