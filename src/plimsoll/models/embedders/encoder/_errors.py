"""What can go wrong with the files of a model."""

from typing import ClassVar

from plimsoll.kernel.errors import InvalidError, UnavailableError

from ..._errors import plain


class ModelFilesError(InvalidError):
    """The files of a model are missing, broken, or of a kind that is not run here."""

    code: ClassVar[str] = "model_files"

    def __init__(self, model: str, problem: str, *, hint: str = "") -> None:
        super().__init__(
            f"the model {plain(model)} cannot be used: {plain(problem)}",
            hint=hint or "its folder needs config.json, tokenizer.json, and model.safetensors or model.onnx",
        )


class PackageMissingError(UnavailableError):
    """An optional package that a model needs is not installed."""

    code: ClassVar[str] = "package_missing"

    def __init__(self, model: str, package: str, install: str) -> None:
        super().__init__(f"{plain(model)} needs the package {package}, which is not installed", hint=install)
