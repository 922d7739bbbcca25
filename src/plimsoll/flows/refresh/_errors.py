"""Why a refresh does not begin."""

from collections.abc import Sequence

from plimsoll.kernel.errors import NotFoundError


class KnowledgeUnknownError(NotFoundError):
    """The project has no knowledge base of that name."""

    code = "knowledge_unknown"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        names = ", ".join(known) or "none"
        super().__init__(f"knowledge/ has no knowledge base `{name}`", hint=f"the knowledge bases are: {names}")
