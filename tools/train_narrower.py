"""Trains what narrows hits to sentences: `src/plimsoll/retrieval/search/narrowing/weights/narrower.safetensors`.

    python tools/train_narrower.py --data-root ../shared/data --cache DIR [--write FILE]

The best chunks of each development question of the chunking evaluation (MIT) are found and described by the search
itself, and cut into sentences by the very code that serves. A network learns which share of a sentence's characters
belongs to the answer (cross-entropy, every sentence weighing its characters), by Adam with a square penalty. Equal
input gives equal weights, on the same machine and numpy.

What is printed is cross-validated: no network is asked about a document that it saw questions of, and chunks are scored
by a ranker that was trained without them (`tools/train_ranker.py`).
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.retrieval_parts.material import load_task
from benchmarks.retrieval_parts.setup import EMBEDDER_OF, SETTINGS_OF, aids_of
from benchmarks.retrieval_parts.shelf import KeptVectors, shelve
from train_ranker import TRAINED, Asked, out_of_fold, scored, study, trained

from plimsoll.models.catalogue import make_embedder
from plimsoll.retrieval.search import FEATURES, Ranker, Retriever
from plimsoll.retrieval.search.narrowing import FACTS, Narrowing, Network, Told, chunk_facts
from plimsoll.retrieval.signals import Signals

SET = "chunking_evaluation"
CHUNKS = 60
FOCUSES = (0.5, 0.6, 0.7, 0.85, 1.0, 1.2, 1.5)
MEMBERS, UNITS, STEPS, BATCH = 4, 16, 800, 2048
RATE, PENALTY = 0.01, 1e-3
LEAST_SCALE = 0.02

Floats = NDArray[np.float64]
Span = tuple[str, int, int]


class Found(Protocol):
    """A chunk that was found."""

    @property
    def document(self) -> str:
        """Its path."""

    @property
    def start(self) -> int:
        """Its first character there."""

    @property
    def text(self) -> str:
        """What it says."""

    @property
    def language(self) -> str:
        """Of its document."""


@dataclass(frozen=True)
class Question:
    """One question, with its candidates."""

    text: str
    asked: Asked
    found: Sequence[Found]
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Sample:
    """The sentences of a question's best chunks."""

    facts: Floats
    right: Floats
    """Which share of each answers."""
    lengths: Floats
    fold: int


def questions(data_root: Path, cache: Path | None, asked: Sequence[Asked]) -> list[Question]:
    """What the search finds; `asked` are the same questions as the ranker's trainer sees them."""
    task = load_task(SET, data_root / SET, "dev")
    embedder = KeptVectors(make_embedder(EMBEDDER_OF[SET]), cache)
    with tempfile.TemporaryDirectory() as place:
        index, _ = shelve(task.corpus, task.chunks, Path(place), embedder)
        retriever = Retriever(index, embedder, SETTINGS_OF[SET], aids=aids_of(SET, Ranker({})))
        found = [retriever.study(one.text).found for one in task.questions]
        index.close()
    rows = zip(task.questions, asked, found, strict=True)
    return [Question(one.text, known, own, one.spans) for one, known, own in rows]


def told(question: Question, scores: Floats) -> tuple[list[Told], list[Found]]:
    """The best chunks by some scores."""
    known = chunk_facts(Signals(FEATURES, question.asked.values), scores)
    order = np.argsort(-scores, kind="stable")[:CHUNKS]
    chunks = [question.found[place] for place in order]
    return [Told(one.text, known[place], one.language) for one, place in zip(chunks, order, strict=True)], chunks


def sample(narrowing: Narrowing, question: Question, scores: Floats) -> Sample:
    """What the network is given of a question, and what would be right."""
    chunks, found = told(question, scores)
    places, parted = narrowing.parted(chunks)
    lengths = np.array([end - start for _, start, end in places], np.float64)
    right = [_common(question.spans, found[number], start, end) for number, start, end in places]
    return Sample(narrowing.facts(question.text, parted), np.array(right) / lengths, lengths, question.asked.fold)


def _common(spans: Sequence[Span], chunk: Found, start: int, end: int) -> int:
    first, last = chunk.start + start, chunk.start + end
    return sum(max(0, min(last, to) - max(first, begin)) for path, begin, to in spans if path == chunk.document)


def fitted(samples: Sequence[Sample]) -> Network:
    """The averaged networks."""
    table = np.concatenate([one.facts for one in samples])
    right = np.concatenate([one.right for one in samples])
    weights = np.concatenate([one.lengths for one in samples])
    mean, scale = table.mean(axis=0), np.maximum(table.std(axis=0), LEAST_SCALE)
    rows = replace(_blank(), mean=mean, scale=scale).scaled(table)
    members = [_member(rows, right, weights / weights.mean(), seed) for seed in range(MEMBERS)]
    hidden, bias, output, threshold = (np.stack(part).astype(np.float32) for part in zip(*members, strict=True))
    return Network(mean.astype(np.float32), scale.astype(np.float32), hidden, bias, output, threshold)


def _blank() -> Network:
    """For what needs no weights."""
    none = np.zeros(0, np.float32)
    return Network(none, none, none, none, none, none)


def _member(rows: Floats, right: Floats, weights: Floats, seed: int) -> list[Floats]:
    """One network, by Adam (Kingma and Ba, 2015) with a falling rate."""
    random = np.random.default_rng(seed)
    width, share = rows.shape[1], float(np.average(right, weights=weights))
    parts = [
        random.normal(0, width**-0.5, (width, UNITS)),
        np.zeros(UNITS),
        random.normal(0, UNITS**-0.5, UNITS),
        np.array(np.log(share / (1 - share))),
    ]
    fast, slow = ([np.zeros_like(part) for part in parts] for _ in range(2))
    for step in range(1, STEPS + 1):
        some = random.integers(0, len(rows), BATCH)
        slopes = _slopes(parts, rows[some], right[some], weights[some])
        rate = RATE * (1 - step / STEPS)
        for place, slope in enumerate(slopes):
            fast[place] = 0.9 * fast[place] + 0.1 * slope
            slow[place] = 0.99 * slow[place] + 0.01 * slope**2
            move = fast[place] / (1 - 0.9**step) / (np.sqrt(slow[place] / (1 - 0.99**step)) + 1e-8)
            parts[place] = parts[place] - rate * move
    return parts


def _slopes(parts: Sequence[Floats], rows: Floats, right: Floats, weights: Floats) -> list[Floats]:
    hidden, bias, output, threshold = parts
    active = np.tanh(rows @ hidden + bias)
    wrong = (1 / (1 + np.exp(-(active @ output + threshold))) - right) * weights / len(rows)
    back = np.outer(wrong, output) * (1 - active**2)
    return [rows.T @ back + PENALTY * hidden, back.sum(axis=0), active.T @ wrong + PENALTY * output, wrong.sum()]


def measured(narrowing: Narrowing, question: Question, scores: Floats, focus: float) -> tuple[float, float]:
    """Recall and IoU in characters of what is given for a question."""
    chunks, found = told(question, scores)
    given = narrowing.narrowed(question.text, chunks, focus)
    hit = sum(_common(question.spans, found[one.chunk], one.start, one.end) for one in given)
    length, wanted = sum(one.end - one.start for one in given), sum(end - start for _, start, end in question.spans)
    return hit / wanted, hit / (length + wanted - hit)


def report(label: str, pairs: Sequence[tuple[Narrowing, Question, Floats]]) -> None:
    """Mean recall and IoU at several values of `focus`."""
    means = [np.mean([measured(*one, focus) for one in pairs], axis=0) for focus in FOCUSES]
    parts = [f"focus {focus}: {mean[0]:.3f}/{mean[1]:.3f}" for focus, mean in zip(FOCUSES, means, strict=True)]
    print(f"{label:18}", "  ".join(parts), flush=True)


def arguments() -> argparse.Namespace:
    """Where the sets lie, and where the weights go."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, help="a folder for the vectors of corpora")
    parser.add_argument("--write", type=Path, help="the file for the weights")
    return parser.parse_args()


def main() -> None:
    """Study, cross-validate, train, write."""
    given = arguments()
    sets = {name: study(name, given.data_root, given.cache)[0] for name in TRAINED}
    found = questions(given.data_root, given.cache, sets[SET])
    plain = Narrowing(make_embedder("builtin/static"), _blank())
    across = out_of_fold(sets)[SET]
    samples = [sample(plain, one, scores) for one, scores in zip(found, across, strict=True)]
    folds = sorted({one.fold for one in samples})
    by_fold = {fold: Narrowing(plain.embedder, fitted([one for one in samples if one.fold != fold])) for fold in folds}
    report("cross-validated", [(by_fold[one.asked.fold], one, own) for one, own in zip(found, across, strict=True)])
    network = fitted(samples)
    final = scored({SET: sets[SET]}, trained(list(sets.values())))[SET]
    whole = Narrowing(plain.embedder, network)
    report("as it will serve", [(whole, one, own) for one, own in zip(found, final, strict=True)])
    print(f"{network.hidden.size + network.output.size:,} weights over {len(FACTS)} facts")
    if given.write:
        given.write.write_bytes(network.to_bytes())


if __name__ == "__main__":
    main()
