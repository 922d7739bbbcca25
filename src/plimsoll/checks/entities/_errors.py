"""What can be wrong with the weights of the tagger."""

from plimsoll.kernel.errors import IntegrityError


class TaggerFormatError(IntegrityError):
    """The file of a tagger cannot be used."""

    code = "tagger_format"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the weights that find names and places cannot be used: {reason}",
            hint="install Plimsoll again, or make them with `python -m tools.train_checks.entities`",
        )
