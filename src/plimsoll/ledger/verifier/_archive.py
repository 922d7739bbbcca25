"""A plain tar archive (POSIX ustar), read without trust."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ._canonical import parse
from ._report import Report, UnreadableError, WrongError

BLOCK, CHUNK, LINE_LIMIT, JSON_LIMIT, MEMBER_LIMIT, MEMBER_COUNT = 512, 1 << 20, 1 << 20, 1 << 26, 1 << 31, 200_000


class Archive:
    """The regular files of an archive, by name. It reads the headers itself, because it believes none of them.

    Raises UnreadableError for what is no such archive, or larger than is read; links and doubles are findings.
    """

    def __init__(self, path: Path, report: Report) -> None:
        self.path, self.report = path, report
        self.files: dict[str, tuple[int, int]] = {}
        """Where each file starts, and its size in bytes."""
        with path.open("rb") as file:
            end, place, header = file.seek(0, 2), 0, b"\1"
            while place < end and header.strip(b"\0"):
                file.seek(place)
                header = file.read(BLOCK)
                place = self._member(header, place + BLOCK, end) if header.strip(b"\0") else place
            file.seek(min(place, end))
            if any(chunk.strip(b"\0") for chunk in iter(lambda: file.read(CHUNK), b"")):
                report.find(path.name, "has more bytes after its end")

    def _member(self, header: bytes, start: int, end: int) -> int:
        """Note one member; returns where the next header stands."""
        try:
            name, prefix = (header[a:b].split(b"\0")[0].decode() for a, b in ((0, 100), (345, 500)))
            size, total = (int(header[a:b].strip(b"\0 "), 8) for a, b in ((124, 136), (148, 156)))
        except ValueError:
            raise UnreadableError(f"{self.path.name} is no export: it is no plain tar archive") from None
        if total != sum(header[:148] + b" " * 8 + header[156:]) or header[257:262] != b"ustar":
            raise UnreadableError(f"{self.path.name} is no export: the archive is damaged before byte {start}")
        name = f"{prefix}/{name}" if prefix else name
        if not 0 <= size <= MEMBER_LIMIT or len(self.files) >= MEMBER_COUNT:
            raise UnreadableError(f"{self.path.name} is refused: {name} is larger than 2 GiB, or the 200,001st file")
        if start + size > end:
            raise UnreadableError(f"{self.path.name} is cut off in the middle of {name}")
        if header[156:157] not in {b"0", b"\0"}:
            self.report.find(name, "is a link or something else that is no file")
        elif name in self.files:
            self.report.find(name, "is in the archive twice")
        else:
            self.files[name] = (start, size)
        return start + (size + BLOCK - 1) // BLOCK * BLOCK

    def expect(self, names: set[str], others: re.Pattern[str] | None = None) -> None:
        """A finding for every file that is missing, and for every one that is neither in `names` nor fits `others`."""
        for name in sorted(self.files.keys() - names):
            if name.startswith("/") or ".." in name.split("/"):
                self.report.find(name, "leads out of the archive")
            elif not (others and others.fullmatch(name)):
                self.report.find(name, "does not belong in the archive")
        for name in sorted(names - self.files.keys()):
            self.report.find(name, "is missing from the archive")

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, a piece at a time."""
        start, left = self.files[name]
        with self.path.open("rb") as file:
            file.seek(start)
            while left > 0 and (chunk := file.read(min(left, CHUNK))):
                left -= len(chunk)
                yield chunk

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a file; a finding, and an end, where one is too long, not ended or no UTF-8."""
        start, left = self.files.get(name, (0, 0))
        with self.path.open("rb") as file, self.report.watch(name):
            file.seek(start)
            while left > 0:
                line = file.readline(min(left, LINE_LIMIT))
                left -= len(line)
                if not line.endswith(b"\n"):
                    raise WrongError("has a line that is not ended, or longer than a line may be")
                yield line[:-1].decode()

    def content(self, name: str) -> bytes:
        """The bytes of a small file."""
        if self.files[name][1] > JSON_LIMIT:
            raise WrongError("is larger than is read")
        return b"".join(self.chunks(name))

    def json(self, name: str) -> Any:
        """The value in a small file."""
        return parse(self.content(name).decode())
