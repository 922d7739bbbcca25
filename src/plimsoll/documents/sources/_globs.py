"""File patterns: `*` and `?` stay within a folder, `**` crosses folders, `[a-z]` and `[!a-z]` are one character.

A pattern may come with the documents, so none may take long. Where something is found first is kept (atomic groups):
that leaves the most for what follows, so trying further places could not help.
"""

import re
from collections.abc import Callable, Sequence

from .._errors import PatternError
from ._names import composed

Matcher = Callable[[str], bool]
"""Whether a POSIX path, relative to the source folder, matches."""

_PIECE = re.compile(r"(?P<stars>\*+)|(?P<set>\[!?\]?[^\]/]*\])|(?P<one>.)", re.DOTALL)
_FOLDERS = "(?:[^/]+/)"


def compile_globs(patterns: Sequence[str]) -> Matcher:
    """A matcher for paths that fit any of `patterns`. Raises PatternError for one that cannot match anything."""
    compiled = [re.compile(_translate(composed(pattern))) for pattern in patterns]
    return lambda path: any(pattern.fullmatch(composed(path)) for pattern in compiled)


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
    *before, last = _between_folders(pattern)
    first = "".join(f"{_name(name)}/" for name in before[0]) if before else ""
    middle = "".join(f"(?>{_FOLDERS}*?{''.join(f'{_name(name)}/' for name in names)})" for names in before[1:] if names)
    end = "/".join(map(_name, last)) if last else ".+"
    anywhere = f"{_FOLDERS}*" if before and last else ""
    return f"(?s){first}{middle}{anywhere}{end}"


def _between_folders(pattern: str) -> list[list[str]]:
    """The names that stand between the `**` of a pattern; the last ones are none where it ends with one."""
    groups: list[list[str]] = [[]]
    for name in pattern.split("/"):
        if name == "**":
            groups.append([])
        else:
            groups[-1].append(name)
    return groups


def _name(pattern: str) -> str:
    """The expression for the name of one file or folder."""
    fixed = [""]
    for match in _PIECE.finditer(pattern):
        if match["stars"]:
            fixed.append("")
        elif match["set"]:
            fixed[-1] += _character_set(match[0])
        else:
            fixed[-1] += "[^/]" if match[0] == "?" else re.escape(match[0])
    if len(fixed) == 1:
        return fixed[0]
    middle = "".join(f"(?>[^/]*?{part})" for part in fixed[1:-1] if part)
    return f"{fixed[0]}{middle}[^/]*{fixed[-1]}"


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
