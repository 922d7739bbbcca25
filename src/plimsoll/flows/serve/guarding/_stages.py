"""At which stage of a policy something is looked at that it does not name by itself."""

from plimsoll.guardrails import Policy, Stage

CALLS = ("tool_calls", "function_call")
"""Fields of a message in which a model calls something."""


def call_stage(policy: Policy) -> Stage:
    """The stage at which calls of tools are looked at: as any other output where the policy does not name them."""
    return "tool_call" if "tool_call" in policy.stages else "output"


def found_stage(policy: Policy) -> Stage:
    """The stage at which results of tools are looked at: as any other input where the policy does not name them."""
    return "retrieved" if "retrieved" in policy.stages else "input"


def looks_at_answers(policy: Policy) -> bool:
    """Whether a policy says anything about what a model answers."""
    return "output" in policy.stages or "tool_call" in policy.stages
