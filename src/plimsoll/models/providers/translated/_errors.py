"""What a caller asks for in OpenAI's form that a provider cannot do."""

from typing import ClassVar

from plimsoll.kernel.errors import InvalidError


class UntranslatableError(InvalidError):
    """The request asks for something that the provider of this model does not have."""

    code: ClassVar[str] = "not_for_this_provider"

    def __init__(self, model: str, field: str, problem: str, *, hint: str = "") -> None:
        super().__init__(
            f"{model}: `{field}` {problem}",
            hint=hint or f"leave `{field}` out, or name a model that takes it",
        )
        self.field = field
        """Where in the request it stands, such as `messages[2].content[0]`."""
