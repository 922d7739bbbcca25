"""What can be wrong with a classical model, or with what it is asked."""

from plimsoll.kernel.errors import InvalidError


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
