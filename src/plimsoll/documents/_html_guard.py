"""Web pages that would exhaust any HTML parser are recognised before they are parsed.

The tree building rules of the HTML standard (WHATWG, 13.2.6) are quadratic in two ways that a hostile page can use:
formatting elements that are still open are made anew in every paragraph (30 kB of text become a million nodes), and a
start tag may walk up through all open elements.
"""

import re
from collections import Counter

from ._errors import UnpackedTooLargeError

# The standard's list of formatting elements. They carry no text of their own, so they may as well be spans.
_FORMATTING = re.compile(r"(?i)(</?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])")

# Tags as the standard's tokenizer reads them; possessive, so that unclosed ones cannot make the search quadratic.
_TOKEN = re.compile(
    r"""<!--(?:.*?--!?>|.*)"""
    r"""|<(?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>])(?:.*?</(?P=raw)(?=[\s/>])|.*)"""
    r"""|<(?P<end>/?)(?P<name>[a-z][^\s/>]*+)"""
    r"""(?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+))?+)*+""",
    re.IGNORECASE | re.DOTALL,
)
_START = re.compile(r"<[a-zA-Z]")

# Elements that cannot hold others, or that end by themselves where the next of their kind begins.
_SHALLOW = frozenset({
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p",
    "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
})  # fmt: skip

_FEW_TAGS = 30_000
# About two nanoseconds each.
_MOST_STEPS = 1_000_000_000


def guard(html: str, name: str) -> str:
    """`html` without formatting elements, which are turned into spans.

    Raises UnpackedTooLargeError when parsing it would take more than about two seconds because of deep nesting.
    """
    plain = _FORMATTING.sub(r"\1span", html)
    if _has_many_tags(plain) and _steps(plain) > _MOST_STEPS:
        raise UnpackedTooLargeError(name, "its elements are nested so deeply that reading it would take minutes")
    return plain


def _has_many_tags(html: str) -> bool:
    return sum(1 for _ in _START.finditer(html)) > _FEW_TAGS


def _steps(html: str) -> int:
    """The sum, over all start tags, of how many elements are open there."""
    opened: Counter[str] = Counter()
    depth = steps = 0
    for token in _TOKEN.finditer(html):
        name = (token["name"] or "").lower()
        if not name or name in _SHALLOW:
            steps += depth
        elif not token["end"]:
            opened[name] += 1
            depth += 1
            steps += depth
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
    return steps
