"""What can be wrong with the fields that are wanted."""

from plimsoll.kernel.errors import InvalidError


class FieldsInvalidError(InvalidError):
    """Fields that cannot be looked for."""

    code = "fields_invalid"

    def __init__(self, problem: str, hint: str = "give each field its own name and one of the types") -> None:
        super().__init__(f"these fields cannot be looked for: {problem}", hint=hint)
