"""A list of web addresses as a source: a file of the project, or itself at an address.

One address a line, or JSON Lines with `url`, `title`, `access` and `metadata`. Each address is asked with the ETag and
time of its last answer, so that what did not change is not sent again.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from ssl import SSLContext
from typing import Any
from urllib.parse import urldefrag, urlsplit

from .._errors import convert_hint
from .._sniff import kind_by_name, suffix_of_type, supported_suffixes
from .._types import Metadata
from ._errors import FactsInvalidError, FetchError, ListInvalidError, SourceUnreachableError
from ._facts import EVERYBODY, Access
from ._http import Answer, Getter, usual_trust
from ._sidecars import Facts
from ._types import Fetched, Scan, Skipped, SourceFile

_MOST_LINES = 100_000
_MOST_LIST_BYTES = 50_000_000
_KEYS = {"url", "title", "access", "metadata"}
_HINT = 'write an address, or {"url": …, "title": …, "access": […], "metadata": {…}}'
# What servers say of files whose kind they do not know.
_VAGUE = frozenset({"", "application/octet-stream", "binary/octet-stream", "text/plain", "application/xml"})


@dataclass(frozen=True, slots=True)
class UrlList:
    """The documents at the addresses of a list. `place` is a file, or an address."""

    place: Path | str
    access: Access = EVERYBODY
    metadata: Metadata = field(default_factory=dict)
    private_addresses: bool = False
    """Whether servers in private networks may be asked."""
    timeout_s: float = 60.0
    """For one address with all its redirects."""
    trust: Callable[[], SSLContext] = usual_trust

    def __str__(self) -> str:
        return str(self.place)

    def scan(self) -> Scan:
        """The documents in the order of their addresses, each once; lines that are none are skipped.

        Raises SourceUnreachableError when the list cannot be read, and ListInvalidError when it is too long.
        """
        files: dict[str, SourceFile] = {}
        skipped: list[Skipped] = []
        for number, line in self._lines():
            place = f"{self}, line {number}"
            try:
                file = self._entry(line, place)
            except FactsInvalidError as error:
                skipped.append(Skipped(place, error.message, error.hint))
                continue
            if file is None:
                skipped.append(Skipped(place, "it is no http:// or https:// address", _HINT))
            elif file.path in files:
                skipped.append(Skipped(place, f"{file.path} stands in the list twice", "name it once"))
            else:
                files[file.path] = file
        return Scan(tuple(files[path] for path in sorted(files)), tuple(skipped))

    def fetch(self, file: SourceFile, *, known: str, max_bytes: int) -> Fetched | None:
        """What is at the address, when the server has another version than `known`.

        Raises FetchError (PrivateAddressError, ServerFailedError) or FileTooLargeError.
        """
        answer = self._getter().get(file.path, headers=_conditions(known), max_bytes=max_bytes)
        if not answer.is_new:
            return None
        name = _name(file.path, answer)
        return Fetched(answer.body, _version(answer), name)

    def _getter(self) -> Getter:
        return Getter(self.timeout_s, self.private_addresses, self.trust)

    def _lines(self) -> Iterator[tuple[int, str]]:
        lines = self._text().splitlines()
        if len(lines) > _MOST_LINES:
            raise ListInvalidError(str(self), f"it has more than {_MOST_LINES:,} lines")
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                yield number, line.strip()

    def _text(self) -> str:
        try:
            if isinstance(self.place, Path):
                with self.place.open("rb") as file:
                    data = file.read(_MOST_LIST_BYTES + 1)
            else:
                data = self._getter().get(self.place, headers={}, max_bytes=_MOST_LIST_BYTES).body
            if len(data) > _MOST_LIST_BYTES:
                raise ListInvalidError(str(self), f"it has more than {_MOST_LIST_BYTES / 1e6:,.0f} MB")
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ListInvalidError(str(self), "it is no UTF-8 text") from error
        except FetchError as error:
            raise SourceUnreachableError(str(self), error.message) from error
        except OSError as error:
            raise SourceUnreachableError(str(self), error.strerror or "it cannot be read") from error

    def _entry(self, line: str, place: str) -> SourceFile | None:
        told: Mapping[str, Any] = {"url": line}
        if line.startswith("{"):
            told = _object(line, place)
        url = told.get("url")
        if not isinstance(url, str) or not _is_address(url):
            return None
        facts = Facts(self.access, self.metadata).with_those_of(told, place)
        return SourceFile(urldefrag(url).url, None, 0, "", facts.access, facts.metadata)


def _object(line: str, place: str) -> Mapping[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FactsInvalidError(place, f"is no JSON: {error}") from error
    if not isinstance(told, Mapping) or not set(told) <= _KEYS:
        raise FactsInvalidError(place, f"may only say {', '.join(sorted(_KEYS))}")
    return told


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isprintable() and " " not in url


def _version(answer: Answer) -> str:
    """What the server wants to be shown the next time; empty when it gives nothing of the kind."""
    told = {name: answer.headers[name] for name in ("etag", "last-modified") if answer.headers.get(name)}
    return json.dumps(told) if told else ""


def _conditions(known: str) -> dict[str, str]:
    told = json.loads(known) if known else {}
    headers = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    return {headers[name]: value for name, value in told.items()}


def _name(url: str, answer: Answer) -> str:
    """The address with a suffix that tells its kind: by what the server says, or by the address where that is vague."""
    said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    path = urlsplit(url).path
    by_path = PurePosixPath(path).suffix if kind_by_name(path) else ""
    suffix = by_path if by_path and said in _VAGUE else suffix_of_type(said) or by_path
    if not suffix:
        hint = convert_hint(supported_suffixes())
        raise FetchError(url, f"the server says that it is of the kind {said or 'unknown'}", hint=hint)
    if kind_by_name(url) == kind_by_name(f"x{suffix}"):
        return url
    # A name that is nothing but a suffix has no kind.
    return f"{url}index{suffix}" if url.endswith("/") else url + suffix
