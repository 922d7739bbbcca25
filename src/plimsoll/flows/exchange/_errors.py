"""What can go wrong between two installations."""

from pathlib import Path

from plimsoll.kernel.errors import DeniedError, InvalidError
from plimsoll.kernel.signing import VerifyingKey


class UntrustedKeyError(DeniedError):
    """The file was signed by somebody whom nobody here has said to trust. `vkey` is the key that it names."""

    code = "key_untrusted"

    def __init__(self, path: Path, key: VerifyingKey) -> None:
        self.vkey = key.text()
        super().__init__(
            f"{path} says that it was signed by {self.vkey}, and that key is not trusted here",
            hint=f"ask its owner for the key over another way; if it is the same, import with --trust {self.vkey}",
        )


class AppDiffersError(InvalidError):
    """The file holds a release of another application."""

    code = "app_differs"

    def __init__(self, path: Path, found: str, own: str) -> None:
        super().__init__(
            f"{path} holds a release of the application {found}, and this project is {own}",
            hint=f"import it in a project folder whose plimsoll.yaml says `name: {found}`",
        )


class FileThereError(InvalidError):
    """The file is there already."""

    code = "file_there"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is there already", hint="name another file, or remove it")
