"""Evaluations, for people and for programs: runs of suites, and adversarial requests."""

from . import redteams, runs

__all__ = ["redteams", "runs"]
