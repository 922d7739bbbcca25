"""Opens an older snapshot and searches it, in a process of its own, as a server does with what a build has made."""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from plimsoll.models import Embedder
from plimsoll.models.catalogue import make_embedder
from plimsoll.retrieval import Index, Snapshot
from plimsoll.retrieval.engines import Query

from . import material, measures
from .measures import Shelf

QUESTIONS = 200
RECALL_QUESTIONS = 100


def embedder_of(name: str) -> Embedder:
    """The embedder that is meant by `hash` or `builtin/static`."""
    return material.HashEmbedder() if name == "hash" else make_embedder(name)


def in_a_new_process(snapshot: Snapshot, place: Path, chunks: int, embedder: str) -> dict[str, float]:
    """What `searched` says there."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(searched, json.dumps(snapshot.to_json()), place, chunks, embedder).result()


def searched(snapshot: str, place: Path, chunks: int, embedder: str) -> dict[str, float]:
    """Milliseconds to open a snapshot and to search it, and the recall of its vector search."""
    model, questions = embedder_of(embedder), material.questions(QUESTIONS)
    wanted = Snapshot.from_json(json.loads(snapshot))
    shelf = Shelf(place, model)
    started = time.perf_counter()
    older = shelf.open(wanted)
    result = {"open_older_ms": round((time.perf_counter() - started) * 1000, 1)}
    for label, filtered in (("query", False), ("filtered", True)):
        found = measures.latencies(measures.hybrid(older, model, filtered=filtered), questions)
        result |= {f"{label}_{name}": value for name, value in found.items()}
    result |= {f"ranked_{name}": value for name, value in measures.ranked(older, model, questions).items()}
    print(json.dumps(result), file=sys.stderr)
    result["recall_at_10"] = recall(older, model, chunks)
    older.close()
    return result


def recall(index: Index, embedder: Embedder, chunks: int) -> float:
    """Share of the ten nearest chunks by exact search that the index finds, by the words of what is searched for."""
    questions = material.questions(RECALL_QUESTIONS)
    wanted = embedder.embed(questions)
    best = [np.empty(0)] * len(questions)
    count = -(-chunks // material.CHUNKS_PER_DOCUMENT)
    for number in range(count):
        document = material.make(material.path_of(number), chunks)
        scores = np.round(embedder.embed(document.embedding_texts()) @ wanted.T, 6)
        best = [np.sort(np.append(kept, scores[:, at]))[-measures.DEPTH :] for at, kept in enumerate(best)]
    shares = []
    for at, vector in enumerate(wanted):
        found = index.find(Query("", vector, measures.DEPTH)).vector_scores
        # Equal scores are equally near, so what counts is how near the ones are that were found.
        shares.append(float((np.sort(found)[::-1] >= best[at][0]).sum()) / measures.DEPTH)
    return round(float(np.mean(shares)), 4)
