"""What tuning proposes: other sections of a project file, as a text and as what differs."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from plimsoll.project import Project

from ._space import applied, written_section
from ._types import Figures, Interval, Measured

_SECTIONS = ("chunk", "embed", "search")
_CERTAIN = 0.025
"""One end of a 95 % interval."""
_NO_NEWLINE = "\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class Gain:
    """What is gained in nDCG on the held-back questions, question by question."""

    interval: Interval
    chance: float
    """How often so much would be gained by chance, see `chance_of`. A few questions have a short interval by chance."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Settings that did best, and how good they are on questions that did not choose them."""

    best: Measured
    current_held_back: Figures
    held_back: Figures
    gain: Interval
    """The nDCG of the held-back questions above that of the settings as they are, question by question."""
    chance: float
    """How often so much, or more, would be gained by chance alone, from 0 to 1."""
    file: str
    """Path of the project file, from the project's folder on."""
    text: str
    """The whole file as it would be."""
    diff: str
    """What differs, as `patch -p1` takes it."""

    @property
    def is_certain(self) -> bool:
        """Whether the interval of the gain lies above nothing, and chance alone would hardly ever bring as much.

        With fewer than six held-back questions nothing is: as many coins fall on the same side too often.
        """
        return self.gain.low > 0 and self.chance <= _CERTAIN


def propose(project: Project, name: str, best: Measured, held_back: tuple[Figures, Figures], gain: Gain) -> Proposal:
    """The proposal; `held_back` are the figures of the settings as they are, and of the best."""
    file = f"knowledge/{name}.yaml"
    before = (project.root / file).read_text("utf-8")
    after = proposed_text(before, _changed(project, name, best))
    return Proposal(best, *held_back, gain.interval, gain.chance, file, after, difference(file, before, after))


def difference(file: str, before: str, after: str) -> str:
    """What differs between two texts of a file, as `patch -p1` takes it."""
    # Not `splitlines`, which also parts lines where `patch` does not.
    lines = difflib.unified_diff(list(StringIO(before)), list(StringIO(after)), f"a/{file}", f"b/{file}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


def proposed_text(before: str, sections: Mapping[str, Mapping[str, Any]]) -> str:
    """A project file with other sections; every line outside of them stays as it is, comments included.

    A file whose sections do not stand in lines of their own is written anew.
    """
    import yaml

    wanted = {**yaml.safe_load(before), **{key: dict(content) for key, content in sections.items()}}
    after = _line_by_line(before, sections, yaml)
    try:
        is_right = yaml.safe_load(after) == wanted
    except yaml.YAMLError:
        is_right = False
    return after if is_right else yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True, width=110)


def _line_by_line(before: str, sections: Mapping[str, Mapping[str, Any]], yaml: Any) -> str:
    root = yaml.compose(before, Loader=yaml.SafeLoader)
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
