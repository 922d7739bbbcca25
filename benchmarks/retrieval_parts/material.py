"""The sets: their corpora as documents that are cut as the set says, and questions with what answers them."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from plimsoll.documents import Document, Page
from plimsoll.retrieval.chunkers import ChunkSettings

Span = tuple[str, int, int]
"""Document, first and last character."""
Row = dict[str, Any]

_PLACES = "places"
_WHOLE = ChunkSettings(size=8000, overlap=0, kind="page", context="none")
"""Abstracts are short: each is one chunk."""


@dataclass(frozen=True)
class Question:
    """One question, and what answers it: parts of the corpus by name, or stretches of it."""

    text: str
    relevant: frozenset[str]
    spans: tuple[Span, ...] = ()
    document: str = ""
    """Where it is said: the document in which the answer stands."""


@dataclass(frozen=True)
class Task:
    """A corpus by path, how it is cut, and questions about it."""

    corpus: Mapping[str, Document]
    chunks: ChunkSettings
    questions: Sequence[Question]
    names: Mapping[Span, str] = field(default_factory=dict)
    """How the set calls a stretch; a document where it has no name."""

    def name(self, path: str, start: int, end: int) -> str:
        """What the set calls a stretch that was found."""
        return self.names.get((path, start, end), path)


def read_rows(path: Path) -> list[Row]:
    """All rows of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def given_places(document: Document, _settings: ChunkSettings) -> Iterator[tuple[int, int]]:
    """Cuts where the set says: a chunker of our own, by the name `benchmarks.retrieval_parts.material:given_places`."""
    numbers = [int(number) for number in str(document.metadata[_PLACES]).split()]
    yield from zip(numbers[::2], numbers[1::2], strict=True)


def load_task(name: str, folder: Path, split: str) -> Task:
    """The corpus and the questions of one set; questions without a right answer are left out."""
    task = _LOADERS[name](folder, split)
    return replace(task, questions=[question for question in task.questions if question.relevant])


def _document(title: str, text: str, places: Sequence[tuple[int, int]] = ()) -> Document:
    """A text without pages, as a loader would give it."""
    metadata = {_PLACES: " ".join(str(number) for place in places for number in place)} if places else {}
    page = Page(number=1, start=0, end=len(text))
    return Document(title=title, text=text, media_type="text/plain", pages=(page,), metadata=metadata)


def _given(size: int, *, context: str) -> ChunkSettings:
    kind = "benchmarks.retrieval_parts.material:given_places"
    return ChunkSettings(size=size, overlap=0, kind=kind, context="auto" if context == "auto" else "headings")


def _scifact(folder: Path, split: str) -> Task:
    corpus = {
        row["_id"]: _document(row["title"], " ".join(row["sentences"])) for row in read_rows(folder / "corpus.jsonl.gz")
    }
    rows = read_rows(folder / f"{split}.jsonl.gz")
    return Task(corpus, _WHOLE, [Question(row["text"], frozenset(row["relevant"])) for row in rows])


def _cranfield(folder: Path, split: str) -> Task:
    corpus = {row["_id"]: _document(row["title"], row["text"]) for row in read_rows(folder / "corpus.jsonl.gz")}
    rows = read_rows(folder / f"{split}.jsonl.gz")
    questions = [Question(row["text"], frozenset(key for key, grade in row["qrels"].items() if grade)) for row in rows]
    return Task({path: item for path, item in corpus.items() if item.text.strip()}, _WHOLE, questions)


def _chunking(folder: Path, split: str) -> Task:
    corpus = {row["_id"]: _document(row["_id"], row["text"]) for row in read_rows(folder / "corpus.jsonl.gz")}
    questions = [
        Question(
            row["question"],
            frozenset({row["corpus_id"]}),
            tuple((row["corpus_id"], ref["start_index"], ref["end_index"]) for ref in row["references"]),
        )
        for row in read_rows(folder / f"{split}.jsonl.gz")
    ]
    return Task(corpus, ChunkSettings(size=400, overlap=0, context="none"), questions)


def _code(folder: Path, split: str) -> Task:
    """Files with the chunks that the set gives; a file's name is not told, so none is shown."""
    texts = {row["doc_id"]: row["text"] for row in read_rows(folder / "corpus_docs.jsonl.gz")}
    corpus: dict[str, Document] = {}
    names: dict[Span, str] = {}
    rows = read_rows(folder / "corpus_chunks.jsonl.gz")
    for path, members in groupby(rows, key=lambda row: str(row["doc_id"])):
        chunks = list(members)
        places = _located(texts[path], [row["text"] for row in chunks])
        names |= {(path, *place): row["_id"] for place, row in zip(places, chunks, strict=True)}
        corpus[path] = _document("", texts[path], places)
    questions = [
        Question(row["query"], frozenset(row["golden_chunks"])) for row in read_rows(folder / f"{split}.jsonl.gz")
    ]
    return Task(corpus, _given(20_000, context="auto"), questions, names)


def _located(text: str, parts: Sequence[str]) -> list[tuple[int, int]]:
    """Where parts stand that follow each other."""
    places, start = [], 0
    for part in parts:
        start = text.index(part, start)
        places.append((start, start + len(part)))
        start += len(part)
    return places


def _docs(folder: Path, split: str) -> Task:
    corpus = {row["_id"]: _document(row["title"], row["text"]) for row in read_rows(folder / "corpus.jsonl.gz")}
    rows = read_rows(folder / f"{split}.jsonl.gz")
    questions = [Question(row["question"], frozenset(row["correct_chunks"])) for row in rows]
    return Task(corpus, ChunkSettings(size=500, overlap=0), questions)


def _filings(folder: Path, split: str) -> Task:
    """One document for each filing; its pages are the chunks."""
    corpus: dict[str, Document] = {}
    names: dict[Span, str] = {}
    rows = read_rows(folder / f"{split}_corpus.jsonl.gz")
    for path, members in groupby(sorted(rows, key=lambda row: (row["doc_name"], row["page"])), key=_filing):
        pages = list(members)
        text = "\n\n".join(row["text"] for row in pages)
        places = _located(text, [row["text"] for row in pages])
        names |= {(path, *place): row["_id"] for place, row in zip(places, pages, strict=True)}
        filled = [place for place, row in zip(places, pages, strict=True) if row["text"].strip()]
        corpus[path] = _document(path, text, filled)
    questions = [
        Question(
            row["question"],
            frozenset(f"{found['doc_name']}#{found['page']}" for found in row["evidence"]) & frozenset(names.values()),
            document=row["doc_name"],
        )
        for row in read_rows(folder / f"{split}.jsonl.gz")
    ]
    return Task(corpus, _given(100_000, context="none"), questions, names)


def _filing(row: Row) -> str:
    return str(row["doc_name"])


_LOADERS: Mapping[str, Callable[[Path, str], Task]] = {
    "scifact": _scifact,
    "contextual_code_retrieval": _code,
    "anthropic_docs_rag": _docs,
    "financebench": _filings,
    "chunking_evaluation": _chunking,
    "cranfield": _cranfield,
}

SETS = tuple(_LOADERS)
