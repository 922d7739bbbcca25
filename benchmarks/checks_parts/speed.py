"""How fast the checks are, in processor time."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from plimsoll.checks import NO_CONTEXT, Context, Found
from plimsoll.checks.patterns import PatternCheck, Scanner
from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import Json

from .every_speed import measure_every_check
from .pii_speed import measure_rates

_SENTENCE = (
    "The tenant may end the lease with a notice period of three months to the end of a quarter, unless the parties "
    "have agreed on 12 other terms in writing (see section 4.2). "
)
_UNBROKEN = 10_000
_PERSON = "Write to bob.smith@example.org or call +49 89 1234567. "


def measure_speed() -> dict[str, Any]:
    """CPU time of pii and secrets together, which are made of patterns, for whole texts and for pieces of a stream."""
    checks: list[Json] = [
        {"check": "pii", "on": ["input", "output"], "action": "redact"},
        {"check": "secrets", "on": ["input", "output"], "action": "redact"},
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
        **_hold_back(policy, tokens),
        **measure_every_check(),
        **measure_rates(),
    }


@dataclass(frozen=True)
class _Sentencewise:
    """Costs nothing and finds nothing: what is left is how long a check of sentences holds a text back."""

    name: str = "sentencewise"
    version: str = "1"
    kinds: tuple[str, ...] = ("odd",)
    by_sentence: bool = True

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it finds nothing
        return ()


def _hold_back(patterns: Policy, tokens: Sequence[str]) -> dict[str, Any]:
    """How much of an answer waits: with checks made of patterns alone, and with one that judges sentences as well.

    - `stream_held_characters`: after each token of the text, on average and at most; and at most in a text that never
      breaks. `stream_window_characters` is the most that each can ever hold: its longest match, or sentence.
    - `stream_first_token`: of answers that begin at any word of the text, how many tokens must have come, on average
      and at most, until the first goes out (1 is at once), and the processor time that all of them took.
    """
    rule: Json = {"check": "sentencewise", "on": ["output"], "action": "flag"}
    own = Policy.from_json("sentences", {"checks": [rule]}, {"sentencewise": _Sentencewise()})
    policies = {"patterns": patterns, "sentences": Policy("sentences", [*patterns.rules, *own.rules])}
    windows = {
        rule.check.name: Scanner(rule.check.patterns).longest
        for rule in patterns.rules
        if isinstance(rule.check, PatternCheck)
    }
    return {
        "stream_held_characters": {name: _held_by(policy, tokens) for name, policy in policies.items()},
        "stream_first_token": {name: _first_by(policy, tokens) for name, policy in policies.items()},
        "stream_window_characters": {**windows, "sentences": max(_held(own, ["x"] * _UNBROKEN))},
    }


def _held_by(policy: Policy, tokens: Sequence[str]) -> dict[str, float]:
    held = list(_held(policy, tokens))
    unbroken = max(_held(policy, ["x"] * _UNBROKEN))
    return {"mean": sum(held) / len(held), "most": max(held), "most_unbroken": unbroken}


def _first_by(policy: Policy, tokens: Sequence[str]) -> dict[str, float]:
    answers = [tokens[at:] for at, token in enumerate(tokens[:-60]) if token.strip()]

    def first() -> list[int]:
        return [_until_first(policy, answer) for answer in answers]

    waits = first()
    cpu_us = _cpu_us(first) / len(answers)
    return {"mean_tokens": sum(waits) / len(waits), "most_tokens": max(waits), "cpu_us": cpu_us}


def _held(policy: Policy, tokens: Sequence[str]) -> Iterator[int]:
    review, held = policy.stream(), 0
    for token in tokens:
        held += len(token) - len(review.feed(token).text)
        yield held


def _until_first(policy: Policy, tokens: Sequence[str]) -> int:
    review = policy.stream()
    return next((number for number, token in enumerate(tokens, 1) if review.feed(token).text), len(tokens))


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
