"""PubMedQA: yes, no or maybe from the question and the passages of its abstract, without the conclusion."""

from typing import Any

import numpy as np

from plimsoll.models.providers.reader._evidence import Embed
from plimsoll.models.providers.reader._weights import load_weights
from plimsoll.models.providers.reader.training import fit_verdicts, folds
from plimsoll.models.providers.reader.verdicts import VERDICTS, decide

_FOLDS = 10


def measure(rows: list[dict[str, Any]], embed: Embed, *, is_dev: bool) -> dict[str, float]:
    """Accuracy and macro F1 beside the commonest answer; on dev fitted without the rows measured."""
    gold, said = [], []
    parts = list(folds([row["id"] for row in rows], _FOLDS)) if is_dev else [([], list(range(len(rows))))]
    for fitted, measured in parts:
        model = fit_verdicts([rows[place] for place in fitted], embed) if fitted else load_weights().verdicts
        for place in measured:
            gold.append(rows[place]["answer"])
            said.append(decide(rows[place]["question"], rows[place]["contexts"], embed, model=model).verdict)
    truth, answers = np.array(gold), np.array(said)
    return {
        "accuracy": round(float((truth == answers).mean()), 4),
        "macro_f1": round(float(np.mean([_f1(truth == one, answers == one) for one in VERDICTS])), 4),
        "majority_accuracy": round(max(float((truth == one).mean()) for one in VERDICTS), 4),
    }


def _f1(truth: np.typing.NDArray[np.bool_], said: np.typing.NDArray[np.bool_]) -> float:
    both = float((truth & said).sum())
    return 2 * both / float(truth.sum() + said.sum()) if both else 0.0
