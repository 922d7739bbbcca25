"""Rows that contradict or repeat each other, or name what is not there."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .._types import Row
from ..alike import near_pairs, normal_text
from ._types import Around, Finding


def repeated(rows: Sequence[Row]) -> Iterator[Finding]:
    """Ids that stand there twice, the same questions, nearly the same ones, and those with other answers."""
    ids = Counter(row.id for row in rows)
    if twice := tuple(one for one, count in ids.items() if count > 1):
        yield Finding("duplicate_id", "wrong", "ids that stand there twice", twice, "ids are unique in a dataset")
    asked: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        asked[normal_text(row.question)].append(row)
    torn, agreeing = list[str](), list[str]()
    for some in asked.values():
        if len(some) > 1:
            (torn if _contradict(some) else agreeing).extend(row.id for row in some)
    if torn:
        instead = "one of them is wrong, or the question lacks what tells the two apart"
        yield Finding("contradiction", "wrong", "the same question with other answers", tuple(torn), instead)
    if agreeing:
        instead = "keep one of each: a question that counts twice makes intervals too narrow"
        yield Finding("duplicate", "wrong", "questions that stand there more than once", tuple(agreeing), instead)
    yield from _nearly(rows)


def _contradict(rows: Sequence[Row]) -> bool:
    """Whether two rows agree in no answer, or only one of them has any; rows without a label say nothing."""
    labelled = [row for row in rows if row.labelled]
    if len({row.answerable for row in labelled}) > 1:
        return True
    given = [frozenset(map(normal_text, row.answers)) for row in labelled if row.answers]
    return any(not (one & other) for one, other in pairwise(given))


def _nearly(rows: Sequence[Row]) -> Iterator[Finding]:
    found: dict[str, None] = {}
    for pair in near_pairs([row.question for row in rows]):
        first, second = rows[pair.first], rows[pair.second]
        grouped = bool(first.group) and first.group == second.group
        if not grouped and first.split == second.split and normal_text(first.question) != normal_text(second.question):
            found.update({first.id: None, second.id: None})
    if found:
        what = "questions that are nearly the same as another, and not of one group"
        instead = 'give them one "group": they are not independent'
        yield Finding("near_duplicate", "note", what, tuple(found), instead)


def misplaced(rows: Sequence[Row], around: Around) -> Iterator[Finding]:
    """Rows whose documents are in no knowledge base."""
    if around.documents is None:
        return
    gone = {path for row in rows for path in row.documents} - around.documents
    if gone:
        found = tuple(row.id for row in rows if gone.intersection(row.documents))
        named = ", ".join(sorted(gone)[:5]) + (" …" if len(gone) > 5 else "")  # noqa: PLR2004  # as many as are named
        what = f"rows whose documents are in no knowledge base: {named}"
        yield Finding("document_unknown", "wrong", what, found, "correct the name, or add the document and build")
