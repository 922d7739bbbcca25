"""What was said in a conversation, as parts that a person can read: texts, pictures, calls of tools.

Messages are OpenAI's, or those of the OpenTelemetry GenAI conventions. They come from records: whatever is missing or
of another kind makes a poorer part, never an error. Not here: how parts are shown (`plimsoll.cli`, `plimsoll.api`).
"""

from ._parts import Part, parts_of, plain
from ._spoken import Turn, calls_of, conversation, inputs_of, output_parts

__all__ = ["Part", "Turn", "calls_of", "conversation", "inputs_of", "output_parts", "parts_of", "plain"]
