"""What can be wrong with a wish about datasets."""

from collections.abc import Sequence

from plimsoll.kernel.errors import InvalidError, NotFoundError
from plimsoll.kernel.words import nearest


class DatasetUnknownError(NotFoundError):
    """The project has no dataset of this name."""

    code = "dataset_unknown"

    def __init__(self, name: str, names: Sequence[str]) -> None:
        near = nearest(name, names)
        listed = f"datasets: {', '.join(names)}" if names else "write one into datasets/, or import one"
        super().__init__(
            f"there is no dataset {name[:100]!a}", hint=f"did you mean `{near}`? {listed}" if near else listed
        )


class DatasetNameError(InvalidError):
    """A dataset cannot be called so."""

    code = "dataset_name"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name[:100]!a} cannot be the name of a dataset",
            hint="lower-case letters, digits and hyphens, beginning with a letter or digit, at most 63 characters",
        )
