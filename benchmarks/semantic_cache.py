"""What the semantic cache gives for its hits: how often it takes two questions for the same, and how often wrongly.

Set `polarity` (our own pairs in `semantic_cache_pairs.json`, which need no data): the rate of false hits on pairs that
look alike and mean different things ("turn on" and "turn off") beside the rate of hits on paraphrases, for several
thresholds, with vectors alone and with the guard on words. The guard was made while looking at the part `tune`; the
part `decide` has other items in the same sentences. `--split` chooses; `dev` is `tune`.

Sets `clinc150` and `banking77`: each question against every other one of the set. A hit across two intents is false,
or the set calls the same question two things. A hit within an intent need not be right: "the weather in Boston" has the
intent of "the weather in Denver".

    python benchmarks/semantic_cache.py --set polarity --data-root ../shared/data --split decide [--json]
"""

import argparse
import gzip
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from plimsoll.models.answers import difference
from plimsoll.models.catalogue import make_embedder

EMBEDDER = "builtin/static"
THRESHOLDS = (0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99)
USUAL = 0.85
_ROWS = 3000
_BLOCK = 500

PAIRS = Path(__file__).parent / "semantic_cache_pairs.json"
TUNE, DECIDE = "tune", "decide"
LISTED = ("side", "number", "unit", "swap", "negation", "mood", "literal")
"""Families of pairs that mean different things, written out."""

Embed = Callable[[Sequence[str]], Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two questions; `family` says how they were made."""

    one: str
    other: str
    family: str
    part: str


def polarity_pairs(source: dict[str, Any]) -> Iterator[Pair]:
    """Questions that look alike and need different answers. Every second item of a family decides."""
    for number, (one, other, thing) in enumerate(source["antonym"]["items"]):
        for frame in source["antonym"]["frames"]:
            yield Pair(frame.format(f"{one} {thing}"), frame.format(f"{other} {thing}"), "antonym", part_of(number))
    for family in ("name", "question"):
        for number, (frame, names) in enumerate(source[family]):
            for one, other in combinations(names, 2):
                yield Pair(frame.format(one), frame.format(other), family, part_of(number))
    for family in LISTED:
        yield from listed(source, family)


def paraphrase_pairs(source: dict[str, Any]) -> Iterator[Pair]:
    """Questions that may get the same answer; those of the family `free` share no more words than they need to."""
    for family in ("task", "fact", "moment"):
        for number, item in enumerate(source[family]["items"]):
            words = item if isinstance(item, list) else [item]
            texts = [frame.format(*words) for frame in source[family]["frames"]]
            for place in range(1, len(texts)):
                one = texts[0] if (place + number) % 2 else texts[place - 1]
                yield Pair(one, texts[place], family, part_of(number))
    yield from listed(source, "free")


def listed(source: dict[str, Any], family: str) -> Iterator[Pair]:
    """Pairs that are written out."""
    for number, (one, other) in enumerate(source[family]):
        yield Pair(one, other, family, part_of(number))


def part_of(number: int) -> str:
    """Which part an item belongs to."""
    return DECIDE if number % 2 else TUNE


def cosines(pairs: Sequence[Pair], embed: Embed) -> Any:
    """The cosine of each pair."""
    one, other = embed([pair.one for pair in pairs]), embed([pair.other for pair in pairs])
    return np.sum(one * other, axis=1)


def hits(pairs: Sequence[Pair], cosine: Any, at_least: float, *, guarded: bool) -> list[bool]:
    """Which pairs the cache takes for the same question."""
    return [
        bool(value >= at_least) and (not guarded or difference(pair.one, pair.other) is None)
        for pair, value in zip(pairs, cosine, strict=True)
    ]


def rate(values: Iterable[bool]) -> float:
    """The share of trues."""
    listed = list(values)
    return round(sum(listed) / len(listed), 4) if listed else 0.0


def measure_pairs(part: str, embed: Embed) -> tuple[int, dict[str, float]]:
    """False hits and hits of our own pairs."""
    source = json.loads(PAIRS.read_text(encoding="utf-8"))
    groups = {"false_hit_rate": polarity_pairs(source), "hit_rate": paraphrase_pairs(source)}
    metrics: dict[str, float] = {}
    count = 0
    for name, everything in groups.items():
        pairs = [pair for pair in everything if pair.part == part]
        cosine = cosines(pairs, embed)
        count += len(pairs)
        metrics[f"{name.split('_')[0]}_pairs"] = len(pairs)
        for at_least in THRESHOLDS:
            for guarded in (False, True):
                suffix = "guarded" if guarded else "vectors_alone"
                metrics[f"{name}_{suffix}_{at_least:g}"] = rate(hits(pairs, cosine, at_least, guarded=guarded))
        for family, found in by_family(pairs, hits(pairs, cosine, USUAL, guarded=True)).items():
            metrics[f"{name}_guarded_{USUAL:g}_{family}"] = found
    return count, metrics


def by_family(pairs: Sequence[Pair], found: Sequence[bool]) -> dict[str, float]:
    """The rate for each way in which pairs were made."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for pair, hit in zip(pairs, found, strict=True):
        groups[pair.family].append(hit)
    return {family: rate(values) for family, values in groups.items()}


def measure_intents(rows: Sequence[dict[str, Any]], embed: Embed) -> dict[str, float]:
    """How many questions find another one, and how many of these hits are across intents."""
    texts = [row["text"] for row in rows]
    intents = [row.get("intent") or row["label"] for row in rows]
    vectors = embed(texts)
    found: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for start in range(0, len(texts), _BLOCK):
        print(f"{start} of {len(texts)}", file=sys.stderr)
        near = vectors[start : start + _BLOCK] @ vectors.T
        for row, other in zip(*np.nonzero(near >= min(THRESHOLDS)), strict=True):
            one = start + int(row)
            if one < other and texts[one] != texts[other]:
                count_hit(found, near[row, other], (texts[one], texts[other]), same=intents[one] == intents[other])
    metrics: dict[str, float] = {}
    for key in (f"{suffix}_{value:g}" for value in THRESHOLDS for suffix in ("vectors_alone", "guarded")):
        metrics[f"hits_{key}"] = len(found[key])
        metrics[f"false_hits_{key}"] = sum(not same for _, same in found[key])
    return metrics


def count_hit(found: dict[str, list[tuple[str, bool]]], cosine: float, texts: tuple[str, str], *, same: bool) -> None:
    """Write a pair down under each threshold that it reaches."""
    guarded = difference(*texts) is None
    for at_least in THRESHOLDS:
        if cosine >= at_least:
            found[f"vectors_alone_{at_least:g}"].append((texts[0], same))
            if guarded:
                found[f"guarded_{at_least:g}"].append((texts[0], same))


def main() -> None:
    """Read what is to be measured, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="polarity", choices=["polarity", "clinc150", "banking77"])
    parser.add_argument("--data-root", default="../shared/data", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--json", action="store_true", help="print nothing but the result")
    given = parser.parse_args()
    embed = make_embedder(EMBEDDER).embed
    started = time.perf_counter()
    if given.set == "polarity":
        count, metrics = measure_pairs(TUNE if given.split in {"dev", TUNE} else DECIDE, embed)
    else:
        with gzip.open(given.data_root / given.set / f"{given.split}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows = [row for row in map(json.loads, lines) if row.get("intent") != "oos"]
        rows = rows[:: max(1, len(rows) // _ROWS)]
        count, metrics = len(rows), measure_intents(rows, embed)
    if not given.json:
        for name, value in metrics.items():
            print(f"{name:48} {value:10.4f}")
    result = {"set": given.set, "split": given.split, "n": count, "embedder": EMBEDDER}
    print(json.dumps({**result, "seconds": round(time.perf_counter() - started, 1), "metrics": metrics}))


if __name__ == "__main__":
    main()
