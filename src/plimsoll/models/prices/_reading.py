"""How many tokens a model may count for what is no text: pictures, files, sound."""

from dataclasses import dataclass
from typing import Final

from ._most import Most

_LARGEST_WINDOW: Final = 2_097_152
"""More than nearly all of today's models read."""
_LONG_WINDOW: Final = 1_048_576
"""Of a model with a price of its own for long prompts: lists often name the shorter window."""
_PICTURE: Final = 25_000
"""The largest picture in full detail that OpenAI's models read: 10,000 patches, 2.46 tokens each. Others count less."""
_SMALL_PICTURE: Final = 3_000
_MINI_PICTURE: Final = 48_169
"""`gpt-4o-mini`: 2,833 tokens, and 5,667 for each of at most eight tiles."""
_SHRINKS: Final = frozenset({"openai", "azure"})
"""Where `detail: low` is known to be obeyed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one model reads at most."""

    window: int = _LARGEST_WINDOW
    """Everything that it can read in one call."""
    picture: int = _PICTURE
    small_picture: int = _PICTURE

    def tokens(self, most: Most) -> int:
        """All tokens that a call can have to be read."""
        pictures = most.pictures * self.picture + most.small_pictures * self.small_picture
        return most.input_tokens + pictures + (self.window if most.is_open else 0)


def reading_of(model: str, *, window: int | None = None, has_long_prompts: bool = False) -> Reading:
    """What a model of a route reads, such as `openai/gpt-4.1-mini`; `window` is what a list says that it reads."""
    listed = _LARGEST_WINDOW if window is None else max(window, _LONG_WINDOW if has_long_prompts else 0)
    provider, _, name = model.partition("/")
    picture = _MINI_PICTURE if "4o-mini" in name else _PICTURE
    return Reading(listed, picture, _SMALL_PICTURE if provider in _SHRINKS else picture)
