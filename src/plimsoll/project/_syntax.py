"""What PyYAML says about wrong syntax, in words that tell a person what to change."""

import yaml

_OPEN_QUOTE = "a quote is opened here and never closed"
_NO_COLON = "this line is not `key: value`"
_SYNTAX = (
    # what PyYAML says, what is wrong, what would be right
    (r"'\t' that cannot start", "a tab stands where only spaces may stand", "indent with spaces"),
    ("cannot start any token", "the value begins with a character that means something else", "put it in quotes"),
    ("alphabetic or numeric", "the value begins with `*` or `&`, which means something else", "put it in quotes"),
    (
        "mapping values are not allowed",
        "this `:` cannot make a key: a second one in the line, a wrong indent, or a line above without one",
        "put text with `: ` in quotes, and give lines that belong together the same indent",
    ),
    ("could not find expected ':'", _NO_COLON, "put a colon and a space behind the key"),
    ("expected ',' or ']'", "a list that begins with `[` is not closed, or lacks a comma", "write [a, b]"),
    ("expected ',' or '}'", "a group that begins with `{` is not closed, or lacks a comma", "write {a: 1, b: 2}"),
    ("unknown escape character", "a backslash in double quotes begins something unknown", "use single quotes"),
    ("expected escape sequence", "a backslash in double quotes begins something unknown", "use single quotes"),
    ("unexpected end of stream", _OPEN_QUOTE, "close the quote"),
    ("unexpected document separator", _OPEN_QUOTE, "close the quote"),
    (
        "<block end>, but found '<scalar>'",
        "text stands where it cannot: behind a closed quote, or with a wrong indent",
        "inside '…' write a quote twice; give lines that belong together the same indent",
    ),
    (
        "<block end>",
        "the indent of this line does not fit the lines above, or a dash is missing",
        "give lines that belong together the same indent",
    ),
    ("sequence entries are not allowed", "a list begins in the middle of a line", "begin the list in its own line"),
    ("expected the node content", "a value is missing here", "write it, in quotes where it has special characters"),
    ("<document start>", "something stands behind the end of the document", "take it away, or correct the indent"),
)


def explain_syntax(error: yaml.MarkedYAMLError) -> tuple[int, str, str]:
    """The line from 1, what is wrong there, and what would be right."""
    problem = error.problem or ""
    found = ((what, instead) for part, what, instead in _SYNTAX if part in problem)
    what, instead = next(found, (f"this is not YAML: {problem}", "correct the line; keys are written as `key: value`"))
    # These two are noticed only further down; what helps is where they begin.
    mark = error.context_mark if what in {_OPEN_QUOTE, _NO_COLON} else error.problem_mark
    line: int = mark.line if mark else 0
    return line + 1, what, instead
