"""Why an erasure cannot be done as it was asked."""

from plimsoll.kernel.errors import InvalidError
from plimsoll.kernel.mention import SHORTEST

from ._types import DEFAULT_BASIS


class IdentifierUnusableError(InvalidError):
    """An identifier that stands in every text."""

    code = "identifier_unusable"

    def __init__(self) -> None:
        super().__init__(
            f"an identifier of less than {SHORTEST} characters cannot be looked for: too much would be forgotten",
            hint="name the person as the records do: an e-mail address, a full name, a customer number",
        )


class BasisUnusableError(InvalidError):
    """A legal basis that says who the person is."""

    code = "basis_unusable"

    def __init__(self) -> None:
        super().__init__(
            "the legal basis mentions the person who is to be forgotten, and it stays in the ledger for good",
            hint=f"name the rule alone, such as `{DEFAULT_BASIS}`",
        )
