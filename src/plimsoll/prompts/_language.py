"""The template language: the part of Jinja that prompts need, and nothing that could do harm.

Jinja's immutable sandbox keeps templates away from Python. It does not keep them from making texts of gigabytes
(`"a" * 10**9`, `"%999999999d"`, `{% set a = a ~ a %}` forty times) or from loops inside loops inside loops. So:

- statements are text, `{{ }}`, `if`, `for` and plain `set`; nothing is included, inherited, defined or captured
- arithmetic is for numbers; texts are joined by writing them one after another
- filters and methods are those in the tables below, whose results grow no faster than what goes in
- all loops of one rendering together take at most MAX_STEPS steps
- lists, objects and functions cannot be printed
"""

from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes, pass_context
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEMPLATE_CHARACTERS = 100_000
MAX_OUTPUT_CHARACTERS = 2_000_000
MAX_STEPS = 20_000
MAX_NUMBER = 2**53

STEPS_KEY = "steps left"
"""Where a rendering keeps its loop budget: no template can spell this name."""

_COUNTED = "counted steps"

EXPRESSIONS: tuple[type[nodes.Expr], ...] = (
    *(nodes.Name, nodes.Const, nodes.TemplateData, nodes.List, nodes.Tuple, nodes.Getattr, nodes.Getitem, nodes.Slice),
    *(nodes.Filter, nodes.Test, nodes.Call, nodes.CondExpr, nodes.Compare, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
)
METHODS = frozenset(
    {
        *("capitalize", "count", "cycle", "endswith", "find", "lower", "lstrip", "removeprefix", "removesuffix"),
        *("rstrip", "split", "splitlines", "startswith", "strip", "title", "upper"),
    }
)
_JINJA_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "first", "float", "int", "last", "length", "list", "lower"),
    *("map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "string", "title"),
    *("trim", "truncate", "unique", "upper", "wordcount"),
)


class LimitError(Exception):
    """A template asked for more than a prompt may have. The message is a sentence for its author."""


class Environment(ImmutableSandboxedEnvironment):
    """Jinja with the limits of the module."""

    intercepted_binops = frozenset({"+", "-", "*", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate with numbers; everything else, such as a text times a number, is refused."""
        for value in (left, right):
            if isinstance(value, Undefined):
                str(value)  # raises the error that names what is undefined
            if not isinstance(value, int | float):
                msg = f"`{operator}` is for numbers only; write texts one after another"
                raise LimitError(msg)
        result = super().call_binop(context, operator, left, right)
        if abs(result) > MAX_NUMBER:
            msg = f"a number is larger than {MAX_NUMBER}"
            raise LimitError(msg)
        return result


def count_loops(template: nodes.Template) -> None:
    """Make every loop of a parsed template use up its rendering's budget of steps."""
    for loop in template.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, _COUNTED, [], [], None, None, lineno=loop.lineno)


@pass_context
def _counted(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    left: list[int] = context[STEPS_KEY]
    for item in items:
        left[0] -= 1
        if left[0] < 0:
            msg = f"the loops take more than {MAX_STEPS} steps"
            raise LimitError(msg)
        yield item


def _printable(value: Any) -> Any:
    if isinstance(value, str | int | float | Undefined):
        return value
    kind = "a list" if isinstance(value, list | tuple) else "something that is not text"
    msg = f"{kind} cannot be printed; write its parts, with a loop or with `join`"
    raise LimitError(msg)


def _join(items: Iterable[Any], separator: str = "") -> str:
    texts = [str(_printable(item)) for item in items]
    _check_size(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _replace(text: Any, old: str, new: str) -> str:
    given = str(_printable(text))
    _check_size(len(given) + given.count(old) * len(new))
    return given.replace(old, new)


def _new_environment() -> Environment:
    environment = Environment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, finalize=_printable
    )
    environment.filters = {name: JINJA_FILTERS[name] for name in _JINJA_FILTERS}
    environment.filters |= {"join": _join, "replace": _replace, _COUNTED: _counted}
    environment.globals = {"range": environment.globals["range"]}
    return environment


def _check_size(characters: int) -> None:
    if characters > MAX_OUTPUT_CHARACTERS:
        msg = f"a text is longer than {MAX_OUTPUT_CHARACTERS} characters"
        raise LimitError(msg)


ENVIRONMENT = _new_environment()
"""The one environment; it holds no state of any rendering."""
FILTERS = frozenset({*_JINJA_FILTERS, "join", "replace"})
