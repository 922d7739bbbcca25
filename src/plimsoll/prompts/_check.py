"""Finding mistakes in a template without rendering it."""

from collections.abc import Collection, Iterable, Iterator

from jinja2 import TemplateSyntaxError, meta, nodes

from plimsoll.kernel.words import nearest

from ._errors import TemplateMistake
from ._language import ENVIRONMENT, EXPRESSIONS, FILTERS, MAX_TEMPLATE_CHARACTERS, METHODS

PASSAGE_FIELDS = ("number", "document", "title", "page", "text")
"""What a template finds in each of its passages."""

TOO_DEEP = (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError)
"""What Jinja and Python's compiler raise for nesting and numbers that no prompt needs."""

_STATEMENTS = "statements of a prompt are if, elif, else, endif, for, endfor and set"
_SYNTAX = (
    ("looking for", "close every `{% if … %}` with `{% endif %}`, and every `{% for … %}` with `{% endfor %}`"),
    ("unknown tag", _STATEMENTS),
    ("end of print statement", "write one value between `{{` and `}}`, such as {{ question }}"),
    ("comment", "close the comment with `#}`"),
    ("unexpected", "check the quotes and brackets of this line"),
)
_REFUSED: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Concat: ("`~` is not read in prompts", "write texts one after another: {{ a }}{{ b }}"),
    nodes.Pow: ("`**` is not read in prompts", "write the number itself"),
    nodes.Dict: ("`{key: value}` is not read in prompts", "use if and elif"),
}


def check_template(text: str, names: Collection[str]) -> tuple[TemplateMistake, ...]:
    """Everything that is wrong in a template that may use the variables `names`, in the order of its lines.

    A template whose syntax is wrong has one mistake, because nothing can be said about the rest.
    """
    tree = parse(text)
    if isinstance(tree, TemplateMistake):
        return (tree,)
    try:
        found = {*language_mistakes(tree), *_name_mistakes(tree, names), *_field_mistakes(tree)}
        if not found:
            ENVIRONMENT.compile(tree)
    except TOO_DEEP:
        return (_too_deep(),)
    return tuple(sorted(found, key=lambda mistake: (mistake.line, mistake.what)))


def used_names(text: str) -> frozenset[str]:
    """The variables that a template uses; none for a template that has mistakes."""
    tree = parse(text)
    if isinstance(tree, TemplateMistake) or language_mistakes(tree):
        return frozenset()
    return frozenset(meta.find_undeclared_variables(tree))


def parse(text: str) -> nodes.Template | TemplateMistake:
    """The tree of a template, or the one mistake because of which there is none."""
    if len(text) > MAX_TEMPLATE_CHARACTERS:
        what = f"the template is longer than {MAX_TEMPLATE_CHARACTERS} characters"
        return TemplateMistake(1, what, "let long texts come from documents")
    try:
        return ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        said = error.message or "it ends too early"
        instead = next((right for part, right in _SYNTAX if part in said), "")
        what = said.split(". ")[0].rstrip(".")
        return TemplateMistake(error.lineno, f"the template's syntax is wrong: {what}", instead)
    except TOO_DEEP:
        return _too_deep()


def language_mistakes(tree: nodes.Template) -> tuple[TemplateMistake, ...]:
    """What a template does that the language of prompts does not have.

    Filters and tests that do not exist are replaced in the tree by some that do, so that it can be looked at further.
    """
    try:
        return tuple(mistake for node in tree.find_all(nodes.Node) for mistake in _node_mistakes(node))
    except RecursionError:
        return (_too_deep(),)


def _too_deep() -> TemplateMistake:
    return TemplateMistake(1, "the template is nested too deeply, or holds a number that is too large", "make it flat")


def _node_mistakes(node: nodes.Node) -> Iterator[TemplateMistake]:
    if type(node) in _REFUSED:
        yield TemplateMistake(node.lineno, *_REFUSED[type(node)])
    elif isinstance(node, nodes.For) and node.recursive:
        yield TemplateMistake(node.lineno, "a recursive loop is not read in prompts", "write a plain `for`")
    elif isinstance(node, nodes.Stmt) and not isinstance(node, nodes.Output | nodes.For | nodes.If | nodes.Assign):
        word = type(node).__name__.lower()
        yield TemplateMistake(node.lineno, f"a statement of the kind `{word}` is not read in prompts", _STATEMENTS)
    elif isinstance(node, nodes.Expr) and not isinstance(node, EXPRESSIONS):
        yield TemplateMistake(node.lineno, f"`{type(node).__name__.lower()}` is not read in prompts", "")
    else:
        yield from _expression_mistakes(node)


def _expression_mistakes(node: nodes.Node) -> Iterator[TemplateMistake]:
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield _unknown(node, f"there is no filter `{node.name}`", node.name, FILTERS)
        node.name = "string"
    elif isinstance(node, nodes.Test) and node.name not in ENVIRONMENT.tests:
        yield _unknown(node, f"there is no test `{node.name}`", node.name, ENVIRONMENT.tests)
        node.name = "defined"
    elif isinstance(node, nodes.Call) and not _may_be_called(node.node):
        methods = ", ".join(sorted(METHODS))
        yield TemplateMistake(node.lineno, "this cannot be called", f"what can: range, and of a text {methods}")
    elif isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        yield TemplateMistake(
            node.lineno, f"`{node.attr}` cannot be read", "names with an underscore in front are private"
        )
    elif isinstance(node, nodes.List | nodes.Tuple) and not _is_fixed(node):
        yield TemplateMistake(node.lineno, "a list may hold only fixed texts and numbers", "")
    elif isinstance(node, nodes.Name) and node.ctx == "store" and node.name in {"range", "loop"}:
        yield TemplateMistake(node.lineno, f"`{node.name}` cannot be set", "choose another name")


def _may_be_called(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Name):
        return node.name == "range"
    return isinstance(node, nodes.Getattr) and node.attr in METHODS


def _is_fixed(node: nodes.List | nodes.Tuple) -> bool:
    if isinstance(node, nodes.Tuple) and node.ctx == "store":
        return True
    return all(isinstance(item, nodes.Const) for item in node.items)


def _name_mistakes(tree: nodes.Template, names: Collection[str]) -> Iterator[TemplateMistake]:
    unknown = meta.find_undeclared_variables(tree) - set(names)
    for node in tree.find_all(nodes.Name):
        if node.ctx == "load" and node.name in unknown:
            yield _unknown(node, f"there is no variable `{node.name}`", node.name, names)


def _field_mistakes(tree: nodes.Template) -> Iterator[TemplateMistake]:
    """Misspelt fields of passages, in loops straight over `passages`."""
    for loop in tree.find_all(nodes.For):
        if isinstance(loop.iter, nodes.Name) and loop.iter.name == "passages":
            for read in _fields_read(loop):
                if read.attr not in PASSAGE_FIELDS:
                    yield _unknown(read, f"a passage has no `{read.attr}`", read.attr, PASSAGE_FIELDS)


def _fields_read(loop: nodes.For) -> Iterator[nodes.Getattr]:
    """What the body of a loop reads from its variable."""
    if isinstance(loop.target, nodes.Name):
        for read in (found for part in loop.body for found in part.find_all(nodes.Getattr)):
            if isinstance(read.node, nodes.Name) and read.node.name == loop.target.name:
                yield read


def _unknown(node: nodes.Node, what: str, name: str, known: Iterable[str]) -> TemplateMistake:
    near = nearest(name, sorted(known))
    allowed = "what there is: " + ", ".join(known if isinstance(known, tuple) else sorted(known))
    return TemplateMistake(node.lineno, what, f"did you mean `{near}`? {allowed}" if near else allowed)
