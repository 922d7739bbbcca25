"""At which stage of a policy something is looked at that it does not name by itself."""

from plimsoll.guardrails import Policy, Stage

CALLS = ("tool_calls", "function_call")
"""Fields of a message in which a model calls something."""
_FOUND: tuple[Stage, ...] = ("tool_result", "retrieved")


class Stages:
    """Where a policy looks at what stands somewhere.

    Calls of tools are looked at as any other output where the policy does not name them, and results of tools as what
    is retrieved, else as any other input. What it names is what stands in its file: an exception for somebody makes
    no other rule hold.
    """

    __slots__ = ("call", "found", "looked_at")

    def __init__(self, policy: Policy, whole: Policy) -> None:
        """`policy` holds for a request, and is what exceptions leave of `whole`."""
        named = whole.stages
        self.call: Stage = "tool_call" if "tool_call" in named else "output"
        self.found: Stage = next((stage for stage in _FOUND if stage in named), "input")
        self.looked_at = frozenset(policy.stages)

    def of(self, place: Stage) -> Stage:
        """The stage of the policy for what stands at a place."""
        if place == "tool_call":
            return self.call
        return self.found if place == "tool_result" else place

    def looks_at(self, place: Stage) -> bool:
        """Whether the policy says anything about what stands at a place."""
        return self.of(place) in self.looked_at
