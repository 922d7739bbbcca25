"""A list of web addresses as a source: a file of the project, or itself at an address.

One address a line, or JSON Lines with `url`, `title`, `access` and `metadata`. Each address is asked with the ETag and
time of its last answer, so that what did not change is not sent again.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from ssl import SSLContext
from typing import Any
from urllib.parse import urldefrag, urlsplit, urlunsplit

from .._errors import convert_hint
from .._sniff import kind_by_name, suffix_of_type, supported_suffixes
from .._types import Metadata
from ._beside import parse_json, read_regular
from ._errors import FactsInvalidError, FetchError, ListInvalidError, SourceUnreachableError
from ._facts import EVERYBODY, Access
from ._http import Answer, Getter, usual_trust
from ._sidecars import Facts
from ._types import Fetched, Scan, Skipped, SourceFile

_MOST_LINES = 100_000
_MOST_LIST_BYTES = 50_000_000
_KEYS = {"url", "title", "access", "metadata"}
_DIFFERENT = "stands in the list for different readers"
_HINT = 'write an address, or {"url": …, "title": …, "access": […], "metadata": {…}}'
_PORTS = {"http": 80, "https": 443}
_URL_OF_OBJECT = re.compile(r'"url"\s*+:\s*+("(?:[^"\\]++|\\.)*+")')
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

        An address of which the list says different readers, or any that are not understood, is left out: which of its
        lines is the right one cannot be known.
        Raises SourceUnreachableError when the list cannot be read, and ListInvalidError when it is too long.
        """
        found = _Found()
        for number, line in self._lines():
            place = f"{self}, line {number}"
            try:
                file = self._entry(line, place)
            except FactsInvalidError as error:
                found.refuse(_address_of(line), place, error)
                continue
            if file is None:
                found.skipped.append(Skipped(place, "it is no plain http:// or https:// address", _HINT))
            else:
                found.add(file, place)
        return found.result()

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
                data = read_regular(self.place, _MOST_LIST_BYTES)
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
        address = _address(told.get("url"))
        if not address:
            return None
        facts = Facts(self.access, self.metadata).with_those_of(told, place)
        return SourceFile(address, None, 0, "", facts.access, facts.metadata)


@dataclass(slots=True)
class _Found:
    """What the lines of a list say, as far as it was read."""

    files: dict[str, SourceFile] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    refused: dict[str, Skipped] = field(default_factory=dict)
    """By address: those that no other line may bring back."""

    def add(self, file: SourceFile, place: str) -> None:
        before = self.files.setdefault(file.path, file)
        if before.access != file.access:
            told = " and ".join(sorted(f"[{', '.join(access)}]" for access in (before.access, file.access)))
            hint = "name it once, with all who may read it"
            self.refused.setdefault(file.path, Skipped(file.path, f"it {_DIFFERENT}: {told}", hint))
        elif before is not file:
            self.skipped.append(Skipped(place, f"{file.path} stands in the list twice", "name it once"))

    def refuse(self, address: str, place: str, error: FactsInvalidError) -> None:
        if address:
            self.refused.setdefault(address, Skipped(address, error.message, error.hint))
        else:
            self.skipped.append(Skipped(place, error.message, error.hint))

    def result(self) -> Scan:
        files = tuple(self.files[path] for path in sorted(self.files) if path not in self.refused)
        return Scan(files, (*self.skipped, *(self.refused[path] for path in sorted(self.refused))))


def _object(line: str, place: str) -> Mapping[str, Any]:
    try:
        told = parse_json(line)
    except (ValueError, RecursionError) as error:
        raise FactsInvalidError(place, f"is no JSON: {error}") from error
    if not isinstance(told, Mapping) or not set(told) <= _KEYS:
        raise FactsInvalidError(place, f"may only say {', '.join(sorted(_KEYS))}")
    return told


def _address_of(line: str) -> str:
    """The address in a line that is not understood; empty where none can be seen in it."""
    found = _URL_OF_OBJECT.search(line)
    try:
        return _address(json.loads(found[1])) if found else ""
    except ValueError:
        return ""


def _address(url: object) -> str:
    """An address in the one form in which it is compared with others (RFC 3986, 6.2.2.1 and 6.2.3); empty for none."""
    if not isinstance(url, str) or not url.isprintable() or " " in url:
        return ""
    try:
        parts = urlsplit(urldefrag(url).url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return ""
    # A password would stand in every report, as part of the document's name.
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        return ""
    place = f"[{host}]" if ":" in host else host
    named = "" if port in {None, _PORTS[parts.scheme]} else f":{port}"
    return urlunsplit((parts.scheme, f"{place}{named}", parts.path or "/", parts.query, ""))


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
