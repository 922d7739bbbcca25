"""Signed envelopes: DSSE, the Dead Simple Signing Envelope, version 1.0 (secure-systems-lab/dsse, protocol.md)."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .digest import Json
from .errors import IntegrityError, InvalidError
from .signing import SigningKey, VerifyingKey, strict_base64

_MOST_SIGNATURES = 64
"""More than anybody needs; fewer than would keep a verifier busy."""
_MOST_SHOWN = 80
_URL_SAFE = str.maketrans("-_", "+/")


class EnvelopeInvalidError(InvalidError):
    """Not a DSSE envelope, or one of another payload type."""

    code = "envelope_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the signed envelope cannot be read: {problem}",
            hint="an envelope is a JSON object with `payload`, `payloadType` and `signatures`",
        )


class EnvelopeUntrustedError(IntegrityError):
    """No trusted key signed exactly this content. `signed_by` is what the envelope says of its signers: a claim."""

    code = "envelope_untrusted"

    def __init__(self, signed_by: Sequence[str], trusted: Sequence[str]) -> None:
        claimed = ", ".join(_shown(name) for name in signed_by)
        known = ", ".join(trusted) or "none"
        super().__init__(
            f"no trusted key signed this content: it names {claimed} as signed by, and the trusted keys are {known}",
            hint="ask the sender for the public key and trust it, or for the unchanged file",
        )
        self.signed_by = tuple(signed_by)


@dataclass(frozen=True, slots=True)
class _Envelope:
    payload_type: str
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]
    """Key id (a claim) and signature."""


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed (DSSE protocol.md, PAE): no two pairs of type and payload give the same."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_envelope(payload_type: str, payload: bytes, key: SigningKey) -> dict[str, Json]:
    """An envelope around `payload`, signed by `key`, as a JSON value; the key id is the name of the key."""
    signature = key.sign(pre_authentication_encoding(payload_type, payload))
    return {
        "payload": base64.b64encode(payload).decode("ascii"),
        "payloadType": payload_type,
        "signatures": [{"keyid": key.name, "sig": base64.b64encode(signature).decode("ascii")}],
    }


def open_envelope(envelope: Json, keys: Sequence[VerifyingKey], payload_type: str) -> bytes:
    """The payload, when at least one of `keys` signed it as `payload_type`.

    A key id in the envelope decides nothing (it is not signed): every key is tried on every signature.
    Raises EnvelopeInvalidError for a malformed envelope or another type, EnvelopeUntrustedError when no key fits.
    """
    opened = _parse(envelope)
    if opened.payload_type != payload_type:
        raise EnvelopeInvalidError(f"its type is {_shown(opened.payload_type)}, and {payload_type} was expected")
    message = pre_authentication_encoding(payload_type, opened.payload)
    if not any(key.verify(message, signature) for _, signature in opened.signatures for key in keys):
        raise EnvelopeUntrustedError(
            [key_id for key_id, _ in opened.signatures], [f"{key.name} ({key.key_id.hex()})" for key in keys]
        )
    return opened.payload


def _parse(envelope: Json) -> _Envelope:
    if not isinstance(envelope, Mapping):
        raise EnvelopeInvalidError("it is not a JSON object")
    signatures = envelope.get("signatures")
    if not isinstance(signatures, Sequence) or isinstance(signatures, str):
        raise EnvelopeInvalidError("`signatures` is not a list")
    if not 1 <= len(signatures) <= _MOST_SIGNATURES:
        raise EnvelopeInvalidError(f"it has {len(signatures)} signatures; 1 to {_MOST_SIGNATURES} are read")
    return _Envelope(
        payload_type=_text(envelope, "payloadType"),
        payload=_data(_text(envelope, "payload"), "payload"),
        signatures=tuple(_signature(each) for each in signatures),
    )


def _signature(value: Json) -> tuple[str, bytes]:
    if not isinstance(value, Mapping):
        raise EnvelopeInvalidError("a signature is not a JSON object")
    return _text({"keyid": "", **value}, "keyid"), _data(_text(value, "sig"), "sig")


def _text(value: Mapping[str, Json], field: str) -> str:
    found = value.get(field)
    if not isinstance(found, str):
        raise EnvelopeInvalidError(f"`{field}` is missing or not a text")
    return found


def _data(text: str, field: str) -> bytes:
    # the protocol lets a signer choose between the two alphabets, and binds the verifier to read both
    try:
        return strict_base64(text.translate(_URL_SAFE))
    except ValueError as error:
        raise EnvelopeInvalidError(f"`{field}` is not base64 ({error})") from None


def _shown(text: str) -> str:
    """Foreign text, cut and escaped so that it can do nothing to a terminal or a log."""
    return ascii(text[:_MOST_SHOWN])
