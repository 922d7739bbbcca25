"""Says what a failure of the client means for a person. What a server wrote is looked at and never passed on."""

import re
from collections.abc import Callable, Mapping

from plimsoll.kernel.errors import UnavailableError

from ._errors import (
    BucketBusyError,
    BucketDeniedError,
    BucketElsewhereError,
    BucketFailedError,
    BucketMissingError,
    BucketUnfitError,
    BucketUnreachableError,
)

_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,64})</Code>")
_STATUS = re.compile(r"status: (\d{3})|status code: (\d{3})")
_BUSY = ("SlowDown", "Throttling", "ThrottlingException", "TooManyRequests", "RequestLimitExceeded", "503", "429")
_ELSEWHERE = ("AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "301", "307")
_REDIRECT = "Received redirect"
_FIXED: Mapping[str, Callable[[str], UnavailableError]] = {
    "NoSuchBucket": BucketMissingError,
    "NotImplemented": BucketUnfitError,
    "501": BucketUnfitError,
    **dict.fromkeys(_BUSY, BucketBusyError),
    **dict.fromkeys(_ELSEWHERE, BucketElsewhereError),
}
_REFUSALS = {"PermissionDeniedError", "UnauthenticatedError"}
_REASONS = {
    "InvalidAccessKeyId": "it does not know the key",
    "SignatureDoesNotMatch": "the secret of the key is wrong",
    "ExpiredToken": "the session of the key has ended",
    "AccessDenied": "the key has no right to do this",
    "RequestTimeTooSkewed": "the clocks of this machine and the server differ too much",
    "401": "it wants a key",
    "403": "the key has no right to do this",
}
_CAUSES = {
    "dns error": "its name cannot be looked up",
    "Connection refused": "nothing listens at its address",
    "InvalidCertificate": "its certificate is not trusted",
    "timed out": "it took too long",
    "TimedOut": "it took too long",
    "error decoding response body": "its answer broke off",
    "IncompleteMessage": "its answer broke off",
}


def explain(place: str, error: BaseException) -> UnavailableError:
    """The error for a failed request."""
    text = str(error)
    codes = [*_CODE.findall(text), *_statuses(text)]
    if type(error).__name__ in _REFUSALS:
        codes.append("403")
    if _REDIRECT in text:
        codes.append("301")
    for code in codes:
        if code in _FIXED:
            return _FIXED[code](place)
        if code in _REASONS:
            return BucketDeniedError(place, _REASONS[code])
    if not codes:
        return BucketUnreachableError(place, _cause(text))
    family = BucketUnreachableError if codes[-1].startswith("5") else BucketFailedError
    return family(place, f"it answers {codes[0]}")


def is_missing_bucket(error: BaseException) -> bool:
    """Whether something was not found because its bucket is not there."""
    return "NoSuchBucket" in _CODE.findall(str(error))


def _statuses(text: str) -> list[str]:
    return [first or second for first, second in _STATUS.findall(text)]


def _cause(text: str) -> str:
    return next((reason for sign, reason in _CAUSES.items() if sign in text), "the connection failed")
