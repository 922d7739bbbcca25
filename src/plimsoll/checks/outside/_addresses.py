"""Which machines a check may ask."""

from urllib.parse import urlsplit

from plimsoll.http import is_public

from ._errors import PrivateAddressError


def check_host(url: str) -> None:
    """Raise PrivateAddressError where an address names a private machine by its number.

    Names are looked at when they are looked up: see `OutsideLoop`.
    """
    host = urlsplit(url).hostname or ""
    try:
        public = is_public(host)
    except ValueError:
        return
    if not public:
        raise PrivateAddressError(host)
