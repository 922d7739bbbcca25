"""What can go wrong when a document is cut."""

from collections.abc import Iterable

from plimsoll.kernel.errors import InvalidError, NotFoundError
from plimsoll.kernel.words import nearest


class ChunkerMissingError(NotFoundError):
    """There is no chunker of this name."""

    code = "chunker_missing"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = nearest(name, names)
        super().__init__(
            f"there is no chunker {name!a}",
            hint=(f"did you mean {near}? " if near else "")
            + f"chunkers: {', '.join(names)}; your own is named module:function, or by an entry point of the group "
            "plimsoll.chunkers",
        )


class ChunkerBrokenError(InvalidError):
    """A project's own chunker cannot be loaded."""

    code = "chunker_broken"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"the chunker {name!a} cannot be loaded: {reason}",
            hint="install its package where plimsoll runs, and name a function that takes a document and settings",
        )


class ChunkerFailedError(InvalidError):
    """A project's own chunker ended with an error of its own."""

    code = "chunker_failed"

    def __init__(self, name: str, title: str, reason: str) -> None:
        super().__init__(
            f"the chunker {name!a} failed on the document {title!a}: {reason}",
            hint="correct the chunker; `plimsoll knowledge chunks FILE` tries it on one file",
        )


class ChunkerOutputError(InvalidError):
    """A chunker gave something that cannot be a chunk."""

    code = "chunker_output"

    def __init__(self, name: str, title: str, reason: str) -> None:
        super().__init__(
            f"the chunker {name!a} cut the document {title!a} in a way that cannot be: {reason}",
            hint="give pairs (start, end) of character positions inside document.text, in order and none twice",
        )


class ChunkToolMissingError(InvalidError):
    """A kind of chunker was not given what it needs."""

    code = "chunk_tool_missing"

    def __init__(self, kind: str, tool: str) -> None:
        super().__init__(
            f"chunks of the kind {kind} cannot be made without {tool}", hint=f"hand in {tool}, or use another kind"
        )
