"""What may stand in `guardrails/*.yaml`: checks, tests, and what is inherited from other guardrails.

Here: the forms of the file. Not here: what becomes of `extends` (`plimsoll.project`), what options a check takes
(`plimsoll.checks.catalogue`), and what a policy does (`plimsoll.guardrails`).
"""

from ._definition import MOST_CHECKS, GuardrailDefinition, TestSection
from ._rule import CheckSection, OffSection

__all__ = ["MOST_CHECKS", "CheckSection", "GuardrailDefinition", "OffSection", "TestSection"]
