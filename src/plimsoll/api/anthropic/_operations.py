"""What this room answers, for the description of the API."""

from ..wire import CALL, Operation
from ._asked import CountTokensIn, MessagesIn
from ._shapes import CountTokensOut, MessageOut

OPERATIONS = (
    Operation(
        "post",
        "/v1/messages",
        "An answer, as Anthropic's Messages.",
        MessagesIn,
        MessageOut,
        streams=True,
        envelope="anthropic",
        parameters=CALL,
    ),
    Operation(
        "post",
        "/v1/messages/count_tokens",
        "About how many tokens a request has: an estimate.",
        CountTokensIn,
        CountTokensOut,
        envelope="anthropic",
    ),
)
"""Its calls."""
