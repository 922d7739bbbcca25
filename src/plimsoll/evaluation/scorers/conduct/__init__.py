"""How an answer behaves: does it refuse when it should, is it toxic, does it tell what it must not."""

from .._entries import ScorerEntry, rule_entry
from ._answered import answered
from ._check import CHECK
from ._guardrail_triggered import GUARDRAIL_TRIGGERED
from ._pii_leak import PII_LEAK
from ._prompt_leak import PROMPT_LEAK
from ._refusal_correct import refusal_correct
from ._refusal_quality import refusal_quality
from ._secret_leak import SECRET_LEAK
from ._toxicity import TOXICITY

CONDUCT: tuple[ScorerEntry, ...] = (
    rule_entry(answered),
    rule_entry(refusal_correct),
    rule_entry(refusal_quality),
    TOXICITY,
    PII_LEAK,
    SECRET_LEAK,
    PROMPT_LEAK,
    CHECK,
    GUARDRAIL_TRIGGERED,
)

__all__ = ["CONDUCT"]
