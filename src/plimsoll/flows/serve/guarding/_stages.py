"""At which stage of a policy something is looked at that it does not name by itself."""

from plimsoll.guardrails import Policy, Stage

CALLS = ("tool_calls", "function_call")
"""Fields of a message in which a model calls something."""


class Stages:
    """Where a policy looks at what stands somewhere.

    What stands in for a stage that the policy does not name follows from its file: an exception for somebody makes no
    other rule hold.
    """

    __slots__ = ("call", "found", "looked_at")

    def __init__(self, policy: Policy, whole: Policy) -> None:
        """`policy` holds for a request, and is what exceptions leave of `whole`."""
        self.call: Stage = whole.stage_for("tool_call") or "output"
        self.found: Stage = whole.stage_for("tool_result") or "input"
        self.looked_at = frozenset(policy.stages)

    def of(self, place: Stage) -> Stage:
        """The stage of the policy for what stands at a place."""
        if place == "tool_call":
            return self.call
        return self.found if place == "tool_result" else place

    def looks_at(self, place: Stage) -> bool:
        """Whether the policy says anything about what stands at a place."""
        return self.of(place) in self.looked_at
