"""File patterns: `*` and `?` stay within a folder, `**` crosses folders, `[a-z]` and `[!a-z]` are one character."""

import re
from collections.abc import Callable, Sequence

from .._errors import PatternError

Matcher = Callable[[str], bool]
"""Whether a POSIX path, relative to the source folder, matches."""

_PIECE = re.compile(
    r"(?P<folders>(?:^|(?<=/))\*\*/)|(?P<rest>(?:^|(?<=/))\*\*$)|(?P<set>\[!?\]?[^\]/]*\])|(?P<one>.)", re.DOTALL
)


def compile_globs(patterns: Sequence[str]) -> Matcher:
    """A matcher for paths that fit any of `patterns`. Raises PatternError for one that cannot match anything."""
    compiled = [re.compile(_translate(pattern)) for pattern in patterns]
    return lambda path: any(pattern.fullmatch(path) for pattern in compiled)


def compile_folder_globs(patterns: Sequence[str]) -> Matcher:
    """A matcher for folders of which everything fits one of `patterns`, so that they need not be read at all."""
    return compile_globs(
        [pattern[:-3] for pattern in patterns if pattern.endswith("/**") and len(pattern) > len("/**")]
    )


def _translate(pattern: str) -> str:
    if not pattern:
        raise PatternError(pattern, "is empty")
    if pattern.startswith("/"):
        raise PatternError(pattern, "begins with a slash")
    if ".." in pattern.split("/"):
        raise PatternError(pattern, "leaves the source folder")
    pattern = pattern.removeprefix("./")
    if pattern.endswith("/"):
        pattern += "**"
    return "(?s)" + "".join(_piece(match) for match in _PIECE.finditer(pattern))


def _piece(match: re.Match[str]) -> str:
    text = match[0]
    if match["folders"]:
        return "(?:[^/]+/)*"
    if match["rest"]:
        return ".+"
    if match["set"]:
        return _character_set(text)
    return {"*": "[^/]*", "?": "[^/]"}.get(text, re.escape(text))


def _character_set(text: str) -> str:
    negated = text.startswith("[!")
    inner = text[2:-1] if negated else text[1:-1]
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", inner)
    expression = f"(?!/)[{'^' if negated else ''}{escaped}]"
    try:
        re.compile(expression)
    except re.error as error:
        raise PatternError(text, f"cannot be understood ({error})") from error
    return expression
