"""The datasets of a project: how many rows, of what kinds, from where, under which digest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plimsoll.datasets import LabelledText, Row
from plimsoll.kernel.digest import Digest, Json, canonical_json, digest_json
from plimsoll.project import Project

from ._errors import DatasetUnknownError


@dataclass(frozen=True, slots=True)
class Described:
    """One dataset."""

    name: str
    labelled_texts: bool
    """Whether its rows are texts with the values of their fields, and not questions."""
    rows: int
    answerable: int
    unlabelled: int
    """Rows whose answer nobody wrote down."""
    splits: Mapping[str, int]
    """Rows by split, the empty one left out."""
    slices: Mapping[str, int]
    """Rows by tag."""
    sources: Mapping[str, int]
    """Rows by the kind of their source, such as `trace`."""
    documents: int
    groups: int
    digest: Digest
    """Of the version that a build makes of it."""
    suites: tuple[str, ...]
    """The suites that ask it."""
    about: Mapping[str, Json] = field(default_factory=dict)
    """Its licence, origin and description, where they are known."""

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "name": self.name,
            "labelled_texts": self.labelled_texts,
            "rows": self.rows,
            "answerable": self.answerable,
            "unlabelled": self.unlabelled,
            "splits": dict(self.splits),
            "slices": dict(self.slices),
            "sources": dict(self.sources),
            "documents": self.documents,
            "groups": self.groups,
            "digest": self.digest,
            "suites": list(self.suites),
            "about": dict(self.about),
        }


def rows_of(project: Project, name: str) -> tuple[Row, ...]:
    """The rows of a dataset; labelled texts as rows whose answers are what they are labelled with.

    Raises DatasetUnknownError.
    """
    if name in project.labelled:
        return tuple(_as_row(text) for text in project.labelled[name])
    if name not in project.datasets:
        raise DatasetUnknownError(name, sorted({*project.datasets, *project.labelled}))
    return project.datasets[name]


def _as_row(text: LabelledText) -> Row:
    said = canonical_json({name: list(values) for name, values in text.values.items()}).decode()
    return Row(f"row-{text.line}", text.text, (said,), (), answerable=True, tags=tuple(text.values))


def described(project: Project, name: str) -> Described:
    """One dataset of a project. Raises DatasetUnknownError."""
    rows = rows_of(project, name)
    kept: Sequence[Row | LabelledText] = project.labelled.get(name) or rows
    content: list[Json] = [row.to_json() for row in kept]
    about = project.about.get(name, {})
    return Described(
        name=name,
        labelled_texts=name in project.labelled,
        rows=len(rows),
        answerable=sum(row.answerable for row in rows),
        unlabelled=sum(not row.labelled for row in rows),
        splits=_counted(row.split for row in rows),
        slices=_counted(tag for row in rows for tag in dict.fromkeys(row.tags)),
        sources=_counted(row.source.partition(":")[0] for row in rows),
        documents=len({path for row in rows for path in row.documents}),
        groups=len({row.group for row in rows if row.group}),
        digest=digest_json({"rows": content, **({"about": dict(about)} if about else {})}),
        about=about,
        suites=tuple(sorted(suite for suite, wanted in project.suites.items() if wanted.dataset == name)),
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    counts = Counter(name for name in names if name)
    return dict(sorted(counts.items()))
