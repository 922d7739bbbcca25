"""OpenAI's Responses: translated into a chat completion, and back, whole or as a stream of events.

Nothing is kept between two calls: the caller sends the whole conversation each time (`store: false`).
"""

from ._asked import ResponsesIn
from ._dialect import ResponsesDialect

__all__ = ["ResponsesDialect", "ResponsesIn"]
