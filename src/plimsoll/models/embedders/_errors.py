"""What can go wrong while texts become vectors."""

from typing import ClassVar

from plimsoll.kernel.errors import IntegrityError, InvalidError, UnavailableError

from .._errors import plain

_SHOWN_CHARS = 60


def shown(text: str) -> str:
    """The beginning of a text, in one line."""
    line = plain(text)
    return repr(line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 1] + "…")


class VectorsWrongError(IntegrityError):
    """An embedder gave something that is no vector, or not as many as were asked for: nothing of it is kept."""

    code: ClassVar[str] = "vectors_wrong"

    def __init__(self, embedder: str, problem: str) -> None:
        super().__init__(
            f"the embedder {plain(embedder)} gave {problem}",
            hint="check the model's files or its server; nothing of this batch was kept, and the index is unchanged",
        )


class EmbedderChangedError(IntegrityError):
    """The same embedder gives other vectors than before: they would not fit to those of the index."""

    code: ClassVar[str] = "embedder_changed"

    def __init__(self, embedder: str, changed: int, probes: int, *, worst: str, cosine: float) -> None:
        super().__init__(
            f"the embedder {plain(embedder)} is not what it was: {changed} of {probes} probe texts have another vector "
            f"(the furthest, {shown(worst)}, has a cosine of {cosine:.4f} to its old one)",
            hint="if it is wanted, write another `revision` into `embed`, and everything is embedded again; "
            "if not, put the old model back",
        )


class HubModelError(UnavailableError):
    """A model of a hub is not on this machine and could not be fetched."""

    code: ClassVar[str] = "hub_model"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"the model {plain(name)} is not on this machine, and could not be fetched: {plain(problem)}",
            hint="fetch it where there is a network (hf download OWNER/NAME), or copy its folder and name its path",
        )


class CanaryFormatError(IntegrityError):
    """What is kept as probe vectors are none, or those of another embedder."""

    code: ClassVar[str] = "canary_format"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the kept probe vectors cannot be compared: {problem}", hint="build again with another `revision`"
        )


class NoTokensError(InvalidError):
    """The embedder cannot keep the vectors of tokens apart."""

    code: ClassVar[str] = "no_token_vectors"

    def __init__(self, embedder: str) -> None:
        super().__init__(
            f"the embedder {plain(embedder)} gives one vector for a text, and none for its tokens",
            hint="use builtin/minilm, or a model in a folder with its weights, for late interaction",
        )


class EmbedderSettingsError(InvalidError):
    """An embedder is asked for something that it does not have."""

    code: ClassVar[str] = "embedder_settings"

    def __init__(self, name: str, problem: str, *, hint: str) -> None:
        super().__init__(f"{plain(name)} cannot be used so: {problem}", hint=hint)
