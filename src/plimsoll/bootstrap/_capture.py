"""What of requests is kept, priced and sent on: from plimsoll.yaml and the environment to the recorder's parts."""

import secrets
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from plimsoll.guardrails import Policy
from plimsoll.kernel.errors import IntegrityError
from plimsoll.ledger import Subjects
from plimsoll.models import Usage
from plimsoll.models.prices import price_of
from plimsoll.tracing import Capture
from plimsoll.tracing.otlp import SpanFacts

_REDACTION: Final[Mapping[str, Any]] = {
    "checks": [
        {"check": "pii", "on": ["output"], "action": "redact"},
        {"check": "secrets", "on": ["output"], "action": "redact"},
    ]
}
_NOBODY: Final = "(nobody)"
"""Seals what no person is named for."""
_PSEUDONYM: Final = "s-"
_NONCE_BYTES: Final = 12
_ABOUT: Final = b"trace"
_KNOWN_KEYS: Final = 1024


class ContentGoneError(IntegrityError):
    """Sealed content whose key was destroyed."""

    code = "content_gone"

    def __init__(self) -> None:
        super().__init__("this content was sealed for a person who was forgotten, and cannot be read any more")


def make_capture(content: Any, shares: Mapping[str, float], subjects: Callable[[], Subjects]) -> Capture:
    """The policy for the content of traces; `content` is off, redacted, full or sealed."""
    if content == "redacted":
        return Capture(content, shares, redact=_redactor())
    if content == "sealed":
        sealer = _Sealer(subjects)
        return Capture(content, shares, seal=sealer.seal, unseal=sealer.unseal)
    return Capture(content, shares)


def span_price(facts: SpanFacts) -> int | None:
    """What the tokens of a span that somebody sent cost, in picodollars, by the list prices; None when unknown."""
    if not facts.model or not facts.has_usage:
        return None
    usage = Usage(
        facts.input_tokens or 0,
        facts.output_tokens or 0,
        cached_tokens=facts.cached_tokens,
        cache_write_tokens=facts.cache_write_tokens,
        reasoning_tokens=facts.reasoning_tokens,
    )
    return price_of(f"{_PROVIDERS.get(facts.provider, facts.provider)}/{facts.model}").cost_pico(usage)


_PROVIDERS: Final = {
    "aws.bedrock": "bedrock",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "mistral_ai": "mistral",
    "x_ai": "xai",
}
"""Names of the GenAI conventions that are not our prefixes."""


def _redactor() -> Callable[[str], str]:
    policy = Policy.from_json("traces", dict(_REDACTION))

    def redact(text: str) -> str:
        return policy.review(text, "output").text

    return redact


class _Sealer:
    """Encrypts for data subjects with the keys that an erasure destroys (AES-256-GCM)."""

    def __init__(self, subjects: Callable[[], Subjects]) -> None:
        self._subjects = subjects
        self._subject_of = lru_cache(_KNOWN_KEYS)(self._find)

    def seal(self, who: str, plain: bytes) -> bytes:
        """Encrypted content, with what is needed to open it but the key."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        subject = self._subject_of(who or _NOBODY)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        name = subject.encode()
        return bytes([len(name)]) + name + nonce + AESGCM(self._key(subject)).encrypt(nonce, plain, _ABOUT + name)

    def unseal(self, _who: str, sealed: bytes) -> bytes:
        """What was encrypted. Raises ContentGoneError when the key was destroyed."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        name = sealed[1 : 1 + sealed[0]]
        rest = sealed[1 + sealed[0] :]
        try:
            key = self._key(name.decode())
            return AESGCM(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _ABOUT + name)
        except (InvalidTag, UnicodeDecodeError) as error:
            raise ContentGoneError from error

    def _find(self, who: str) -> str:
        return who if who.startswith(_PSEUDONYM) else self._subjects().subject(who)

    def _key(self, subject: str) -> bytes:
        key = self._subjects().key(subject)
        if key is None:
            self._subject_of.cache_clear()
            raise ContentGoneError
        return key
