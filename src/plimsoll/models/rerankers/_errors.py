"""What can go wrong while passages are read again."""

from typing import ClassVar

from plimsoll.kernel.errors import IntegrityError

from .._errors import plain


class ScoresWrongError(IntegrityError):
    """A reranker gave something that is no score, or not as many as there are passages."""

    code: ClassVar[str] = "scores_wrong"

    def __init__(self, reranker: str, problem: str) -> None:
        super().__init__(
            f"the reranker {plain(reranker)} gave {problem}",
            hint="check the model's files or its server; search without it meanwhile",
        )
