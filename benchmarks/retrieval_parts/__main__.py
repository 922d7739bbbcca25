"""Measures search; see `benchmarks/retrieval.py`."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from plimsoll.models.catalogue import make_embedder
from plimsoll.retrieval.search import Ranker, Retriever, RetrieverSettings, Scope, builtin_ranker, read_ranker

from .material import SETS, Question, Task, load_task
from .metrics import OF_SET, Metrics, mean, of_spans, ranking, recall
from .setup import SETTINGS_OF, aids_of, filter_of, usual_embedder
from .shelf import KeptVectors, shelve


async def results_of(task: Task, name: str, retriever: Retriever) -> list[Metrics]:
    """The metrics of each question."""
    found = []
    for question in task.questions:
        if name == "financebench":
            found.append(await filing_metrics(task, retriever, question))
            continue
        hits = (await retriever.retrieve(question.text)).hits
        of_set = OF_SET.get(name)
        found.append(of_spans(hits, question) if of_set is None else of_set(ranking(task, hits), question))
    return found


async def filing_metrics(task: Task, retriever: Retriever, question: Question) -> Metrics:
    """Share of the right pages among the first five: of all filings, and of the right one."""
    shared = await retriever.retrieve(question.text)
    inside = await retriever.retrieve(question.text, Scope(filter_of(question.document)))
    return {
        "page_recall_at_5_shared": recall(ranking(task, shared.hits), question.relevant, 5),
        "page_recall_at_5_in_document": recall(ranking(task, inside.hits), question.relevant, 5),
    }


def say(label: str, metrics: Mapping[str, float]) -> None:
    """One line of progress."""
    print(f"{label:14}", "  ".join(f"{name} {value:.4f}" for name, value in metrics.items()), file=sys.stderr)


def ways(settings: RetrieverSettings, *, modes: bool) -> dict[str, RetrieverSettings]:
    """What is measured, by what stands before the names of its metrics."""
    found = {"": settings}
    if modes:
        found |= {
            "fused.": replace(settings, ranking="none", focus=0.0),
            "text_only.": replace(settings, mode="text", ranking="none", focus=0.0),
            "vector_only.": replace(settings, mode="vector", ranking="none", focus=0.0),
        }
    return found


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The calling convention of all benchmarks."""
    parser = argparse.ArgumentParser(
        prog="benchmarks/retrieval.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", choices=SETS, default="scifact")
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--split", default="dev")
    parser.add_argument("--json", action="store_true", help="no progress, only the result")
    parser.add_argument("--cache", type=Path, help="a folder for the vectors of corpora")
    parser.add_argument("--embedder", help="in place of the one of the set")
    parser.add_argument("--ranker", type=Path, help="in place of the built-in one")
    parser.add_argument("--modes", action="store_true")
    return parser.parse_args(given)


def measure(given: argparse.Namespace, ranker: Ranker) -> dict[str, object]:
    """Build, search, and everything that is printed."""
    started = time.perf_counter()
    task = load_task(given.set, given.data_root / given.set, given.split)
    embedder = KeptVectors(make_embedder(given.embedder or usual_embedder(given.set)), given.cache)
    metrics: Metrics = {}
    with tempfile.TemporaryDirectory() as place:
        index, chunks = shelve(task.corpus, task.chunks, Path(place), embedder)
        built_s = time.perf_counter() - started
        for prefix, settings in ways(SETTINGS_OF[given.set], modes=given.modes).items():
            retriever = Retriever(index, embedder, settings, aids=aids_of(given.set, ranker))
            found = mean(asyncio.run(results_of(task, given.set, retriever)))
            metrics |= {prefix + name: value for name, value in found.items()}
            if not given.json:
                say(prefix, found)
        index.close()
    seconds = time.perf_counter() - started
    return {
        "set": given.set,
        "split": given.split,
        "n": len(task.questions),
        "embedder": embedder.name,
        "seconds": round(seconds, 1),
        "build_seconds": round(built_s, 1),
        "seconds_per_question": round((seconds - built_s) / len(task.questions) / (4 if given.modes else 1), 4),
        "documents": len(task.corpus),
        "chunks": chunks,
        "metrics": metrics,
    }


def main() -> None:
    """Print one JSON object as the last line."""
    given = arguments()
    ranker = read_ranker(given.ranker.read_bytes()) if given.ranker else builtin_ranker()
    print(json.dumps(measure(given, ranker)))


if __name__ == "__main__":
    main()
