"""The text of a key, what is kept of it, and when it works.

A key is `plim_<prefix>_<secret>`, so that scanners for secrets find it in files and logs. The secret is 32 random bytes
in base64url. The prefix is visible everywhere: 4 random characters, and 6 check digits over those and the secret (the
low 24 bits of a CRC-32), so that a key that was cut or mistyped is told from an unknown one without asking anybody:
every single wrong character and every swap of two neighbours is found. The check digits tell 24 bits about 256; what
stays secret is far beyond guessing.
"""

import base64
import hashlib
import hmac
import re
import secrets
import zlib
from datetime import datetime

from ._errors import KeyExpiredError, KeyMalformedError, KeyRevokedError
from ._types import ApiKey

_SECRET_BYTES = 32
_MARK_LENGTH = 4
_PREFIX_LENGTH = 10
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without the look-alikes 0, 1, l and o."""
_FORM = re.compile(rf"plim_([{_ALPHABET}]{{4}})([0-9a-f]{{6}})_([A-Za-z0-9_-]{{43}})")


def new_secret() -> str:
    """The text of a new key, from the system's source of randomness."""
    mark = "".join(secrets.choice(_ALPHABET) for _ in range(_MARK_LENGTH))
    secret = base64.urlsafe_b64encode(secrets.token_bytes(_SECRET_BYTES)).rstrip(b"=").decode()
    return f"plim_{mark}{_check_digits(mark, secret)}_{secret}"


def prefix_of(text: str) -> str:
    """The visible part of a key. Raises KeyMalformedError when the text cannot be a whole key."""
    match = _FORM.fullmatch(text)
    if match is None or _check_digits(match[1], match[3]) != match[2]:
        raise KeyMalformedError
    return match[1] + match[2]


def visible_part(text: str) -> str:
    """The visible part in what a person typed to name a key; the rest of a key pasted whole is dropped."""
    return text.strip().removeprefix("plim_")[:_PREFIX_LENGTH]


def hash_secret(text: str) -> str:
    """What is kept of a key: `sha256:` and the digits (FIPS 180-4).

    SHA-256 is right here, and a slow password hash is not needed: the secret has 256 random bits, so nobody can try
    them out, and a request must not wait.
    """
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def hash_commitment(kept: str) -> str:
    """SHA-256 of the kept hash, for the ledger: a swapped hash is found, and the ledger does not hold the hash."""
    return "sha256:" + hashlib.sha256(kept.encode()).hexdigest()


_NOBODYS = hash_secret("the key of nobody: it has not the form of a key")


def is_secret_of(text: str, kept: str | None) -> bool:
    """Whether a key is the one whose hash was kept, in a time that tells nothing about either.

    Without a kept hash (the prefix is unknown) the same comparison is made, with a hash that no key has.
    """
    same = hmac.compare_digest(hash_secret(text), _NOBODYS if kept is None else kept)
    return same and kept is not None


def check_usable(key: ApiKey, now: datetime) -> None:
    """Whether a key works at a moment. Raises KeyRevokedError and KeyExpiredError, in this order.

    - A revoked key never works.
    - A key that expires works before that moment, and at it no more.
    """
    if key.revoked_at is not None:
        raise KeyRevokedError(key.prefix, key.revoked_at)
    if key.expires_at is not None and now >= key.expires_at:
        raise KeyExpiredError(key.prefix, key.expires_at, key.replaced_by)


def _check_digits(mark: str, secret: str) -> str:
    return f"{zlib.crc32((mark + secret).encode()) & 0xFFFFFF:06x}"
