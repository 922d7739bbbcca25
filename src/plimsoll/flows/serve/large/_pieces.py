"""A large text under a policy, a piece at a time."""

from typing import Final

from msgspec.structs import replace

from plimsoll.guardrails import Policy, Review, Stage, stops

from ._asker import Asker

_PIECE: Final = 16_384
"""Characters. So much is looked at without a pause in which other threads go on."""


def review(policy: Policy, text: str, stage: Stage, asker: Asker) -> Review:
    """What `policy.review` says of a text, which is the same in pieces. Raises AskerLeftError."""
    asker.check()
    if len(text) <= _PIECE or policy.clears((text,), stage):
        return policy.review(text, stage)
    stream, out = policy.stream(stage), []
    for start in range(0, len(text), _PIECE):
        asker.check()
        step = stream.feed(text[start : start + _PIECE])
        out.append(step.text)
        if step.review is not None:
            return step.review
    step = stream.close()
    out.append(step.text)
    verdict = step.review or policy.review(text, stage)
    return verdict if stops(verdict.action) else replace(verdict, text="".join(out))
