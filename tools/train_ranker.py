"""Trains the built-in ranker: `src/plimsoll/retrieval/search/weights/ranker.json`.

    python tools/train_ranker.py --data-root ../shared/data --cache DIR [--write FILE] [--held-out]

The candidates of each development question are found and described by the search itself (`Retriever.study`). The
weights are those of a listwise softmax over the candidates of a question (Cao et al. 2007), every set weighing the
square root of its questions, held near hand-chosen weights by a square penalty. The calibration is a logistic
regression on scores that were made without the question's fold. Both are convex and trained by a fixed number of steps
of Newton's method, so equal input gives equal weights.

Only sets whose licences allow it are trained on (`TRAINED`); the others are only measured, as sets that the ranker has
never seen. `--held-out` also prints what each trained set gets from a ranker trained on the others. Folds never part
questions that share a right answer, because many do, and a ranker could know the answer again.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plimsoll.models.catalogue import make_embedder
from plimsoll.retrieval.search import CALIBRATION, FEATURES, Ranker, Retriever, Scope
from plimsoll.retrieval.signals import DEFAULT_WEIGHTS, Signals

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.retrieval_parts.material import Question, Task, load_task
from benchmarks.retrieval_parts.metrics import ndcg, recall
from benchmarks.retrieval_parts.setup import EMBEDDER_OF, SETTINGS_OF, aids_of, filter_of
from benchmarks.retrieval_parts.shelf import KeptVectors, shelve

TRAINED = ("scifact", "contextual_code_retrieval", "anthropic_docs_rag", "chunking_evaluation")
"""CC BY 4.0 with ODC-By 1.0, and MIT three times."""
ONLY_MEASURED = ("financebench", "cranfield")
"""CC BY-NC 4.0, and no licence."""
DEPTH = {"anthropic_docs_rag": 3}
"""What a set is measured at: recall at 5, documentation at 3; the judged documents by NDCG at 10."""

FOLDS = 5
FOREIGN = 20
"""Questions of each other set that a set is asked for the calibration."""
FOREIGN_SHARE = 0.5
"""What these weigh together, where the set's own questions weigh 1."""
ROUNDS = 12
PENALTY = 0.005
PRIOR = {
    "text": 3.0,
    "vector": 3.0,
    "head": 1.0,
    "document": 1.0,
    "name": 6.0,
    "numbers": 5.0,
    "soft": 2.0,
    "feedback": 1.5,
}
"""Where the weights begin, and what they keep where the sets say nothing: hardly one of them has names of documents
that a question says, or asks for figures."""
CALIBRATION_PENALTY = 1e-3

Floats = NDArray[np.float64]
Evidence = tuple[Floats, Floats, Floats]
"""Of one question, for each candidate: what the calibration knows, whether it is right, and how much it weighs."""


@dataclass(frozen=True)
class Asked:
    """One question: the features of its candidates, which are right, and how the set names them."""

    values: Floats
    right: Floats
    names: tuple[str, ...]
    relevant: frozenset[str]
    fold: int


def study(name: str, data_root: Path, cache: Path | None) -> tuple[list[Asked], list[Asked]]:
    """All questions of a set; and questions of the other sets, which nothing in it answers."""
    task = load_task(name, data_root / name, "dev")
    embedder = KeptVectors(make_embedder(EMBEDDER_OF[name]), cache)
    folds = folds_of([question.relevant for question in task.questions])
    with tempfile.TemporaryDirectory() as place:
        index, _ = shelve(task.corpus, task.chunks, Path(place), embedder)
        retriever = Retriever(index, embedder, SETTINGS_OF[name], aids=aids_of(name, Ranker({})))
        found = [asked(task, retriever, *pair) for pair in zip(task.questions, folds, strict=True)]
        foreign = [
            asked(task, retriever, question, place % FOLDS) for place, question in enumerate(strangers(name, data_root))
        ]
        index.close()
    return found, foreign


def strangers(name: str, data_root: Path) -> list[Question]:
    """As many questions of each other set that is trained on, spread over it."""
    found = []
    for other in TRAINED:
        if other != name:
            texts = [question.text for question in load_task(other, data_root / other, "dev").questions]
            chosen = np.linspace(0, len(texts) - 1, FOREIGN).astype(int)
            found += [Question(texts[place], frozenset()) for place in chosen]
    return found


def asked(task: Task, retriever: Retriever, question: Question, fold: int) -> Asked:
    """One question; in a set of filings only the one that is meant is searched."""
    scope = Scope(filter_of(question.document)) if question.document else Scope()
    studied = retriever.study(question.text, scope)
    names, right = [], []
    for one in studied.found:
        names.append(task.name(one.document, one.start, one.end))
        hit = names[-1] in question.relevant
        if question.spans:
            hit = any(
                one.document == path and one.start < end and start < one.end for path, start, end in question.spans
            )
            names[-1] = f"{one.document}:{one.start}"
        right.append(float(hit))
    relevant = (
        frozenset(name for name, yes in zip(names, right, strict=True) if yes) if question.spans else question.relevant
    )
    return Asked(studied.features.values, np.array(right), tuple(names), relevant, fold)


def folds_of(relevant: Sequence[frozenset[str]]) -> list[int]:
    """A fold for each question, the same for questions that share an answer."""
    owner: dict[str, int] = {}
    group = list(range(len(relevant)))

    def root(place: int) -> int:
        while group[place] != place:
            place = group[place]
        return place

    for place, names in enumerate(relevant):
        for name in names:
            group[root(place)] = root(owner.setdefault(name, place))
    roots = [root(place) for place in range(len(relevant))]
    order = np.random.default_rng(1).permutation(len(relevant))
    return [int(order[one]) % FOLDS for one in roots]


def trained(sets: Sequence[Sequence[Asked]]) -> Floats:
    """The weights, in the order of FEATURES, by Newton's method."""
    prior = np.array([PRIOR.get(name, 0.0) for name in FEATURES])
    weights = prior.copy()
    shares = np.sqrt([len(one) for one in sets])
    for _ in range(ROUNDS):
        slope, curve = PENALTY * (weights - prior), PENALTY * np.eye(len(prior))
        for share, part in zip(shares / shares.sum(), sets, strict=True):
            own_slope, own_curve = _slope_and_curve(part, weights)
            slope, curve = slope + share * own_slope, curve + share * own_curve
        weights = weights - np.linalg.solve(curve, slope)
    return weights


def _slope_and_curve(part: Sequence[Asked], weights: Floats) -> tuple[Floats, Floats]:
    """Of the mean listwise loss over the questions that have a right candidate: first and second derivative."""
    slope, curve, count = np.zeros(len(weights)), np.zeros((len(weights), len(weights))), 0
    for one in part:
        if not one.right.any():
            continue
        scores = one.values @ weights
        share = np.exp(scores - scores.max())
        share /= share.sum()
        mean = share @ one.values
        slope += mean - one.right @ one.values / one.right.sum()
        curve += (one.values.T * share) @ one.values - np.outer(mean, mean)
        count += 1
    return slope / max(count, 1), curve / max(count, 1)


def calibrated(sets: Sequence[Sequence[Evidence]]) -> Floats:
    """Weights of the logistic regression, by Newton's method; every set weighs the same."""
    weights = np.zeros(len(CALIBRATION))
    stacked = [[np.concatenate(column) for column in zip(*part, strict=True)] for part in sets]
    for _ in range(50):
        slope, curve = CALIBRATION_PENALTY * weights, CALIBRATION_PENALTY * np.eye(len(weights))
        for values, right, share in stacked:
            given = 1 / (1 + np.exp(-np.clip(values @ weights, -30, 30)))
            scale = share.sum() * len(sets)
            slope = slope + values.T @ ((given - right) * share) / scale
            curve = curve + (values.T * (given * (1 - given) * share)) @ values / scale
        weights = weights - np.linalg.solve(curve, slope)
    return weights


def measured(name: str, one: Asked, scores: Floats) -> float:
    """What a set is measured by."""
    order = np.argsort(-scores, kind="stable")
    ranked = list(dict.fromkeys(one.names[place] for place in order))
    if not one.relevant:
        return 0.0
    if name in {"scifact", "cranfield"}:
        return ndcg(ranked, one.relevant)
    return recall(ranked, one.relevant, DEPTH.get(name, 5))


def out_of_fold(sets: Mapping[str, Sequence[Asked]]) -> dict[str, list[Floats]]:
    """The scores of each question by weights that were trained without its fold."""
    by_fold = [trained([[one for one in part if one.fold != fold] for part in sets.values()]) for fold in range(FOLDS)]
    return {name: [one.values @ by_fold[one.fold] for one in part] for name, part in sets.items()}


def say(label: str, sets: Mapping[str, Sequence[Asked]], scores: Mapping[str, Sequence[Floats]]) -> None:
    """One line: the mean of each set."""
    parts = []
    for name, part in sets.items():
        value = np.mean([measured(name, one, own) for one, own in zip(part, scores[name], strict=True)])
        parts.append(f"{name} {value:.4f}")
    print(f"{label:34}", "  ".join(parts), flush=True)


def scored(sets: Mapping[str, Sequence[Asked]], weights: Floats) -> dict[str, list[Floats]]:
    """The scores of each question by one list of weights."""
    return {name: [one.values @ weights for one in part] for name, part in sets.items()}


def evidence_of(part: Sequence[Asked], scores: Sequence[Floats], weight: float = 1.0) -> list[Evidence]:
    """What the calibration of a set is fitted on."""
    return [
        (Ranker.evidence(Signals(FEATURES, one.values), own), one.right, np.full(len(own), weight))
        for one, own in zip(part, scores, strict=True)
        if len(own)
    ]


def report_calibration(name: str, own: Sequence[Evidence], foreign: Sequence[Evidence], weights: Floats) -> None:
    """How often the best candidate was right, how often that was foreseen, and what is said of foreign questions."""
    best = [int(np.argmax(values @ weights)) for values, _, _ in own]
    said = np.array([_said(values[place] @ weights) for (values, _, _), place in zip(own, best, strict=True)])
    was = np.array([right[place] for (_, right, _), place in zip(own, best, strict=True)])
    strange = np.array([_said((values @ weights).max()) for values, _, _ in foreign])
    told_apart = float(np.mean([np.mean((one > strange) + 0.5 * (one == strange)) for one in said]))
    print(
        f"{name:28} best said {said.mean():.3f} was {was.mean():.3f} foreign said {strange.mean():.3f}"
        f" told apart (AUROC) {told_apart:.3f}",
        flush=True,
    )


def _said(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def arguments() -> argparse.Namespace:
    """Where the sets lie, and where the weights go."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, help="a folder for the vectors of corpora")
    parser.add_argument("--write", type=Path, help="the file for the weights")
    parser.add_argument("--held-out", action="store_true", help="also leave out one set after the other")
    return parser.parse_args()


def rounded(names: Sequence[str], values: Floats) -> dict[str, float]:
    """By name, in so many digits as matter."""
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


def main() -> None:
    """Study, train, report, write."""
    given = arguments()
    studied = {name: study(name, given.data_root, given.cache) for name in (*TRAINED, *ONLY_MEASURED)}
    made = train(studied, held_out=given.held_out)
    text = json.dumps(made, indent=1) + "\n"
    print(text)
    if given.write:
        given.write.write_text(text, encoding="utf-8")


def train(studied: Mapping[str, tuple[list[Asked], list[Asked]]], *, held_out: bool) -> dict[str, object]:
    """The file of the ranker; everything that is known of its quality is printed."""
    everything = {name: own for name, (own, _) in studied.items()}
    sets = {name: everything[name] for name in TRAINED}
    by_hand = np.array([DEFAULT_WEIGHTS.get(name, 0.0) for name in FEATURES])
    say("by hand", everything, scored(everything, by_hand))
    across = out_of_fold(sets)
    say("trained, cross-validated", sets, across)
    weights = trained(list(sets.values()))
    unseen = {name: everything[name] for name in ONLY_MEASURED}
    say("trained, sets never seen", unseen, scored(unseen, weights))
    own = {name: evidence_of(part, across[name]) for name, part in sets.items()}
    foreign = {name: _foreign_evidence(studied[name], weights) for name in sets}
    calibration = calibrated([own[name] + foreign[name] for name in sets])
    for name in sets:
        report_calibration(name, own[name], foreign[name], calibration)
    if held_out:
        report_held_out(sets, own, foreign)
    return {
        "format": 1,
        "about": f"made by tools/train_ranker.py from development rows of {', '.join(TRAINED)}",
        "weights": rounded(FEATURES, weights),
        "calibration": rounded(CALIBRATION, calibration),
    }


def _foreign_evidence(studied: tuple[list[Asked], list[Asked]], weights: Floats) -> list[Evidence]:
    own, foreign = studied
    scores = [one.values @ weights for one in foreign]
    return evidence_of(foreign, scores, FOREIGN_SHARE * len(own) / len(foreign))


def report_held_out(
    sets: Mapping[str, Sequence[Asked]],
    own: Mapping[str, Sequence[Evidence]],
    foreign: Mapping[str, Sequence[Evidence]],
) -> None:
    """What each set gets from weights, and from a calibration, that were made of the others."""
    for name, part in sets.items():
        others = [key for key in sets if key != name]
        say("trained without the set", {name: part}, scored({name: part}, trained([sets[key] for key in others])))
        calibration = calibrated([[*own[key], *foreign[key]] for key in others])
        report_calibration(name, own[name], foreign[name], calibration)


if __name__ == "__main__":
    main()
