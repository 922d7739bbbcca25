"""What can be wrong with making questions from documents."""

from plimsoll.kernel.errors import NotFoundError


class NoTextsError(NotFoundError):
    """The texts of a knowledge base are not there."""

    code = "no_texts"

    def __init__(self, knowledge: str) -> None:
        super().__init__(
            f"no text of a document of {knowledge} that everybody may find is known",
            hint="run `plimsoll build`, which reads them; what only some groups may find is never put into a dataset",
        )
