"""What the reader does not read."""

from plimsoll.kernel.errors import InvalidError


class TextTooLongError(InvalidError):
    """A message brings along a longer text than the reader takes."""

    code = "context_length_exceeded"

    def __init__(self, chars: int, most: int) -> None:
        super().__init__(
            f"the message has a text of {chars:,} characters, and builtin/reader reads at most {most:,}",
            hint="send a part of it, or put the document into a knowledge base",
        )
