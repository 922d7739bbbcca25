"""What can be wrong with a classical model, or with what it is asked."""

from dataclasses import dataclass

from plimsoll.kernel.errors import InvalidError

_SHOWN_CHARS = 60
_KINDS = {
    "amount": "an amount",
    "identifier": "an identifier",
    "line": "a line",
    "lines": "lines that follow each other",
}


class FewShotInvalidError(InvalidError):
    """The content of a few-shot model cannot be used."""

    code = "few_shot_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the few-shot model cannot be used: {problem}", hint="give two labels or more, with examples")


class FeatureMissingError(InvalidError):
    """A row has no value for a feature, or one of another kind."""

    code = "feature_missing"

    def __init__(self, row: int, feature: str) -> None:
        super().__init__(
            f"row {row} has no text in `{feature}`", hint=f'send each row as an object, such as {{"{feature}": "…"}}'
        )
        self.param = f"inputs[{row}].{feature}"


@dataclass(frozen=True, slots=True)
class LabelledMistake:
    """A value of a labelled text from which nothing can be learned."""

    line: int
    """Of the file, from 1."""
    field: str
    value: str
    type: str
    is_typed: bool
    """Whether the value is of the field's type at all."""

    @property
    def what(self) -> str:
        """What is wrong, as a sentence without a full stop."""
        kind = _KINDS.get(self.type, f"a {self.type}")
        value = self.value[:_SHOWN_CHARS]
        value = value if value.isprintable() else ascii(value)[1:-1]
        if not self.is_typed:
            return f'field `{self.field}`: "{value}" is not {kind}'
        return f'field `{self.field}`: the text does not have "{value}" as {kind}'

    @property
    def instead(self) -> str:
        """What would be right."""
        if not self.is_typed:
            return "correct the value, or the type of the field"
        return "write the value as it stands in the text, or leave the field out"
