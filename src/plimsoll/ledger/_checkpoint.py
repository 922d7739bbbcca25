"""Signed statements of how long the ledger is and what its root is: C2SP checkpoints in signed notes, and proofs.

Formats: c2sp.org/signed-note, c2sp.org/tlog-checkpoint and c2sp.org/tlog-proof. Extension lines are not read: this
ledger writes none, and nothing that was not understood is believed.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from plimsoll.kernel.signing import KEY_ID_BYTES, SigningKey, VerifyingKey, strict_base64

from ._errors import CheckpointInvalidError, ProofInvalidError
from ._merkle import EMPTY_ROOT, HASH_BYTES

_MOST_CHARACTERS = 500_000
_MOST_SIGNATURES = 64
"""The formats ask for 16 at least; a bound keeps a hostile file from costing much."""
_MOST_HASHES = 63
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
"""Decimal without leading zeroes, as far as 63 bits can count."""
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_PROOF_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How long a ledger is, and the root of its tree.

    Raises ValueError for what cannot be: an origin of no or several lines, a size below 0, a root of another length,
    or an empty tree whose root is not that of the empty tree.
    """

    origin: str
    """Which ledger: the name of the key that signs its checkpoints."""
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin or _CONTROL.search(self.origin):
            msg = "the origin of a checkpoint is one line that is not empty"
            raise ValueError(msg)
        if not _NUMBER.fullmatch(str(self.size)):
            msg = f"a ledger cannot have {self.size} entries"
            raise ValueError(msg)
        if len(self.root) != HASH_BYTES or (self.size == 0 and self.root != EMPTY_ROOT):
            msg = f"this cannot be the root of a tree of {self.size} entries"
            raise ValueError(msg)

    def text(self) -> str:
        """The three lines that are signed: origin, size, and root in base64."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """A proof that an entry stands in the ledger, as it was read from a file. Nothing in it has been verified."""

    index: int
    hashes: tuple[bytes, ...]
    """From the leaf's sibling upwards."""
    note: str
    """The signed checkpoint that the hashes lead to."""


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The checkpoint as a signed note. Raises ValueError when its origin is not the name of the key."""
    if checkpoint.origin != key.name:
        msg = f"a checkpoint of {checkpoint.origin} is not signed with the key {key.name}"
        raise ValueError(msg)
    text = checkpoint.text()
    signature = base64.b64encode(key.verifier.key_id + key.sign(text.encode())).decode("ascii")
    return f"{text}\n— {key.name} {signature}\n"


def open_checkpoint(note: str, keys: Sequence[VerifyingKey]) -> Checkpoint:
    """What a signed note says, when one of `keys` signed it and its origin is the name of that key.

    Signatures of keys that are not among `keys` are ignored (witnesses add theirs); a wrong one of a known key spoils
    the note. Raises CheckpointInvalidError, which says what is wrong.
    """
    text, lines = _split(note)
    signers = _signers(text, lines, keys)
    checkpoint = _parse(text)
    if checkpoint.origin not in signers:
        raise CheckpointInvalidError(
            f"its origin is {checkpoint.origin!a}, but it is signed by {', '.join(sorted(signers))}"
        )
    return checkpoint


def proof_text(index: int, proof: Sequence[bytes], note: str) -> str:
    """A proof of inclusion as one text that can be verified offline (c2sp.org/tlog-proof@v1).

    `proof` goes from the leaf upwards, `note` is the signed checkpoint that it leads to.
    """
    hashes = [base64.b64encode(each).decode("ascii") for each in proof]
    return "\n".join([_PROOF_HEADER, f"index {index}", *hashes, "", note])


def parse_proof(text: str) -> InclusionProof:
    """The proof that `proof_text` wrote; its `extra` line, which nobody signs, is passed over.

    Reading proves nothing: open the note, then verify the hashes. Raises ProofInvalidError for any other text.
    """
    if len(text) > _MOST_CHARACTERS:
        raise ProofInvalidError(f"it is longer than {_MOST_CHARACTERS} characters")
    head, separator, note = text.partition("\n\n")
    header, *lines = head.split("\n")
    if header != _PROOF_HEADER:
        raise ProofInvalidError(f"its first line is not `{_PROOF_HEADER}`")
    if lines and lines[0].startswith("extra "):
        _proof_bytes(lines.pop(0).removeprefix("extra "), "its extra line")
    if not lines or not lines[0].startswith("index ") or not _NUMBER.fullmatch(lines[0].removeprefix("index ")):
        raise ProofInvalidError("the index of the entry is missing or not a number")
    if not separator or not note:
        raise ProofInvalidError("no checkpoint follows after an empty line")
    index, *hashes = lines
    return InclusionProof(int(index.removeprefix("index ")), _proof_hashes(hashes), note)


def _proof_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > _MOST_HASHES:
        raise ProofInvalidError(f"it has {len(lines)} hashes; no tree is higher than {_MOST_HASHES}")
    hashes = tuple(_proof_bytes(line, f"hash {number}") for number, line in enumerate(lines, start=1))
    for number, each in enumerate(hashes, start=1):
        if len(each) != HASH_BYTES:
            raise ProofInvalidError(f"hash {number} has {len(each)} bytes, not {HASH_BYTES}")
    return hashes


def _proof_bytes(encoded: str, where: str) -> bytes:
    try:
        return strict_base64(encoded)
    except ValueError as error:
        raise ProofInvalidError(f"{where} is not base64 ({error})") from None


def _split(note: str) -> tuple[str, list[str]]:
    """The signed text and the signature lines of a note."""
    if len(note) > _MOST_CHARACTERS:
        raise CheckpointInvalidError(f"it is longer than {_MOST_CHARACTERS} characters")
    if _CONTROL.search(note):
        raise CheckpointInvalidError("it contains control characters")
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise CheckpointInvalidError("it is not a text, an empty line and signature lines, each ended by a newline")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise CheckpointInvalidError(f"it has {len(lines)} signatures; {_MOST_SIGNATURES} are read at most")
    return text + "\n", lines


def _signers(text: str, lines: Sequence[str], keys: Sequence[VerifyingKey]) -> frozenset[str]:
    """Names of the known keys that signed `text`; at least one."""
    known = {(key.name, key.key_id): key for key in keys}
    signers = set()
    for line in lines:
        name, key_id, signature = _signature(line)
        key = known.get((name, key_id))
        if key is None:
            continue
        if not key.verify(_utf8(text), signature):
            raise CheckpointInvalidError(f"the signature of {name} is wrong: the text was changed, or the signature")
        signers.add(name)
    if not signers:
        raise CheckpointInvalidError(
            f"no known key signed it; known are {', '.join(sorted(key.text() for key in keys)) or 'none'}"
        )
    return frozenset(signers)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    """Name, key id and signature of one line."""
    found = _SIGNATURE_LINE.fullmatch(line)
    if found is None:
        raise CheckpointInvalidError("one of its signature lines is malformed")
    try:
        data = strict_base64(found[2])
    except ValueError as error:
        raise CheckpointInvalidError(f"one of its signatures is not base64 ({error})") from None
    if len(data) <= KEY_ID_BYTES:
        raise CheckpointInvalidError("one of its signatures is too short")
    return found[1], data[:KEY_ID_BYTES], data[KEY_ID_BYTES:]


def _parse(text: str) -> Checkpoint:
    lines = text.removesuffix("\n").split("\n")
    expected = 3
    if len(lines) != expected:
        raise CheckpointInvalidError(f"it has {len(lines)} lines, not {expected}: origin, size, root")
    origin, size, root = lines
    if not _NUMBER.fullmatch(size):
        raise CheckpointInvalidError("its size is not a decimal number without leading zeroes")
    try:
        return Checkpoint(origin, int(size), strict_base64(root))
    except ValueError as error:
        raise CheckpointInvalidError(str(error)) from None


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise CheckpointInvalidError("it is not valid Unicode") from None
