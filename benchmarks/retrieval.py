"""What the README claims about search: how well an index of a corpus finds what answers a question.

Everything goes the way of a build and of a request: chunk, embed, segments, snapshot, open, search, with the default
settings. `scifact` and `cranfield` have judged documents (a document counts as found where its best chunk is), and
`chunking_evaluation` has the exact stretches that answer, measured in characters over the default number of hits.

    python benchmarks/retrieval.py --set scifact --data-root ../shared/data --split dev [--json] [--sweep]

`--sweep` also measures other ways to join full text and vectors; that is how the defaults were chosen, on `dev` only.
"""

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from plimsoll.documents import Document, Page
from plimsoll.flows.serve.parts import Searcher
from plimsoll.kernel.digest import digest_bytes
from plimsoll.models import Embedder
from plimsoll.models.catalogue import make_embedder
from plimsoll.retrieval import (
    ChunkSettings,
    Hit,
    IndexedDocument,
    SearchSettings,
    Snapshot,
    chunk_document,
    chunker_fingerprint,
    open_index,
    plan_segments,
    write_segment,
)
from plimsoll.storage import BlobFolder

EMBEDDER = "builtin/static"
SETS = ("scifact", "cranfield", "chunking_evaluation")
MODES = {
    "": SearchSettings(),
    "text_only.": SearchSettings(mode="text"),
    "vector_only.": SearchSettings(mode="vector"),
}
DEPTH = 400
"""Chunks asked for where 100 documents are wanted: one document may bring several."""
SHALLOW = 100
"""Chunks asked for where 10 documents are wanted; this is also the default number of candidates."""

Span = tuple[str, int, int]
"""Document, first and last character."""


@dataclass(frozen=True)
class Question:
    """One question, and what answers it: whole documents, or stretches of them."""

    text: str
    relevant: frozenset[str]
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Task:
    """A corpus by path, and questions about it."""

    corpus: Mapping[str, Document]
    questions: Sequence[Question]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """All rows of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def document(title: str, text: str) -> Document:
    """A text without pages, as the loader would give it."""
    return Document(title=title, text=text, media_type="text/plain", pages=(Page(number=1, start=0, end=len(text)),))


def load_task(name: str, folder: Path, split: str) -> Task:
    """The corpus and the questions of one set; questions without a right answer are left out."""
    corpus, rows = read_rows(folder / "corpus.jsonl.gz"), read_rows(folder / f"{split}.jsonl.gz")
    if name == "scifact":
        documents = {
            row["_id"]: document(row["title"], row["title"] + "\n\n" + " ".join(row["sentences"])) for row in corpus
        }
        questions = [Question(row["text"], frozenset(row["relevant"])) for row in rows]
    elif name == "cranfield":
        documents = {row["_id"]: document(row["title"], row["text"]) for row in corpus}
        questions = [
            Question(row["text"], frozenset(key for key, grade in row["qrels"].items() if grade)) for row in rows
        ]
    else:
        documents = {row["_id"]: document(row["_id"], row["text"]) for row in corpus}
        questions = [
            Question(
                row["question"],
                frozenset({row["corpus_id"]}),
                tuple((row["corpus_id"], ref["start_index"], ref["end_index"]) for ref in row["references"]),
            )
            for row in rows
        ]
    return Task(documents, [question for question in questions if question.relevant])


def build(corpus: Mapping[str, Document], place: Path, embedder: Embedder) -> tuple[Searcher, int]:
    """An open index of the corpus, made the way a build makes it, and how many chunks it has."""
    settings = ChunkSettings()
    indexed = {
        path: IndexedDocument(
            path=path,
            digest=digest_bytes(item.text.encode()),
            title=item.title,
            media_type=item.media_type,
            text=item.text,
            pages=item.pages,
            chunks=chunk_document(item, settings),
        )
        for path, item in corpus.items()
    }
    blobs = BlobFolder(place / "blobs")
    refs = []
    for plan in plan_segments({path: item.digest for path, item in indexed.items()}):
        members = [indexed[path] for path in plan.paths]
        vectors = embedder.embed([text for member in members for text in member.embedding_texts()])
        refs.append(write_segment(blobs, members, vectors))
    chunker = chunker_fingerprint(settings, "text/plain")
    snapshot = Snapshot(embedder.fingerprint, embedder.dimension, chunker, tuple(refs))
    return open_index(snapshot, blobs, place / "indexes", embedder), snapshot.chunks


def ranking(hits: Iterable[Hit]) -> list[str]:
    """Documents in the order of their best chunk."""
    return list(dict.fromkeys(hit.passage.document for hit in hits))


def document_metrics(index: Searcher, question: Question, settings: SearchSettings) -> dict[str, float]:
    """NDCG@10 (binary gain, Jaervelin and Kekaelaeinen 2002), MRR@10 and recall@100 of one question."""
    top = ranking(index.search(question.text, replace(settings, top_k=SHALLOW)))[:10]
    deep = ranking(index.search(question.text, replace(settings, top_k=DEPTH)))[:100]
    ranks = [rank for rank, path in enumerate(top, 1) if path in question.relevant]
    ideal = sum(1 / np.log2(rank + 1) for rank in range(1, min(10, len(question.relevant)) + 1))
    return {
        "ndcg_at_10": float(sum(1 / np.log2(rank + 1) for rank in ranks) / ideal),
        "mrr_at_10": 1 / ranks[0] if ranks else 0.0,
        "recall_at_100": len(question.relevant & set(deep)) / len(question.relevant),
    }


def span_metrics(index: Searcher, question: Question, settings: SearchSettings) -> dict[str, float]:
    """Recall, precision and IoU of Chroma's chunking evaluation, by characters; what comes twice is paid for twice."""
    hits = index.search(question.text, settings)
    wanted = {(path, place) for path, start, end in question.spans for place in range(start, end)}
    passages = [hit.passage for hit in hits]
    got = {(passage.document, place) for passage in passages for place in range(passage.start, passage.end)}
    length = sum(passage.end - passage.start for passage in passages)
    both = len(wanted & got)
    return {
        "token_recall": both / len(wanted),
        "token_precision": both / length if length else 0.0,
        "iou": both / (length + len(wanted) - both),
    }


def measure(index: Searcher, questions: Sequence[Question], settings: SearchSettings) -> dict[str, float]:
    """Mean of each metric over all questions."""
    one = span_metrics if questions[0].spans else document_metrics
    results = [one(index, question, settings) for question in questions]
    return {name: round(float(np.mean([result[name] for result in results])), 4) for name in results[0]}


def sweep(index: Searcher, questions: Sequence[Question]) -> None:
    """Print every way to join the two searches to stderr."""
    for weight in (0.3, 0.4, 0.5):
        say(f"rrf {weight}", measure(index, questions, SearchSettings(fusion="rrf", vector_weight=weight)))
    for weight in (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6):
        say(f"weighted {weight}", measure(index, questions, SearchSettings(vector_weight=weight)))


def say(label: str, metrics: Mapping[str, float]) -> None:
    """One line of progress."""
    print(f"{label:14}", "  ".join(f"{name} {value:.4f}" for name, value in metrics.items()), file=sys.stderr)


def arguments() -> argparse.Namespace:
    """The calling convention of all benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=SETS, default="scifact")
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--split", default="dev")
    parser.add_argument("--json", action="store_true", help="no progress, only the result")
    parser.add_argument("--sweep", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Build, search, and print one JSON object as the last line."""
    given = arguments()
    started = time.perf_counter()
    task = load_task(given.set, given.data_root / given.set, given.split)
    with tempfile.TemporaryDirectory() as place:
        index, chunks = build(task.corpus, Path(place), make_embedder(EMBEDDER))
        built_s = time.perf_counter() - started
        metrics: dict[str, float] = {}
        for prefix, settings in MODES.items():
            found = measure(index, task.questions, settings)
            metrics |= {prefix + name: value for name, value in found.items()}
            if not given.json:
                say(settings.mode, found)
        if given.sweep:
            sweep(index, task.questions)
        index.close()
    print(
        json.dumps(
            {
                "set": given.set,
                "split": given.split,
                "n": len(task.questions),
                "embedder": EMBEDDER,
                "seconds": round(time.perf_counter() - started, 1),
                "build_seconds": round(built_s, 1),
                "documents": len(task.corpus),
                "chunks": chunks,
                "metrics": metrics,
            }
        )
    )


if __name__ == "__main__":
    main()
