"""A large text under a policy, a piece at a time."""

from typing import Final

from msgspec.structs import replace

from plimsoll.checks import Context
from plimsoll.guardrails import Policy, Review, Stage, Step, StreamReview, stops
from plimsoll.guardrails.requests import Placeholders

from ._asker import Asker

_PIECE: Final = 16_384
"""Characters. So much is looked at without a pause in which other threads go on."""


def review(
    policy: Policy, text: str, stage: Stage, *, asker: Asker, context: Context, placeholders: Placeholders | None = None
) -> Review:
    """What `policy.review` says of a text, which is the same in pieces. Raises AskerLeftError."""
    asker.check()
    if len(text) <= _PIECE or policy.clears((text,), stage):
        return policy.review(text, stage, context, placeholders)
    stream = policy.stream(stage, context, placeholders)
    begun = fed(stream, text, asker)
    last = stream.close()
    verdict = begun.review or last.review or policy.review(text, stage, context, placeholders)
    return verdict if stops(verdict.action) else replace(verdict, text=begun.text + last.text)


def fed(stream: StreamReview, text: str, asker: Asker) -> Step:
    """What `stream.feed` says of a text, which is the same in pieces. Raises AskerLeftError."""
    if len(text) <= _PIECE:
        return stream.feed(text)
    out = []
    for start in range(0, len(text), _PIECE):
        asker.check()
        step = stream.feed(text[start : start + _PIECE])
        out.append(step.text)
        if step.review is not None:
            return Step("".join(out), step.review)
    return Step("".join(out))
