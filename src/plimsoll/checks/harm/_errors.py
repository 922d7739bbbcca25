"""What can be wrong with the files of the harm model."""

from plimsoll.kernel.errors import IntegrityError


class HarmFileError(IntegrityError):
    """A file of the model that judges harm cannot be used."""

    code = "harm_file"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the weights of the checks moderation and toxicity cannot be used: {reason}",
            hint="install Plimsoll again, or make the weights again with `make train-checks`",
        )
