"""How fast a local embedder is, and how well its vectors alone find documents.

Set `speed` needs no data: texts of 20 and of 100 words a second of processor time, in one thread, and one question.
Sets with `corpus.jsonl.gz` and graded or listed documents for each question (`scifact`, `cranfield`): nDCG@10 of
exact search by cosine, each document as one text that is cut where the embedder ends. Nothing is fitted.

    python benchmarks/embedders.py --embedder builtin/minilm --precision int8 [--set cranfield] [--json]
"""

import argparse
import gzip
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from plimsoll.models import Embedder
from plimsoll.models.catalogue import make_embedder
from plimsoll.models.embedders import EmbedderSettings, embed_query

_DEPTH = 10
_WORDS = [
    "the",
    "lease",
    "of",
    "a",
    "ship",
    "ends",
    "when",
    "water",
    "stands",
    "above",
    "its",
    "load",
    "line",
    "and",
    "the",
    "master",
    "may",
    "then",
    "refuse",
    "any",
    "more",
    "cargo",
    "until",
    "enough",
    "of",
    "it",
    "was",
    "taken",
    "ashore",
    "again",
    "so",
    "that",
    "she",
    "lies",
    "as",
    "deep",
    "as",
    "her",
    "certificate",
    "allows",
    "in",
    "the",
    "season",
    "and",
    "zone",
]


def texts_of(words: int, count: int) -> list[str]:
    """Texts that all differ, of so many words each."""
    return [" ".join(_WORDS[(place * 7 + step * (1 + place % 3)) % len(_WORDS)] for step in range(words))
            for place in range(count)]  # fmt: skip


def speed(embedder: Embedder) -> dict[str, float]:
    """Texts in a second of processor time, and milliseconds of it for one question."""
    found: dict[str, float] = {}
    for words, count in ((20, 256), (100, 96)):
        texts = texts_of(words, count)
        embedder.embed(texts[:4])
        started = time.process_time()
        embedder.embed(texts)
        found[f"texts_of_{words}_words_a_cpu_s"] = count / (time.process_time() - started)
    started = time.process_time()
    for text in texts_of(10, 32):
        embed_query(embedder, text)
    found["question_cpu_ms"] = (time.process_time() - started) / 32 * 1000
    return found


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a compressed file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def text_of(document: Mapping[str, Any]) -> str:
    """Title and text of a document."""
    return f"{document.get('title', '')}\n{document.get('text') or ' '.join(document.get('sentences', []))}".strip()


def grades_of(question: Mapping[str, Any]) -> dict[str, float]:
    """How relevant which documents are."""
    if "qrels" in question:
        return {key: float(grade) for key, grade in question["qrels"].items() if grade > 0}
    return dict.fromkeys(question["relevant"], 1.0)


def ndcg(ranked: Sequence[str], grades: Mapping[str, float]) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002) of the first ten."""
    gain = sum(grades.get(name, 0.0) / np.log2(place + 2) for place, name in enumerate(ranked[:_DEPTH]))
    best = sorted(grades.values(), reverse=True)[:_DEPTH]
    return float(gain / sum(grade / np.log2(place + 2) for place, grade in enumerate(best)))


def quality(embedder: Embedder, folder: Path, split: str) -> tuple[int, dict[str, float]]:
    """How many questions, and nDCG@10 of vectors alone."""
    corpus = rows_of(folder / "corpus.jsonl.gz")
    names = [str(document["_id"]) for document in corpus]
    vectors = embedder.embed([text_of(document) for document in corpus])
    found = []
    for question in rows_of(folder / f"{split}.jsonl.gz"):
        grades = grades_of(question)
        if grades:
            order = np.argsort(-(vectors @ embed_query(embedder, question["text"])), kind="stable")
            found.append(ndcg([names[place] for place in order[:_DEPTH]], grades))
    return len(found), {"ndcg_at_10": float(np.mean(found))}


def main() -> None:
    """Read what is to be measured, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="speed", choices=["speed", "scifact", "cranfield"])
    parser.add_argument("--data-root", default="../shared/data", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--embedder", default="builtin/static")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "int8"])
    parser.add_argument("--json", action="store_true", help="print nothing but the result")
    given = parser.parse_args()
    started = time.perf_counter()
    embedder = make_embedder(EmbedderSettings(given.embedder, precision=given.precision))
    load_s = time.perf_counter() - started
    if given.set == "speed":
        count, metrics = 0, {"load_s": load_s, **speed(embedder)}
    else:
        count, metrics = quality(embedder, given.data_root / given.set, given.split)
    if not given.json:
        for name, value in metrics.items():
            print(f"{name:32} {value:10.4f}")
    told = {"set": given.set, "split": given.split, "n": count, "embedder": f"{given.embedder} {given.precision}"}
    print(json.dumps({**told, "seconds": round(time.perf_counter() - started, 1), "metrics": metrics}))


if __name__ == "__main__":
    main()
