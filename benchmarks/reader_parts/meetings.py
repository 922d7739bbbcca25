"""QMSum: summaries for a query over a whole transcript, by ROUGE."""

from typing import Any

import numpy as np

from plimsoll.models.providers.reader._evidence import Embed
from plimsoll.models.providers.reader._weights import load_weights
from plimsoll.models.providers.reader.summaries import summarise
from plimsoll.models.providers.reader.training import fit_summaries, folds, meeting_queries

from .rouge import rouge

_FOLDS = 5


def measure(rows: list[dict[str, Any]], embed: Embed, *, is_dev: bool) -> dict[str, float]:
    """ROUGE of all queries, of the general and of the specific ones; on dev fitted without the meeting measured."""
    queries = meeting_queries(rows, embed)
    scores: list[dict[str, float]] = []
    general: list[bool] = []
    words: list[int] = []
    parts = list(folds([one.group for one in queries], _FOLDS)) if is_dev else [([], list(range(len(queries))))]
    for fitted, measured in parts:
        model = fit_summaries([queries[place] for place in fitted], embed) if fitted else load_weights().summaries
        for place in measured:
            one = queries[place]
            said = summarise(one.query, one.meeting, embed, model=model).text
            scores.append(rouge(said, one.reference))
            general.append(one.is_general)
            words.append(len(said.split()))
    figures = {"queries": float(len(queries)), "words": float(np.mean(words))}
    for name in ("rouge1", "rouge2", "rougeL"):
        values = np.array([score[name] for score in scores]) * 100
        figures[name] = float(values.mean())
        for kind, chosen in (("general", np.array(general)), ("specific", ~np.array(general))):
            if chosen.any():
                figures[f"{kind}.{name}"] = float(values[chosen].mean())
    return {name: round(value, 2) for name, value in figures.items()}
