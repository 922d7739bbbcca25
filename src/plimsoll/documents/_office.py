"""Office files (ECMA-376): a zip archive of XML parts that name each other.

Nothing in one is trusted: its directory is looked at before anything is unpacked, a part with a document type (which no
office program writes, and which XML bombs and external entities need) is refused, and nothing is ever fetched. Macros,
formulas and embedded programs are bytes that nobody looks at.
"""

import io
import posixpath
import re
import zipfile
from importlib import import_module
from typing import Any, NamedTuple

from ._assemble import one_line
from ._errors import BrokenFileError, EncryptedError, UnpackedTooLargeError, broken_unless_readable

_MOST_BYTES = 200_000_000
_MOST_ENTRIES = 10_000
_MOST_RATIO = 200
_MOST_TAGS = 10_000_000
_RATIO_MATTERS_ABOVE_BYTES = 20_000_000
_ENCRYPTED = 0x1
# The others unpack all at once, whatever is asked of them.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

_XML_SUFFIXES = (".xml", ".rels", ".vml")
_BEGINNING_BYTES = 100
# In all encodings in which XML may come without declaring another; a declared one must be among the plain ones.
_DOCTYPE = re.compile(b"|".join(re.escape("<!DOCTYPE".encode(code)) for code in ("ascii", "utf-16-le", "utf-16-be")))
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.-]{1,40})["']""")
_PLAIN_ENCODINGS = re.compile(rb"(?i)utf-?8|utf-?16(le|be)?|us-ascii|iso-8859-1|windows-1252")

# ISO/IEC 29500 Strict gives the same elements other names.
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(wordprocessingml|presentationml|drawingml)/main")
_STRICT_RELATIONS = b"http://purl.oclc.org/ooxml/officeDocument/relationships"
_TRANSITIONAL_RELATIONS = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"

_PROPERTIES = {
    "{http://purl.org/dc/elements/1.1/}creator": "author",
    "{http://purl.org/dc/elements/1.1/}subject": "subject",
    "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}keywords": "keywords",
    "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}category": "category",
    "{http://purl.org/dc/terms/}created": "created",
    "{http://purl.org/dc/terms/}modified": "modified",
}
_TITLE = "{http://purl.org/dc/elements/1.1/}title"

# lxml has no types.
etree: Any = import_module("lxml.etree")

Element = Any
"""An element of an XML part."""


class Relation(NamedTuple):
    """What one part says of another."""

    kind: str
    """The last word of its type, such as `slide`."""
    target: str
    """The name of the other part."""


class OfficePackage:
    """The parts of one office file. `kind` is what messages call it, such as `DOCX`.

    Raises BrokenFileError, EncryptedError, and UnpackedTooLargeError for a package that unpacks to more than it should.
    """

    def __init__(self, data: bytes, name: str, kind: str) -> None:
        self._name, self._kind = name, kind
        self._parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        with broken_unless_readable(name, kind):
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            _check_directory(self._archive.infolist(), len(data), name)
            self.parts = frozenset(self._archive.namelist())

    @property
    def notes(self) -> tuple[str, ...]:
        """What is in the file and was left alone."""
        notes = []
        if any(part.lower().endswith("vbaproject.bin") for part in self.parts):
            notes.append("it has macros, which were ignored")
        if any("/embeddings/" in part for part in self.parts):
            notes.append("it has embedded files, which were not read")
        return tuple(notes)

    def checked(self) -> io.BytesIO:
        """A package with the XML parts alone, all looked at, for a library that opens it by itself.

        That library would unpack as it likes, and would take any part for XML that another one calls so.
        Raises BrokenFileError.
        """
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as archive:
            for part in sorted(self.parts):
                if self._is_xml(part):
                    archive.writestr(part, self._bytes(part))
        return copy

    def _is_xml(self, part: str) -> bool:
        """By its suffix or its first sign; pictures, which no library reads as anything else, may begin like that."""
        if part.lower().endswith((*_XML_SUFFIXES, ".svg")):
            return not part.lower().endswith(".svg")
        with broken_unless_readable(self._name, self._kind), self._archive.open(part) as packed:
            return packed.read(_BEGINNING_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    def any_part(self, folder: str, pattern: re.Pattern[bytes]) -> bool:
        """Whether `pattern` is found in any part of a folder. Raises BrokenFileError."""
        return any(pattern.search(self._bytes(part)) for part in self.parts if part.startswith(folder))

    def xml(self, part: str) -> Element:
        """The root of a part. Raises BrokenFileError, and UnpackedTooLargeError for one with too many tags."""
        with broken_unless_readable(self._name, self._kind):
            data = self._bytes(part)
            # Each element takes some hundred bytes in memory, however few it takes in the file.
            if data.count(b"<") > _MOST_TAGS:
                raise UnpackedTooLargeError(self._name, f"its part {part} has more than {_MOST_TAGS:,} tags")
            data = _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/main", data)
            return etree.fromstring(data.replace(_STRICT_RELATIONS, _TRANSITIONAL_RELATIONS), self._parser)

    def main(self) -> str:
        """The name of the part with which reading begins. Raises BrokenFileError."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and relation.target in self.parts:
                return relation.target
        raise BrokenFileError(self._name, kind=self._kind, reason="it has no main part")

    def relations(self, part: str) -> dict[str, Relation]:
        """The other parts of the file that a part names, by id; what lies outside of the file is left out."""
        folder, base = posixpath.split(part)
        place = posixpath.join(folder, "_rels", f"{base}.rels")
        if place not in self.parts:
            return {}
        return {
            child.get("Id", ""): Relation(
                child.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, child.get("Target", ""))).lstrip("/"),
            )
            for child in self.xml(place)
            if child.get("TargetMode") != "External"
        }

    def related(self, part: str, kind: str) -> list[str]:
        """The parts of one kind that a part names and that are there."""
        relations = self.relations(part).values()
        return [relation.target for relation in relations if relation.kind == kind and relation.target in self.parts]

    def properties(self) -> tuple[str, dict[str, str]]:
        """The title (empty without one), and what else the file says about itself."""
        title, facts = "", {}
        for part in self.related("", "core-properties")[:1]:
            for child in self.xml(part):
                text = one_line(child.text or "")
                if child.tag == _TITLE:
                    title = text
                elif text and child.tag in _PROPERTIES:
                    facts[_PROPERTIES[child.tag]] = text
        return title, facts

    def _bytes(self, part: str) -> bytes:
        # Without a size, zipfile unpacks up to 1 GB before it cuts that down to what the directory says.
        with broken_unless_readable(self._name, self._kind), self._archive.open(part) as packed:
            data = packed.read(self._archive.getinfo(part).file_size)
        declared = _DECLARED.match(data)
        if _DOCTYPE.search(data) or (declared and not _PLAIN_ENCODINGS.fullmatch(declared[1])):
            reason = f"its part {part} has a document type or an odd encoding, which no office program writes"
            raise BrokenFileError(self._name, kind=self._kind, reason=reason)
        return data


def _check_directory(entries: list[zipfile.ZipInfo], size_bytes: int, name: str) -> None:
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise EncryptedError(name)
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise UnpackedTooLargeError(name, "it is packed with a method that no office program uses")
    # No more of an entry is ever unpacked than its directory says, so these sizes can be trusted as limits.
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _MOST_BYTES or len(entries) > _MOST_ENTRIES:
        reason = (
            f"its {len(entries):,} parts take {unpacked / 1e6:,.0f} MB, and the limit is {_MOST_BYTES / 1e6:,.0f} MB"
        )
        raise UnpackedTooLargeError(name, reason)
    if unpacked > _RATIO_MATTERS_ABOVE_BYTES and unpacked > _MOST_RATIO * size_bytes:
        raise UnpackedTooLargeError(name, f"it unpacks to {unpacked // size_bytes:,} times its size")
