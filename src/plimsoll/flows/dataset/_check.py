"""A dataset held against the project around it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from plimsoll.datasets.findings import Around, Finding, check_rows
from plimsoll.kernel.digest import Digest, Json
from plimsoll.project import Project
from plimsoll.registry import Version

from ._described import rows_of


@dataclass(frozen=True, slots=True)
class CheckParts:
    """What checking needs from outside."""

    sources: Callable[[str], Sequence[Version]]
    """The versions of the sources that an application has, newest first."""
    content: Callable[[Digest], Json]
    """The content of a version."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found."""

    name: str
    rows: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    """What could not be looked at, and why."""

    @property
    def wrong(self) -> int:
        """How many findings make figures untrue."""
        return sum(finding.level == "wrong" for finding in self.findings)

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        findings: list[Json] = [finding.to_json() for finding in self.findings]
        return {"dataset": self.name, "rows": self.rows, "findings": findings, "notes": list(self.notes)}


def check(project: Project, name: str, parts: CheckParts) -> Checked:
    """Hold the rows of a dataset against prompts, training data, other datasets, documents and suites.

    Which documents there are is known from the last build. Raises DatasetUnknownError.
    """
    rows = rows_of(project, name)
    documents, notes = _documents(project, parts)
    around = Around(
        prompts={one: f"{prompt.system}\n{prompt.template}" for one, prompt in project.prompts.items()},
        learnt=_learnt(project, name),
        others={one: some for one, some in project.datasets.items() if one != name},
        documents=documents,
        slices=frozenset(
            tag for suite in project.suites.values() if suite.dataset == name for tag in suite.slices if tag
        ),
    )
    return Checked(name, len(rows), check_rows(rows, around), notes)


def _learnt(project: Project, name: str) -> dict[str, tuple[str, ...]]:
    """Texts from which models of the project learn, by where they stand; of the dataset itself none."""
    found: dict[str, tuple[str, ...]] = {}
    for model, definition in project.models.items():
        examples = definition.examples
        if examples is None or examples == name:
            continue
        texts = project.labelled.get(examples)
        if texts is not None:
            found[f"datasets/{examples} (model {model})"] = tuple(text.text for text in texts)
        else:
            found[f"datasets/{examples} (model {model})"] = tuple(
                row.question for row in project.datasets.get(examples, ())
            )
    return found


def _documents(project: Project, parts: CheckParts) -> tuple[frozenset[str] | None, tuple[str, ...]]:
    """The documents that the last build indexed; None where a knowledge base was not built yet."""
    if not project.knowledge:
        return None, ()
    newest = {version.name: version.digest for version in reversed(parts.sources(project.app.name))}
    unbuilt = [name for name in project.knowledge if name not in newest]
    if unbuilt:
        why = (
            f"whether rows name documents that there are: {', '.join(unbuilt)} was not built yet; run `plimsoll build`"
        )
        return None, (f"not looked at: {why}",)
    paths: set[str] = set()
    for name in project.knowledge:
        content = cast("Mapping[str, Any]", parts.content(newest[name]))
        paths.update(one["path"] for one in content["documents"] if one["fate"] == "indexed")
    return frozenset(paths), ()
