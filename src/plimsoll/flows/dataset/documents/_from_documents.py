"""A dataset of questions from documents."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from plimsoll.datasets import Row
from plimsoll.datasets.alike import without_duplicates
from plimsoll.datasets.questions import Corpus, Proposal, Sentence, proposals, sentences, swapped
from plimsoll.documents import Document
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import BudgetError, PlimsollError

from ._model import Ask, call_for, read_answer
from ._proof import OpenReader, is_proved

_TRIES: Final = 6
"""For each row that is wanted, so many questions are held against the passage at most."""
_WINDOW: Final = 1_500
"""Characters of a passage that a model is given."""
_BLANK: Final = "blank"
_PROVED: Final = frozenset({_BLANK, "model"})
"""What quotes its passage proves itself, and of what a model writes only answers count that stand there."""


@dataclass(frozen=True, slots=True)
class DocumentWish:
    """How many questions, and of what kinds."""

    rows: int
    seed: int = 0
    unanswerable: float = 0.2
    """The share of rows that ask what the documents do not say, below 1, as far as such questions can be made."""
    blanks: bool = True
    """Whether sentences that have no other form are asked for the figure in them, where rows are missing."""


@dataclass(frozen=True, slots=True)
class DocumentParts:
    """What making questions needs from outside."""

    documents: Mapping[str, Document]
    """By their paths."""
    open_reader: OpenReader
    ask: Ask | None = None
    """A model that writes questions; None for the forms of sentences alone."""
    on_progress: Callable[[str, int, int], None] = lambda *_: None


@dataclass(slots=True)
class DocumentReport:
    """What came of it."""

    rows: tuple[Row, ...] = ()
    sentences: int = 0
    """That say one thing and can be asked about."""
    asked: int = 0
    """Questions that were made, of which rows are what is left."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Rows by kind."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Questions by why they are no rows."""
    stopped: str = ""
    """Why no more was asked of the model, in one sentence; empty where nothing stopped it."""

    def to_json(self) -> dict[str, Json]:
        """For programs; without the rows."""
        return {
            "rows": len(self.rows),
            "sentences": self.sentences,
            "asked": self.asked,
            "kinds": dict(self.kinds),
            "dropped": dict(self.dropped.most_common()),
            "stopped": self.stopped,
        }


async def from_documents(wish: DocumentWish, parts: DocumentParts) -> DocumentReport:
    """Questions with answers that stand in the documents, and some that nothing there answers.

    A question is dropped where another sentence has all that it asks about, where it was made by a form and a reader
    that has exactly its passage does not find the answer, and where it is nearly one that was taken. Which ones are
    taken depends on the documents and the seed alone, where no model writes.
    """
    report = DocumentReport()
    said = [one for path, document in sorted(parts.documents.items()) for one in _sentences(path, document)]
    corpus = Corpus(document.text for document in parts.documents.values())
    report.sentences = len(said)
    made = [proposal for sentence in said for proposal in proposals(sentence)]
    made = [one for one in made if wish.blanks or one.kind != _BLANK]
    wanted = round(wish.rows * (1 - wish.unanswerable))
    if parts.ask is not None:
        made = await _written(wish, parts, parts.ask, report)
    report.asked = len(made) + sum(report.dropped.values())
    kept = await _kept(_in_order(made, wish.seed), wanted, corpus, parts, report)
    # A question with another name in it is nearly the same, and meant to be.
    without = _without_answer(kept, round(len(kept) * wish.unanswerable / (1 - wish.unanswerable)), corpus)
    unique = without_duplicates([_row(one) for one in kept])
    if unique.same or unique.near:
        report.dropped["nearly a question that was taken"] += unique.same + unique.near
    report.rows = without_duplicates([*unique.rows, *map(_row, without)], near=None).rows[: wish.rows]
    report.kinds = Counter(row.tags[0].partition(":")[2] for row in report.rows)
    return report


def _sentences(path: str, document: Document) -> Iterator[Sentence]:
    return sentences(path, document.text, {page.start: page.number for page in document.pages})


async def _written(wish: DocumentWish, parts: DocumentParts, ask: Ask, report: DocumentReport) -> list[Proposal]:
    """What a model writes about some passages; ends early where a budget does."""
    found: list[Proposal] = []
    windows = _windows(parts.documents)
    windows.sort(key=lambda one: _chance(wish.seed, f"{one.document}\0{one.start}"))
    for number, window in enumerate(windows[: wish.rows], start=1):
        if len(found) >= _TRIES * wish.rows:
            break
        try:
            answer = await ask(call_for(window.text))
        except BudgetError as error:
            report.stopped = error.message
            break
        except PlimsollError as error:
            report.dropped[f"the model gave no answer: {error.code}"] += 1
            continue
        for one in read_answer(answer, window):
            if isinstance(one, str):
                report.dropped[one] += 1
            else:
                found.append(one)
        parts.on_progress("write", number, min(len(windows), wish.rows))
    return found


def _windows(documents: Mapping[str, Document]) -> list[Sentence]:
    found: list[Sentence] = []
    for path, document in sorted(documents.items()):
        for start in range(0, len(document.text), _WINDOW):
            end = min(len(document.text), start + _WINDOW)
            page = next((one.number for one in reversed(document.pages) if one.start <= start), 1)
            text = " ".join(document.text[start:end].split())
            if text:
                found.append(Sentence(path, page, start, end, text))
    return found


def _in_order(made: Sequence[Proposal], seed: int) -> list[Proposal]:
    """By kind and document in turn, blanks last; within them by chance that depends on the question alone."""
    piles: dict[tuple[bool, str, str], list[Proposal]] = defaultdict(list)
    for one in made:
        piles[one.kind == _BLANK, one.kind, one.sentence.document].append(one)
    ordered: list[tuple[bool, int, str, Proposal]] = []
    for (blank, _, _), pile in piles.items():
        pile.sort(key=lambda one: _chance(seed, one.question))
        ordered += [(blank, place, _chance(seed, one.question), one) for place, one in enumerate(pile)]
    return [one for _, _, _, one in sorted(ordered, key=lambda entry: entry[:3])]


def _chance(seed: int, text: str) -> str:
    return hashlib.sha256(f"{seed}\0{text}".encode()).hexdigest()


async def _kept(
    made: Sequence[Proposal], wanted: int, corpus: Corpus, parts: DocumentParts, report: DocumentReport
) -> list[Proposal]:
    kept: list[Proposal] = []
    async with parts.open_reader() as reader:
        for tried, one in enumerate(made):
            if len(kept) == wanted or tried == _TRIES * wanted:
                report.dropped["not needed"] += len(made) - tried
                break
            if corpus.is_ambiguous(one):
                report.dropped["another sentence may answer it too"] += 1
            elif one.kind not in _PROVED and not await is_proved(one, parts.documents[one.sentence.document], reader):
                report.dropped["the reader does not find the answer in exactly that passage"] += 1
            else:
                kept.append(one)
            parts.on_progress("prove", len(kept), wanted)
    return kept


def _without_answer(kept: Sequence[Proposal], wanted: int, corpus: Corpus) -> list[Proposal]:
    found = (other for one in kept if (other := swapped(one, corpus.has_word)) is not None)
    return [other for other, _ in zip(found, range(wanted), strict=False)]


def _row(one: Proposal) -> Row:
    said = one.sentence
    name = hashlib.sha256(f"{said.document}\0{one.question}".encode()).hexdigest()[:12]
    return Row(
        id=f"doc-{name}",
        question=one.question,
        answers=(one.answer,) if one.answer else (),
        documents=(said.document,) if one.answer else (),
        answerable=bool(one.answer),
        tags=(f"made:{one.kind}",),
        group=said.document,
        source=f"document:{said.document}#page={said.page}&chars={said.start}-{said.end}",
    )
