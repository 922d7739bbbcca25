"""Ed25519 signatures (RFC 8032), and keys in the text form of C2SP signed notes.

A key has a name, and the name is part of its identity: the same numbers under another name are another key.
The library that does the arithmetic is imported when a key is first used.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from .errors import InvalidError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64

_PUBLIC_BYTES = 32
_ED25519 = b"\x01"
"""The byte that stands for Ed25519 (c2sp.org/signed-note, signature types)."""
_NAME = re.compile(r"[!-*,-~]+")
"""Printable ASCII without the space and without `+`, which ends a name in the text of a key."""
_KEY_ID_TEXT = re.compile(r"[0-9a-f]{8}")
_NAME_RULE = "a name is one or more printable ASCII characters without spaces and without `+`"


class KeyInvalidError(InvalidError):
    """What was given is not a key, or not one of the kind that is needed. The sentence never shows the key."""

    code = "key_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"this is not a usable Ed25519 key: {problem}",
            hint="a public key is written `name+key id+base64`, a private key is an unencrypted PKCS8 PEM file",
        )


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """The public half of a key: tells whether a signature is genuine.

    Raises KeyInvalidError for a bad name, or when `public` is not 32 bytes long.
    """

    name: str
    public: bytes
    """32 bytes (RFC 8032 §5.1.5)."""

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != _PUBLIC_BYTES:
            raise KeyInvalidError(f"its public part has {len(self.public)} bytes, not {_PUBLIC_BYTES}")

    @classmethod
    def parse(cls, vkey_text: str) -> Self:
        """The key that `text` wrote, `name+key id+base64`.

        Raises KeyInvalidError for any other text, also when the key id is not that of this name and key.
        """
        name, _, rest = vkey_text.partition("+")
        key_id, separator, encoded = rest.partition("+")
        _check_name(name)
        if not separator or not _KEY_ID_TEXT.fullmatch(key_id):
            raise KeyInvalidError("after its name stands no key id of eight hexadecimal digits between two `+`")
        try:
            data = strict_base64(encoded)
        except ValueError as error:
            raise KeyInvalidError(f"its last part is not base64 ({error})") from None
        if data[:1] != _ED25519:
            raise KeyInvalidError("its algorithm is not Ed25519 (the first byte must be 1)")
        key = cls(name, data[1:])
        if key.key_id.hex() != key_id:
            raise KeyInvalidError(f"its key id is {key_id}, but this name and key give {key.key_id.hex()}")
        return key

    def text(self) -> str:
        """The key as one line that can be handed around: `name+key id+base64` (the vkey of C2SP and Go's sumdb)."""
        encoded = base64.b64encode(_ED25519 + self.public).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart (c2sp.org/signed-note); a hint, not a proof of identity."""
        return hashlib.sha256(self.name.encode("ascii") + b"\n" + _ED25519 + self.public).digest()[:KEY_ID_BYTES]

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the holder of this key signed exactly `message`. False also for a malformed signature."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SigningKey:
    """The private half of a key, with its name. Made by `generate` or `from_pem`; its text form never shows it."""

    name: str
    _private: "Ed25519PrivateKey"

    def __post_init__(self) -> None:
        _check_name(self.name)

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key from the system's random source. Raises KeyInvalidError for a bad name."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, name: str, data: bytes) -> Self:
        """The key that `to_pem` wrote (PKCS8, not encrypted).

        Raises KeyInvalidError for anything else: another algorithm, an encrypted file, a bad name.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            private = load_pem_private_key(data, password=None)
        except TypeError:
            raise KeyInvalidError("the PEM file is encrypted") from None
        except (ValueError, UnsupportedAlgorithm):
            raise KeyInvalidError("the file is not a PEM file with a private key") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyInvalidError("the PEM file holds a key of another algorithm")
        return cls(name, private)

    def to_pem(self) -> bytes:
        """The private key as an unencrypted PKCS8 PEM file; whoever reads it can sign. Keep it for its owner's eyes."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`, 64 bytes; the same each time (RFC 8032)."""
        return self._private.sign(message)

    @property
    def verifier(self) -> VerifyingKey:
        """The public half, to be handed to everybody."""
        return VerifyingKey(self.name, self._private.public_key().public_bytes_raw())


def strict_base64(text: str) -> bytes:
    """The bytes of standard base64 (RFC 4648 §4), read so that no two texts give the same bytes.

    Raises ValueError for other characters, wrong padding, or bits that a canonical text leaves zero.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        msg = "characters or padding are wrong"
        raise ValueError(msg) from None
    if base64.b64encode(data).decode("ascii") != text:
        msg = "it is not in its canonical form"
        raise ValueError(msg)
    return data


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise KeyInvalidError(_NAME_RULE)
