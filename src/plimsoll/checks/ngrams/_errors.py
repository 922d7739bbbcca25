"""What can be wrong with the file of a model."""

from plimsoll.kernel.errors import IntegrityError


class NgramsFileError(IntegrityError):
    """The file of a model over n-grams cannot be used."""

    code = "ngrams_file"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"the weights of {name} cannot be used: {reason}",
            hint="install Plimsoll again, or make the weights again with `make train-checks`",
        )
