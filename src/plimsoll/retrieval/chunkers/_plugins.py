"""A project's own chunkers: a function, named by its module or by an entry point of the group `plimsoll.chunkers`.

A function takes a document and the settings, and gives pairs (start, end), or `Cut`. A module named here is imported,
that is: it runs. That happens where an index is built or a document is shown cut, and never where questions are
answered.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from inspect import getsourcefile
from pathlib import Path

from plimsoll.documents import Document
from plimsoll.kernel.digest import Json, digest_bytes, digest_json
from plimsoll.kernel.errors import PlimsollError

from ._errors import ChunkerBrokenError, ChunkerFailedError, ChunkerMissingError, ChunkerOutputError
from ._types import KINDS, ChunkSettings, Cut

GROUP = "plimsoll.chunkers"

PlugIn = Callable[[Document, ChunkSettings], Iterable[Cut | tuple[int, int]]]

_REFERENCE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


def chunker_names() -> tuple[str, ...]:
    """The built-in kinds, then the installed plug-ins; nothing is imported."""
    return (*KINDS, *sorted({point.name for point in entry_points(group=GROUP)} - KINDS.keys()))


def check_chunker_name(name: str) -> None:
    """Raises ChunkerMissingError for what is neither built in, installed, nor of the form `module:function`."""
    if not _REFERENCE.fullmatch(name) and name not in chunker_names():
        raise ChunkerMissingError(name, chunker_names())


@dataclass(frozen=True, slots=True)
class OwnChunker:
    """A plug-in as a chunker."""

    settings: ChunkSettings
    function: PlugIn
    made_by: str
    """Digest of its source and versions."""

    @property
    def fingerprint(self) -> str:
        """Changes with the plug-in's module, its package's version, and the settings it is given."""
        settings: dict[str, Json] = asdict(self.settings)
        # What is done after the cutting has its own fingerprint.
        return digest_json({**settings, "context": None, "made_by": self.made_by})

    def cut(self, document: Document) -> Iterator[Cut]:
        """Its cuts. Raises ChunkerFailedError and ChunkerOutputError."""
        try:
            for found in self.function(document, self.settings):
                yield found if isinstance(found, Cut) else _as_cut(found, self.settings.kind, document)
        except PlimsollError:
            raise
        except Exception as error:  # code of others: whatever goes wrong in it is said with its name
            reason = f"{type(error).__name__}: {error}"[:300]
            raise ChunkerFailedError(self.settings.kind, document.title, reason) from error


def own_chunker(settings: ChunkSettings) -> OwnChunker:
    """The plug-in that the settings name. Raises ChunkerMissingError and ChunkerBrokenError."""
    name = settings.kind
    check_chunker_name(name)
    point = next(iter(entry_points(group=GROUP, name=name)), None) or EntryPoint(name, name, GROUP)
    function, made_by = _loaded(point)
    return OwnChunker(settings, function, made_by)


@cache
def _loaded(point: EntryPoint) -> tuple[PlugIn, str]:
    try:
        module = import_module(point.module)
        function = point.load()
        source = Path(getsourcefile(module) or "").read_bytes()
    except Exception as error:  # importing a module runs it, and it may fail in any way
        raise ChunkerBrokenError(point.name, f"{type(error).__name__}: {error}"[:300]) from error
    if not callable(function):
        raise ChunkerBrokenError(point.name, f"{point.value} is no function")
    package = point.dist.name if point.dist is not None else point.module.partition(".")[0]
    return function, digest_json([point.value, digest_bytes(source), package, _version(package)])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _as_cut(found: object, name: str, document: Document) -> Cut:
    if (
        not isinstance(found, tuple)
        or len(found) != 2  # noqa: PLR2004  # start and end
        or not all(isinstance(place, int) for place in found)
    ):
        raise ChunkerOutputError(name, document.title, f"{str(found)[:80]!a} is no pair of positions")
    return Cut(*found)
