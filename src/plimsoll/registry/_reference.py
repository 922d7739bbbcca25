"""What people write to name a version: `prompt:answer`, `prompt:answer@3`, `prompt:answer@production`."""

import re
from dataclasses import dataclass

from plimsoll.kernel.digest import Digest

from ._errors import LabelInvalidError, ReferenceInvalidError
from ._types import Kind, split_key

_LABEL = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{4,64}")
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Reference:
    """One version, named by its number, by a digest, by a label, or as the newest of its artifact."""

    kind: Kind
    name: str
    number: int | None = None
    digest: Digest | None = None
    """The whole digest or its first digits."""
    label: str | None = None

    @property
    def key(self) -> str:
        """`kind:name`."""
        return f"{self.kind}:{self.name}"


def parse_reference(text: str) -> Reference:
    """Read KIND:NAME, KIND:NAME@3, KIND:NAME@LABEL or KIND:NAME@sha256:…. Raises InvalidError."""
    key, at, which = text.partition("@")
    kind, name = split_key(key)
    if not at:
        return Reference(kind, name)
    if which.isascii() and which.isdecimal() and len(which) <= _MOST_DIGITS:
        return Reference(kind, name, number=int(which))
    if _DIGEST.fullmatch(which):
        return Reference(kind, name, digest=which)
    if _LABEL.fullmatch(which):
        return Reference(kind, name, label=which)
    raise ReferenceInvalidError(text)


def check_label(label: str) -> str:
    """A text as a label. Raises LabelInvalidError."""
    if not _LABEL.fullmatch(label):
        raise LabelInvalidError(label)
    return label
