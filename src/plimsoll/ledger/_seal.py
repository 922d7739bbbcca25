"""Content that can be forgotten: sealed under a key per data subject, with only a commitment in the ledger.

To erase is to destroy the key and the nonce: then nobody can open the content or guess what a commitment stands for
(a plain hash of a name can be guessed, and stays personal data). Everything here is AES-256-GCM (NIST SP 800-38D)
with random 96-bit nonces, and HMAC-SHA256 (RFC 2104).
"""

import hashlib
import hmac
import secrets
import unicodedata

from plimsoll.kernel.digest import Json, canonical_json

from ._errors import IdentifierInvalidError, SealBrokenError

KEY_BYTES = 32
NONCE_BYTES = 32
"""Length of the nonce of a commitment."""

_GCM_NONCE_BYTES = 12
_GCM_TAG_BYTES = 16
_COMMITMENT = "hmac-sha256:"


def new_key() -> bytes:
    """A fresh key for AES-256, from the system's random source."""
    return secrets.token_bytes(KEY_BYTES)


def new_nonce() -> bytes:
    """A fresh nonce of 256 bits for one commitment; kept with the content, and destroyed with it."""
    return secrets.token_bytes(NONCE_BYTES)


def wrap_key(kek: bytes, key: bytes, subject: str) -> bytes:
    """The key of a subject, encrypted under the key of the installation, and bound to the subject."""
    _check_key(key)
    return _encrypt(kek, key, _key_record(subject))


def unwrap_key(kek: bytes, wrapped: bytes, subject: str) -> bytes:
    """The key that `wrap_key` wrapped for this subject. Raises SealBrokenError when it is not that."""
    key = _decrypt(kek, wrapped, _key_record(subject))
    if len(key) != KEY_BYTES:
        raise SealBrokenError(_key_record(subject))
    return key


def seal(key: bytes, content: bytes, record: str) -> bytes:
    """The content, encrypted under a subject's key and bound to `record` (such as `ledger:17`).

    Twelve random bytes, then the ciphertext with its tag of 16 bytes. Raises ValueError for a key of another length.
    """
    return _encrypt(key, content, record)


def open_sealed(key: bytes, sealed: bytes, record: str) -> bytes:
    """The content that `seal` sealed for this record.

    Raises SealBrokenError when it was changed, belongs to another record, or was sealed under another key.
    """
    return _decrypt(key, sealed, record)


def commitment(nonce: bytes, content: Json) -> str:
    """What the ledger says instead of the content: `hmac-sha256:` and HMAC-SHA256 of its canonical JSON, in hex.

    It binds (no other content fits) and hides (without the nonce nothing can be guessed).
    Raises ValueError for a nonce that is not 32 bytes long: HMAC pads shorter ones, so two could pass for one another.
    """
    if len(nonce) != NONCE_BYTES:
        msg = f"the nonce of a commitment has {NONCE_BYTES} bytes, not {len(nonce)}"
        raise ValueError(msg)
    return _COMMITMENT + hmac.new(nonce, canonical_json(content), hashlib.sha256).hexdigest()


def commitment_holds(sealed: str, nonce: bytes, content: Json) -> bool:
    """Whether `sealed` is the commitment to this content with this nonce. False for what cannot be one; timing-safe."""
    try:
        expected = commitment(nonce, content)
    except ValueError:
        return False
    return hmac.compare_digest(expected.encode("ascii"), sealed.encode(errors="replace"))


def lookup_code(key: bytes, identifier: str) -> str:
    """A code by which a person is found again without the identifier being stored: HMAC-SHA256, 64 hex digits.

    The same for all ways to write one identifier: normal form, spaces around it and upper or lower case do not count
    (canonical caseless matching, Unicode D145). Raises IdentifierInvalidError for an empty or broken text.
    """
    _check_key(key)
    folded = unicodedata.normalize("NFD", identifier.strip()).casefold()
    plain = unicodedata.normalize("NFC", folded).strip()
    if not plain:
        raise IdentifierInvalidError
    try:
        return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()
    except UnicodeEncodeError:
        raise IdentifierInvalidError from None


def _key_record(subject: str) -> str:
    return f"key:{subject}"


def _check_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        msg = f"a key has {KEY_BYTES} bytes, not {len(key)}"
        raise ValueError(msg)


def _encrypt(key: bytes, content: bytes, record: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _check_key(key)
    nonce = secrets.token_bytes(_GCM_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, record.encode())


def _decrypt(key: bytes, sealed: bytes, record: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _check_key(key)
    if len(sealed) < _GCM_NONCE_BYTES + _GCM_TAG_BYTES:
        raise SealBrokenError(record)
    try:
        return AESGCM(key).decrypt(sealed[:_GCM_NONCE_BYTES], sealed[_GCM_NONCE_BYTES:], record.encode())
    except InvalidTag:
        raise SealBrokenError(record) from None
