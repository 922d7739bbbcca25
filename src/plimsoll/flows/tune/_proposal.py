"""What tuning proposes: other sections of a project file, as a text and as what differs."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plimsoll.project import Project

from ._space import applied, written_section
from ._types import Figures, Interval, Measured

_SECTIONS = ("chunk", "embed", "search")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Settings that did best, and how good they are on questions that did not choose them."""

    best: Measured
    current_held_back: Figures
    held_back: Figures
    gain: Interval
    """The nDCG of the held-back questions above that of the settings as they are, question by question."""
    file: str
    """Path of the project file, from the project's folder on."""
    text: str
    """The whole file as it would be."""
    diff: str
    """What differs, as `patch -p1` takes it."""

    @property
    def is_certain(self) -> bool:
        """Whether the interval of the gain lies above nothing."""
        return self.gain.low > 0


def propose(
    project: Project, name: str, best: Measured, held_back: tuple[Figures, Figures], gain: Interval
) -> Proposal:
    """The proposal; `held_back` are the figures of the settings as they are, and of the best."""
    file = f"knowledge/{name}.yaml"
    before = (project.root / file).read_text("utf-8")
    after = proposed_text(before, _changed(project, name, best))
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{file}", f"b/{file}"
    )
    return Proposal(best, *held_back, gain, file, after, "".join(lines))


def proposed_text(before: str, sections: Mapping[str, Mapping[str, Any]]) -> str:
    """A project file with other sections; every line outside of them stays as it is, comments included.

    The file must be a block of keys, as it is in every template.
    """
    import yaml

    root: Any = yaml.compose(before, Loader=yaml.SafeLoader)
    lines = before.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    keys = [(key.value, key.start_mark.line) for key, _ in root.value]
    ends = [line for _, line in keys[1:]] + [len(lines)]
    left = dict(sections)
    # From the last to the first, so that the places of those that are still to come stay what they are.
    for (key, first), end in reversed(list(zip(keys, ends, strict=True))):
        if key in left:
            lines[first : _last(lines, first, end)] = [_section(key, left.pop(key), yaml)]
    return "".join([*lines, *(_section(key, content, yaml) for key, content in left.items())])


def _last(lines: list[str], first: int, end: int) -> int:
    """Where a section ends: comments and empty lines before the next one belong to that."""
    while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _section(key: str, content: Mapping[str, Any], yaml: Any) -> str:
    text: str = yaml.safe_dump({key: dict(content)}, sort_keys=False, allow_unicode=True, width=110)
    return text


def _changed(project: Project, name: str, best: Measured) -> dict[str, dict[str, Any]]:
    """The sections in which the best settings differ from those that are."""
    definition = project.knowledge[name]
    other = applied(definition, best.settings)
    changed: dict[str, dict[str, Any]] = {}
    for section in _SECTIONS:
        if getattr(other, section) != getattr(definition, section):
            own = {
                place.partition(".")[2]: value
                for place, value in best.settings.items()
                if place.startswith(f"{section}.")
            }
            changed[section] = written_section(definition, section, own)
    return changed
