"""Guardrails, for people and for programs: policies, what they did, and how good they are."""

from . import explained, figures, matrices, policies, triggers, tuned

__all__ = ["explained", "figures", "matrices", "policies", "triggers", "tuned"]
