"""What can go wrong with a thesaurus."""

from collections.abc import Iterable

from plimsoll.kernel.errors import InvalidError, NotFoundError
from plimsoll.kernel.words import nearest


class ThesaurusMissingError(NotFoundError):
    """There is no built-in thesaurus of this name."""

    code = "thesaurus_missing"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = nearest(name, names)
        super().__init__(
            f"there is no thesaurus {name!a}",
            hint=(f"did you mean {near}? " if near else "") + f"built in: {', '.join(names)}",
        )


class ThesaurusFormatError(InvalidError):
    """Something is not a thesaurus."""

    code = "thesaurus_format"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"this is no thesaurus: {reason}",
            hint='write {"groups": [{"when": ["capex"], "add": ["capital expenditures"]}]}',
        )
