"""Taking a candidate over: another policy in the place of a guardrail of the project, once it has passed its tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from plimsoll.guardrails import ExampleOutcome
from plimsoll.project import Project, load_project
from plimsoll.registry import Registry

from .._yaml import write_yaml
from ..tuning import difference
from ._sources import read_policy_file, version_content

_LISTS: Final = ("checks", "tests")
_FIRST: Final = ("id", "check", "name", "kinds", "words", "pattern", "text", "on", "action", "expect", "becomes")
_USUAL: Final[Mapping[str, object]] = dict.fromkeys(("kinds", "words", "exceptions", "passages"), ()) | {
    "numbered": False,
    "restore": False,
    "on_error": "block",
}
"""What a check or a test says that says nothing."""
Try = Callable[[Project], Sequence[ExampleOutcome]]
"""Runs the tests of the guardrail in a project. Raises what compiling it raises."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a candidate."""

    guardrail: str
    file: str
    """Path of the guardrail's file, from the project's folder on."""
    diff: str
    """What differs from what stood there, as `patch -p1` takes it; empty where nothing does."""
    failing: tuple[ExampleOutcome, ...]
    """Inline tests that the candidate fails: then the file is what it was."""
    tests: int

    @property
    def is_written(self) -> bool:
        """Whether the file is another one now."""
        return bool(self.diff) and not self.failing


def candidate_text(called: str, project: Project, registry: Registry | None) -> str:
    """The text of a candidate that is called so: the path of a YAML file, or `NAME@NUMBER` of the registry.

    A version has no comments and no parents: it stands for itself. Without a registry it is a file. Raises as
    `load_policy` does.
    """
    if "@" not in Path(called).name or registry is None:
        return read_policy_file(Path(called))
    content: Any = version_content(called, project, registry)
    lists = {name: [_given(one) for one in content[name]] for name in _LISTS if content.get(name)}
    return f"# {called}, as it stands in the registry.\n{write_yaml(lists)}"


def take_over(project: Project, name: str, text: str, tried: Try) -> Taken:
    """Put a policy's text into guardrails/NAME.yaml, where it loads with the whole project and passes its tests.

    Where it does not, the file is what it was. Raises what loading the project and compiling the policy raise.
    """
    file = f"guardrails/{name}.yaml"
    path = project.root / file
    before = path.read_bytes() if path.exists() else None
    diff = difference(file, "" if before is None else before.decode(), text)
    if not diff:
        return Taken(name, file, "", (), 0)
    is_good = False
    _put(path, text.encode())
    try:
        outcomes = tried(load_project(project.root))
        failing = tuple(one for one in outcomes if not one.passed)
        is_good = not failing
    finally:
        if not is_good:
            _put(path, before)
    return Taken(name, file, diff, failing, len(outcomes))


def _put(path: Path, data: bytes | None) -> None:
    """Write a file as a whole, or take it away: nobody sees a half of it."""
    if data is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)


def _given(one: Mapping[str, Any]) -> dict[str, Any]:
    """A check or a test without what it would say without being asked."""
    names = sorted(one, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    return {name: one[name] for name in names if name not in _USUAL or one[name] not in (_USUAL[name], [])}
