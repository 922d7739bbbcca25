"""The sources of a project file, made ready to be scanned."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from plimsoll.documents import Metadata
from plimsoll.documents.sources import EVERYBODY, Access, Bucket, Scan, SourceUnreachableError, UrlList, scan
from plimsoll.pipelines import StageCache
from plimsoll.project import KnowledgeDefinition

from ._fetching import RemoteSource

_SCHEMES = ("http://", "https://")
_BUCKET_SCHEME = "s3://"


@dataclass(frozen=True, slots=True)
class Source:
    """One folder (or file) that documents come from. `prefix` stands before the path of each of its documents."""

    location: Path
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    prefix: str
    access: Access = EVERYBODY
    metadata: Metadata = field(default_factory=dict)

    def scan(self) -> Scan:
        """What it holds.

        Raises SourceMissingError, SourceUnusableError, PatternError, or SourceUnreachableError when it disappears
        meanwhile.
        """
        found = scan(
            self.location, include=self.include, exclude=self.exclude, access=self.access, metadata=self.metadata
        )
        if found.skipped:
            self.check_there()
        return found

    def place_of(self, path: str) -> str:
        """The same for the same file, whichever source holds it; links are not followed."""
        there = self.location.resolve()
        return str(there / path if there.is_dir() else there)

    def check_there(self) -> None:
        """Raises SourceUnreachableError when the folder is gone, or empty as where a disk was taken away."""
        try:
            gone = self.location.is_dir() and not any(self.location.iterdir())
            gone = gone or not self.location.exists()
        except OSError:
            gone = True
        if gone:
            raise SourceUnreachableError(str(self.location), "it disappeared while it was read")


AnySource = Source | RemoteSource


def open_sources(
    root: Path, knowledge: KnowledgeDefinition, *, cache: StageCache, resolve: Callable[[str], str]
) -> list[AnySource]:
    """The sources of a knowledge base; with several, each document's path begins with its source's.

    `resolve` replaces `${env:NAME}` in the keys of buckets. Addresses of a list are paths as they are.
    """
    several = len(knowledge.sources) > 1
    opened: list[AnySource] = []
    for source in knowledge.sources:
        access, metadata = source.access, source.metadata
        if source.path is not None:
            prefix = f"{source.path.strip('/')}/" if several else ""
            opened.append(Source(root / source.path, source.include, source.exclude, prefix, access, metadata))
        elif source.bucket is not None:
            prefix = f"{source.bucket.rstrip('/')}/" if several else ""
            name, _, folder = source.bucket.removeprefix(_BUCKET_SCHEME).partition("/")
            bucket = Bucket(
                name=name,
                prefix=folder,
                endpoint=source.endpoint or "",
                region=source.region or "us-east-1",
                access_key_id=resolve(source.access_key_id or ""),
                secret_access_key=resolve(source.secret_access_key or ""),
                include=source.include,
                exclude=source.exclude,
                access=access,
                metadata=metadata,
            )
            opened.append(RemoteSource(bucket, prefix, cache, source.endpoint or ""))
        elif source.urls is not None:
            place = source.urls if source.urls.startswith(_SCHEMES) else root / source.urls
            urls = UrlList(place, access=access, metadata=metadata, private_addresses=source.private_addresses)
            opened.append(RemoteSource(urls, "", cache))
    return opened
