"""What the README claims about `builtin/reader`: how often its quotation and its span hold the right answer.

Given the paragraph that answers (one passage), it measures the span by SQuAD's rules (exact match and token F1,
Rajpurkar et al. 2016) and whether the quoted sentence holds the gold answer; the floor is the passage's first sentence.
Given the first paragraph of another article, it must say that the documents do not say.

    python benchmarks/reader.py --set xquad --data-root ../shared/data --split dev [--json]
"""

import argparse
import asyncio
import collections
import gzip
import json
import re
import string
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from plimsoll.models import ChatEnd, ChatModel, ChatRequest, Message, Passage
from plimsoll.models.catalogue import RouteSettings, make_chat_model, make_embedder

EMBEDDER = "builtin/static"
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_FIRST_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)
_PROGRESS_ROWS = 100


def normalised(text: str) -> str:
    """SQuAD's normal form: small letters, no punctuation, no articles, single spaces."""
    plain = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", plain).split())


def token_f1(said: str, gold: str) -> float:
    """Harmonic mean of token precision and recall."""
    said_tokens, gold_tokens = normalised(said).split(), normalised(gold).split()
    both = sum((collections.Counter(said_tokens) & collections.Counter(gold_tokens)).values())
    return 2 * both / (len(said_tokens) + len(gold_tokens)) if both else 0.0


def best(said: str, golds: Sequence[str]) -> tuple[float, float]:
    """F1 and exact match against the gold answer that fits best."""
    f1 = max(token_f1(said, gold) for gold in golds)
    return f1, float(any(normalised(said) == normalised(gold) for gold in golds))


def passage_of(context: str) -> Passage:
    """The whole context as one passage."""
    return Passage(
        id="p1", document="context.txt", title="", page=1, start=0, end=len(context), text=context, score=1.0
    )


async def ask(model: ChatModel, question: str, context: str) -> ChatEnd:
    """The end of the reader's answer."""
    request = ChatRequest.of(messages=(Message("user", question),), passages=(passage_of(context),), question=question)
    async for event in model.stream(request):
        if isinstance(event, ChatEnd):
            return event
    message = "the model ended without its last event"
    raise RuntimeError(message)


async def measure_row(model: ChatModel, row: dict[str, Any], foreign: str) -> dict[str, float]:
    """All figures of one question."""
    golds = [gold["text"] for gold in row["answers"]]
    end = await ask(model, row["question"], row["context"])
    f1, exact = best(end.span or "", golds)
    first = _FIRST_SENTENCE.match(row["context"])
    floor_f1, floor_exact = best(first.group() if first else row["context"], golds)
    refused = await ask(model, row["question"], foreign)
    return {
        "f1": f1,
        "exact_match": exact,
        "floor_f1": floor_f1,
        "floor_exact_match": floor_exact,
        "sentence_accuracy": float(any(gold in quote.text for gold in golds for quote in end.quotes[:1])),
        "answer_rate": float(bool(end.answered)),
        "refusal_accuracy": float(not refused.answered),
    }


async def measure(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Means over all rows."""
    model = make_chat_model(RouteSettings(model="builtin/reader"), embedder=make_embedder(EMBEDDER))
    first_of: dict[int, str] = {}
    for row in rows:
        first_of.setdefault(row["article"], row["context"])
    articles = sorted(first_of)
    sums: collections.Counter[str] = collections.Counter()
    for number, row in enumerate(rows):
        foreign = first_of[articles[(articles.index(row["article"]) + 1 + number) % len(articles)]]
        if foreign == first_of[row["article"]]:
            foreign = first_of[articles[(articles.index(row["article"]) + 1) % len(articles)]]
        sums.update(await measure_row(model, row, foreign))
        if number % _PROGRESS_ROWS == 0:
            print(f"{number} of {len(rows)}", file=sys.stderr)
    return {name: round(total / len(rows), 4) for name, total in sums.items()}


def main() -> None:
    """Read the rows, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="xquad", choices=["xquad"])
    parser.add_argument("--data-root", default="../shared/data", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--json", action="store_true", help="print nothing but the result")
    given = parser.parse_args()
    with gzip.open(given.data_root / given.set / f"{given.split}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["lang"] == "en"]
    started = time.perf_counter()
    metrics = asyncio.run(measure(rows))
    seconds = round(time.perf_counter() - started, 1)
    if not given.json:
        for name, value in metrics.items():
            print(f"{name:20} {value:.3f}")
    result = {"set": given.set, "split": given.split, "n": len(rows), "embedder": EMBEDDER, "seconds": seconds}
    print(json.dumps({**result, "metrics": metrics}))


if __name__ == "__main__":
    main()
