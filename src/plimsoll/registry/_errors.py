"""What can go wrong with versions and labels."""

from collections.abc import Sequence

from plimsoll.kernel.errors import ConflictError, IntegrityError, InvalidError, NotFoundError
from plimsoll.kernel.words import nearest


class VersionMissingError(NotFoundError):
    """No such version."""

    code = "version_missing"

    def __init__(self, app: str, kind: str, name: str, which: str) -> None:
        super().__init__(
            f"{app} has no {kind} `{name}` {which}".rstrip(),
            hint="`plimsoll registry list` shows the versions there are",
        )


class KindUnknownError(InvalidError):
    """A kind of artifact that does not exist."""

    code = "kind_unknown"

    def __init__(self, kind: str, known: Sequence[str]) -> None:
        meant = nearest(kind, known)
        hint = f"did you mean `{meant}`? " if meant else ""
        super().__init__(f"there is no kind of artifact `{kind}`", hint=f"{hint}the kinds are {', '.join(known)}")


class ReferenceInvalidError(InvalidError):
    """A text that names no version."""

    code = "reference_invalid"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"`{text}` does not name a version",
            hint="write KIND:NAME, KIND:NAME@3, KIND:NAME@LABEL or KIND:NAME@sha256:…, such as prompt:answer@3",
        )


class DigestMismatchError(IntegrityError):
    """Content that is not what its digest says."""

    code = "digest_mismatch"

    def __init__(self, key: str, expected: str, found: str) -> None:
        super().__init__(
            f"the content of {key} has the digest {found}, and {expected} was expected",
            hint="the content was changed on its way; get it again from where it was made",
        )


class CircularLineageError(ConflictError):
    """A version that would be its own ancestor."""

    code = "circular_lineage"

    def __init__(self, version: str, parent: str) -> None:
        super().__init__(
            f"{version} cannot be made from {parent}, which was made from it",
            hint="look at `plimsoll registry lineage` and name the parents that it was really made from",
        )


class ReferencedError(ConflictError):
    """A version that something refers to cannot be removed."""

    code = "still_referenced"

    def __init__(self, version: str, by: str) -> None:
        super().__init__(
            f"{version} cannot be removed: {by} refers to it",
            hint="something changed since the collection was planned; plan it again",
        )


class LabelInvalidError(InvalidError):
    """A name that cannot be a label."""

    code = "label_invalid"

    def __init__(self, label: str) -> None:
        super().__init__(
            f"`{label}` cannot be a label",
            hint="a label is made of lower-case letters, digits, `-`, `_` and `.`, begins with a letter, and has at "
            "most 63 characters",
        )


class LabelMissingError(NotFoundError):
    """No such label."""

    code = "label_missing"

    def __init__(self, key: str, label: str) -> None:
        super().__init__(
            f"{key} has no label `{label}`", hint="`plimsoll registry labels` shows the labels that there are"
        )


class LabelCycleError(ConflictError):
    """A label that would lead back to itself."""

    code = "label_cycle"

    def __init__(self, key: str, path: Sequence[str]) -> None:
        super().__init__(
            f"the labels of {key} would go round in a circle: {' → '.join(path)}",
            hint="let one of them point at a version",
        )
