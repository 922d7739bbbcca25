"""What of a request or an answer a text is: words, what stands beside them, or a name."""

from plimsoll.checks import Part
from plimsoll.guardrails import Stage

from ..places import Text

WORDS = "content"
"""The field of a message that holds its words."""
_SAID = frozenset({WORDS, "input"})
_NAME_WORDS = 4


def part_of(one: Text, stage: Stage) -> Part:
    """What a text of a message, an answer or a call for vectors is, that is looked at at a stage of a policy."""
    if one.is_json:
        # Calls are the words of nobody where they are only looked at as any other output.
        return "words" if stage == "tool_call" else "beside"
    return "words" if one.place and one.place[0] in _SAID else "beside"


def part_of_name(text: str) -> Part:
    """What a text is that stands where a name has its place: whoever writes a sentence there says something."""
    return "name" if len(text.split(None, _NAME_WORDS)) < _NAME_WORDS else "beside"
