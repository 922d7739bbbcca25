"""Reading what a policy says to a check: unknown names and wrong types are told, with what would be right."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from plimsoll.kernel.digest import Json
from plimsoll.kernel.words import nearest

from .._errors import CheckOptionsError, KindUnknownError
from ._types import CheckEntry, Given, Option, OptionType

_GROUP = "options"
Rule = Mapping[str, Json]


def read_given(entry: CheckEntry, rule: Rule, outside: object | None) -> Given:
    """What a rule says to a check. Raises CheckOptionsError and KindUnknownError."""
    return Given(_name(entry, rule), _kinds(entry, rule), _options(entry, rule), rule, outside)


def _name(entry: CheckEntry, rule: Rule) -> str:
    name = rule.get("name") or entry.name
    if not isinstance(name, str):
        raise CheckOptionsError(entry.name, "`name` must be text", f"write `name: my-{entry.name}`", "name")
    return name if entry.named else entry.name


def _kinds(entry: CheckEntry, rule: Rule) -> tuple[str, ...]:
    kinds = rule.get("kinds") or ()
    if not _is_texts(kinds):
        what = "`kinds` must be a list of texts"
        raise CheckOptionsError(entry.name, what, "write `kinds: [one, another]`", "kinds")
    for kind in cast("tuple[str, ...]", kinds):
        if kind not in entry.kinds:
            raise KindUnknownError(entry.name, kind, entry.kinds)
    return tuple(cast("tuple[str, ...]", kinds))


def _options(entry: CheckEntry, rule: Rule) -> dict[str, Any]:
    group = rule.get(_GROUP) or {}
    if not isinstance(group, Mapping) or not all(isinstance(key, str) for key in group):
        raise CheckOptionsError(entry.name, "`options` must be a group of keys", _listed(entry), _GROUP)
    given: dict[str, Json] = {
        option.name: rule[option.name] for option in entry.options if option.beside and rule.get(option.name)
    }
    known = {option.name: option for option in entry.options if not option.beside}
    for name, value in group.items():
        if name not in known:
            near = nearest(name, known)
            instead = f"did you mean `{near}`? {_listed(entry)}" if near else _listed(entry)
            raise CheckOptionsError(entry.name, f"there is no option `{name[:80]}`", instead, name)
        if value is not None:
            given[name] = value
    for option in entry.options:
        if option.required and option.name not in given:
            where = option.example if option.beside else f"options: {{{option.example}}}"
            what = f"`{option.name}` is missing"
            raise CheckOptionsError(entry.name, what, f"write `{where}`", "" if option.beside else _GROUP)
    if entry.reads_options:
        return given
    return {option.name: _read(entry, option, given[option.name]) for option in entry.options if option.name in given}


def _read(entry: CheckEntry, option: Option, value: Json) -> Any:
    if not (_IS[option.type](value) and _is_within(option, value)):
        what = f"`{option.name}` must be {option.says}"
        raise CheckOptionsError(entry.name, what, f"write `{option.example}`", option.name)
    return tuple(value) if isinstance(value, list) else value


def _is_within(option: Option, value: Any) -> bool:
    size = value if option.type in {"number", "whole"} else len(value) if hasattr(value, "__len__") else 0
    if (option.least is not None and size < option.least) or (option.most is not None and size > option.most):
        return False
    texts = (value,) if isinstance(value, str) else value
    return not option.choices or all(text in option.choices for text in texts)


def _listed(entry: CheckEntry) -> str:
    names = [option.name for option in entry.options if not option.beside]
    return f"options of {entry.name}: {', '.join(names)}" if names else f"{entry.name} takes no options"


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: Json) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def _is_number(value: Json) -> bool:
    # Neither NaN nor an infinity is a number that anybody means.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


_IS: Mapping[OptionType, Callable[[Json], bool]] = {
    "text": _is_text,
    "texts": _is_texts,
    "number": _is_number,
    "whole": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "switch": lambda value: isinstance(value, bool),
    "group": lambda value: isinstance(value, Mapping),
    "list": lambda value: isinstance(value, list | tuple),
}
