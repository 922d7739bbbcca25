"""One artifact from files: what no build makes, such as an adapter or a classical model trained elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import DecodeError, json

from plimsoll.access import Acting
from plimsoll.kernel.digest import Digest, Json, canonical_json
from plimsoll.kernel.errors import InvalidError
from plimsoll.registry import DigestMismatchError, Kind, Publication, Registry, Version

MOST_BYTES = 2 << 30
MADE_ELSEWHERE: tuple[Kind, ...] = ("adapter", "model", "agent")
"""Kinds that no build makes from the project's files."""


class FileUnusableError(InvalidError):
    """A file that cannot be published."""

    code = "file_unusable"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be published: {reason}", hint="name readable files of less than 2 GiB each")


class KindBuiltError(InvalidError):
    """A kind whose versions are made by builds."""

    code = "kind_built"

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"versions of kind {kind} are made by `plimsoll build`, from the files of the project",
            hint=f"change its file and build; files can be published as {', '.join(MADE_ELSEWHERE)}",
        )


@dataclass(frozen=True, slots=True)
class PublishParts:
    """What publishing needs."""

    registry: Registry
    keep: Callable[[bytes], Digest]
    acting: Acting
    """Needs the right `publish`."""
    source_commit: str


@dataclass(frozen=True, slots=True)
class PublishWish:
    """What should become a version."""

    artifact: tuple[Kind, str]
    paths: Sequence[Path]
    parents: Sequence[Version] = ()
    expected: Digest = ""
    """The digest that it must have; empty where nobody knows it before."""


def publish_files(app: str, wish: PublishWish, parts: PublishParts) -> Version:
    """Make one JSON file the content of a version, or any other files what a version refers to, by their digests.

    Raises FileUnusableError, DigestMismatchError, and what `Registry.publish` raises.
    """
    parts.acting.require("publish")
    kind, name = wish.artifact
    if kind not in MADE_ELSEWHERE:
        raise KindBuiltError(kind)
    content = _content(wish.paths, parts.keep)
    publication = Publication(kind, name, content, tuple(parent.ref for parent in wish.parents))
    if wish.expected and publication.ref.digest != wish.expected:
        raise DigestMismatchError(publication.ref.key, wish.expected, publication.ref.digest)
    return parts.registry.publish(app, [publication], by=parts.acting.by, source_commit=parts.source_commit)[0]


def _content(paths: Sequence[Path], keep: Callable[[bytes], Digest]) -> Json:
    if len(paths) == 1 and paths[0].suffix == ".json":
        return _json(paths[0])
    files: list[Json] = []
    for path in sorted(paths, key=lambda path: path.name):
        data = _read(path)
        files.append({"name": path.name, "digest": keep(data), "bytes": len(data)})
    names = [path.name for path in paths]
    for name in names:
        if names.count(name) > 1:
            raise FileUnusableError(Path(name), "two files have this name")
    return {"files": files}


def _json(path: Path) -> Json:
    try:
        content: Json = json.decode(_read(path))
        canonical_json(content)
    except (DecodeError, ValueError) as error:
        raise FileUnusableError(path, f"it is not JSON that can be kept: {error}") from error
    return content


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FileUnusableError(path, "it is too large")
        return path.read_bytes()
    except OSError as error:
        raise FileUnusableError(path, error.strerror or str(error)) from error
