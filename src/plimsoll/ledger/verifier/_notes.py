"""Keys and signed notes (C2SP signed-note and tlog-checkpoint)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from ._canonical import from_base64, parse
from ._ed25519 import ed25519_verifies
from ._report import MALFORMED, Report, UnreadableError, WrongError

ED25519, KEY_LENGTH, HASH_LENGTH, ID_LENGTH = 1, 32, 32, 4
NOTE = re.compile(r"(?:[^\n]+\n)+\n(?:\u2014 [^\n]+(?:\n|\Z))+")
SIGNATURE = re.compile(r"\u2014 ([^ ]+) ([^ ]+)")
COUNT = re.compile(r"0|[1-9][0-9]{0,14}")

Checkpoint = tuple[int, bytes, str]
"""Size and root of the tree, and where the checkpoint stands."""


class Key:
    """An Ed25519 key in the form `name+<key id>+<base64>`. Raises an error of `MALFORMED` for another text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.name, identity, encoded = text.split("+", 2)
        data = from_base64(encoded)
        self.public, self.identity = data[1:], hashlib.sha256(f"{self.name}\n".encode() + data).digest()[:ID_LENGTH]
        if data[0] != ED25519 or len(self.public) != KEY_LENGTH or self.identity.hex() != identity:
            raise WrongError(f"names `{text[:120]}`, which is no Ed25519 key")

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key signed the message."""
        return ed25519_verifies(self.public, signature, message)

    def open_note(self, note: str) -> tuple[int, bytes]:
        """Size and root of the tree that a checkpoint signed by this key states."""
        body, _, lines = note.rpartition("\n\n")
        signatures = [SIGNATURE.fullmatch(line) for line in lines[:-1].split("\n")]
        if lines[-1:] != "\n" or None in signatures:
            raise WrongError("is no signed note: it was changed")
        texts = [from_base64(match[2]) for match in signatures if match and match[1] == self.name]
        ours = [text[ID_LENGTH:] for text in texts if text[:ID_LENGTH] == self.identity]
        if not ours:
            raise WrongError(f"is not signed by the key {self.text}")
        if not all(self.verifies(signature, f"{body}\n".encode()) for signature in ours):
            raise WrongError("has a signature that does not verify: it was changed, or somebody else signed it")
        origin, size, root = f"{body}\n".split("\n")[:3]
        if origin != self.name or not COUNT.fullmatch(size) or len(from_base64(root)) != HASH_LENGTH:
            raise WrongError("is signed, but is no checkpoint of this ledger")
        return int(size), from_base64(root)


def open_notes(report: Report, key: Key, notes: Iterable[tuple[str, str]]) -> Iterator[Checkpoint]:
    """The checkpoints among `notes` (where and text) that the key signed; a finding for every other."""
    for where, note in notes:
        checkpoint = None
        with report.watch(where):
            checkpoint = key.open_note(note)
        if checkpoint is not None:
            yield (*checkpoint, where)


def wrapped_notes(report: Report, name: str, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The notes in JSON lines with the field `note`, each with where it stands."""
    for number, line in enumerate(lines, 1):
        note = None
        with report.watch(f"{name} line {number}"):
            note = parse(line)["note"].removesuffix("")
        if note is not None:
            yield f"{name} line {number}", note


def split_notes(name: str, text: str) -> list[tuple[str, str]]:
    """The notes in an auditor's file: one after the other, or in JSON lines with the field `note`."""
    text = text.replace("\r\n", "\n")
    wrapped = text.startswith("{")
    try:
        notes = [parse(line)["note"] for line in text.splitlines()] if wrapped else NOTE.findall(text)
    except MALFORMED:
        notes = []
    if not notes or not (wrapped or NOTE.sub("", text).strip() == ""):
        raise UnreadableError(f"{name} holds something else than signed checkpoints")
    ended = [note if note.endswith("\n") else note + "\n" for note in map(str, notes)]
    return [(f"{name} note {place}" if len(ended) > 1 else name, note) for place, note in enumerate(ended, 1)]
