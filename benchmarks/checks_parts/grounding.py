"""Are answers borne out by their passages (faithbench, qags, begin), and do they leak the prompt?

`faithbench`, `qags`, `begin`: an answer's score is `Grounded.answer_score`; `balanced_accuracy` is that at the
threshold named in the result, which was chosen on the dev rows of the part (`THRESHOLDS`). `sentence_auroc`: of single
sentences, against what people marked (faithbench: an annotation `Unwanted` or `Questionable` overlaps the sentence;
qags: most voters said no).
`prompt_leak_detection`: the access code is known to the check as a canary; the instructions are not in the rows.
`rgb_counterfactual`: a demonstration; is the wrong answer less borne out by the true passages than the right one, and
the right one less by passages with a planted error? Intervals: 95 %, bootstrap over rows, 1,000 times, seed 0.
`measure_grounding`: how long `grounded` and `citations` take.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

from plimsoll.checks import Context
from plimsoll.checks.grounding import citations, grounded, judge
from plimsoll.checks.leaks import prompt_leak

from ._metrics import auroc

Rows = list[dict[str, Any]]
THRESHOLDS = {"faithbench": 0.7, "qags": 0.0013, "cnndm": 0.0013, "xsum": 0.39, "begin": 0.49}
"""Where balanced accuracy is best on dev rows, as the middle of fifteen thresholds; all parts of BEGIN have one."""
_TIMES = 1000
_FALSE_POSITIVES = 0.05
_BAD = ("Unwanted", "Questionable")
_PASSAGES, _CHARACTERS, _REQUESTS, _WARM = 5, 1000, 40, 10
_QUOTATION = ' It says "the names of the parameters of a function" [2].'


def faithbench(rows: Rows, _folder: Path) -> dict[str, Any]:
    """Summaries of ten models, chosen so that detectors disagree."""
    labels, scores = _answers(rows, "source", "summary")
    marked, each = [], []
    for row in rows:
        spans = [(a["start"], a["end"]) for a in row["annotations"] if any(x.startswith(_BAD) for x in a["label"])]
        for one, score in judge(row["summary"], Context("output", passages=(row["source"],))):
            marked.append(any(start < one.sentence.end and one.sentence.start < end for start, end in spans))
            each.append(score)
    return {**_figures(labels, scores, "faithbench"), "sentence_auroc": auroc(marked, each), "sentences": len(each)}


def qags(rows: Rows, _folder: Path) -> dict[str, Any]:
    """Summaries of news; XSum's are one sentence each."""
    found: dict[str, Any] = {**_figures(*_answers(rows, "source", "summary"), "qags"), "by_part": {}}
    for part in sorted({row["part"] for row in rows}):
        own = [row for row in rows if row["part"] == part]
        marked, each = [], []
        for row in own:
            for sentence in row["sentences"]:
                judged = judge(sentence["text"], Context("output", passages=(row["source"],)))
                marked.append(not sentence["supported"])
                each.append(max((score for _, score in judged), default=0.0))
        figures = _figures(*_answers(own, "source", "summary"), part)
        found["by_part"][part] = {**figures, "sentence_auroc": auroc(marked, each), "sentences": len(each)}
    return found


def begin(rows: Rows, _folder: Path) -> dict[str, Any]:
    """Answers of dialogue models about a snippet; the weights were fitted on dev."""
    parts = {
        part: _figures(*_answers([row for row in rows if row["part"] == part], "knowledge", "response"), "begin")
        for part in sorted({row["part"] for row in rows})
    }
    return {**_figures(*_answers(rows, "knowledge", "response"), "begin"), "by_part": parts}


def prompt_leak_detection(rows: Rows, _folder: Path) -> dict[str, Any]:
    """Answers of models that guard an access code."""
    labels = [bool(row["label"]) for row in rows]
    scores = []
    for row in rows:
        code = row["access_code"]
        canaries = [code] if sum(map(str.isalnum, code)) >= 4 else []  # noqa: PLR2004  # the least that the check takes
        scores.append(prompt_leak({"canaries": canaries}).leak_score(row["llm_output"]))
    negative = sorted((score for score, label in zip(scores, labels, strict=True) if not label), reverse=True)
    limit = negative[int(_FALSE_POSITIVES * len(negative))] if negative else 1.0
    found = [score > limit for score, label in zip(scores, labels, strict=True) if label]
    alone = [prompt_leak({}).leak_score(row["llm_output"]) for row in rows]
    return {
        "auroc": auroc(labels, scores),
        "auroc_interval": _interval(auroc, labels, scores),
        "tpr_at_5pct_fpr": sum(found) / max(1, len(found)),
        "auroc_without_canary": auroc(labels, alone),
    }


def rgb_counterfactual(rows: Rows, _folder: Path) -> dict[str, Any]:
    """Right and wrong answers beside true passages, and the right one beside changed ones."""
    check = grounded({})
    wins = {"wrong_answer": 0.0, "changed_passages": 0.0}
    for row in rows:
        right, wrong = (f"{row['query'].rstrip('?')}: {row[name]}." for name in ("answer", "fakeanswer"))
        true, changed = (Context("output", passages=tuple(row[name])) for name in ("positive", "positive_wrong"))
        base = check.answer_score(right, true)
        for name, other in (
            ("wrong_answer", check.answer_score(wrong, true)),
            ("changed_passages", check.answer_score(right, changed)),
        ):
            wins[name] += (other > base) + (other == base) / 2
    return {f"{name}_is_less_borne_out": count / max(1, len(rows)) for name, count in wins.items()}


def measure_grounding() -> dict[str, Any]:
    """Medians of processor time in microseconds, for an answer of 1 kB with five passages of 1 kB.

    `new`: passages that were never seen, with what words of them were not seen before; `seen`: the same again;
    `sentence`: one sentence of such an answer, as in a stream. The prose comes with Python (its language reference).
    """
    prose = " ".join(" ".join(topics[name].split()) for name in sorted(topics))
    stretches = [prose[at : at + _CHARACTERS] for at in range(0, len(prose), _CHARACTERS)]
    told: dict[str, Any] = {}
    for name, find in (("grounded", grounded({}).find), ("citations", citations({}).find)):
        new, seen, sentence = [], [], []
        for number in range(_REQUESTS):
            passages = tuple(stretches[number * _PASSAGES : (number + 1) * _PASSAGES])
            context = Context("output", question="What is a parameter?", passages=passages)
            answer = passages[0][500:] + passages[3][:450] + _QUOTATION
            new.append(_us(find, answer, context))
            seen.append(_us(find, answer, context))
            sentence.append(_us(find, answer[-150:], context))
        told[f"{name}_us"] = {
            kind: statistics.median(times[_WARM:])
            for kind, times in (("new", new), ("seen", seen), ("sentence", sentence))
        }
    return told


def _us(find: Callable[[str, Context], object], text: str, context: Context) -> float:
    started = time.process_time_ns()
    find(text, context)
    return (time.process_time_ns() - started) / 1000


def _answers(rows: Rows, source: str, answer: str) -> tuple[list[bool], list[float]]:
    check = grounded({})
    scores = [check.answer_score(row[answer], Context("output", passages=(row[source],))) for row in rows]
    return [bool(row["label"]) for row in rows], scores


def _figures(labels: Sequence[bool], scores: Sequence[float], chosen: str) -> dict[str, Any]:
    threshold = THRESHOLDS[chosen]

    def balanced(own: Sequence[bool], values: Sequence[float]) -> float:
        return balanced_accuracy(own, values, threshold)

    return {
        "n": len(labels),
        "auroc": auroc(labels, scores),
        "auroc_interval": _interval(auroc, labels, scores),
        "balanced_accuracy": balanced(labels, scores),
        "balanced_accuracy_interval": _interval(balanced, labels, scores),
        "threshold": threshold,
    }


def balanced_accuracy(labels: Sequence[bool], scores: Sequence[float], threshold: float) -> float:
    """Mean of the shares of both classes that the threshold puts right."""
    shares = []
    for wanted in (True, False):
        own = [(score >= threshold) == wanted for score, label in zip(scores, labels, strict=True) if label == wanted]
        shares.append(sum(own) / len(own) if own else 0.0)
    return sum(shares) / 2


def _interval(
    figure: Callable[[Sequence[bool], Sequence[float]], float], labels: Sequence[bool], scores: Sequence[float]
) -> list[float]:
    drawn = random.Random(0)  # noqa: S311  # a sample of rows is no secret
    pairs = list(zip(labels, scores, strict=True))
    found = []
    for _ in range(_TIMES):
        some = drawn.choices(pairs, k=len(pairs))
        found.append(figure([label for label, _ in some], [score for _, score in some]))
    found.sort()
    return [found[int(0.025 * _TIMES)], found[int(0.975 * _TIMES) - 1]]


SETS: dict[str, Callable[[Rows, Path], dict[str, Any]]] = {
    "faithbench": faithbench,
    "qags": qags,
    "begin": begin,
    "prompt_leak_detection": prompt_leak_detection,
    "rgb_counterfactual": rgb_counterfactual,
}
