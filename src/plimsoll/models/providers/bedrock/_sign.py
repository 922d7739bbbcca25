"""AWS Signature Version 4, for one POST with a JSON body.

Source: "Create a signed AWS API request" in the AWS IAM user guide. The path on the wire is escaped once; in the
canonical request it is escaped once more, as for every service but S3.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_SERVICE: Final = "bedrock"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key of AWS, and the session's token where there is one."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


def signed(
    url: str, headers: tuple[tuple[str, str], ...], body: bytes, *, now: datetime, region: str, keys: Credentials
) -> tuple[tuple[str, str], ...]:
    """`headers` with those that prove who asks. `url` has no query; header names are in lower case."""
    parts = urlsplit(url)
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    given = (*headers, ("x-amz-date", moment))
    if keys.session_token:
        given = (*given, ("x-amz-security-token", keys.session_token))
    sent = sorted((*given, ("host", _host(parts.scheme, parts.netloc))))
    names = ";".join(name for name, _ in sent)
    canonical = "\n".join(
        [
            "POST",
            quote(parts.path, safe="/~") or "/",
            "",
            *(f"{name}:{' '.join(value.split())}" for name, value in sent),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{moment[:8]}/{region}/{_SERVICE}/aws4_request"
    to_sign = "\n".join([_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(_key(keys.secret_key, moment[:8], region), to_sign.encode(), hashlib.sha256).hexdigest()
    proof = f"{_ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return (*given, ("authorization", proof))


def _host(scheme: str, netloc: str) -> str:
    """As HTTP clients send it: without the port that the scheme has anyway."""
    return netloc.lower().removesuffix(":443" if scheme == "https" else ":80")


def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, _SERVICE, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
