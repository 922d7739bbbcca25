"""Which machines a check may ask."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from ._errors import PrivateAddressError

_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, and not to this machine or a private network.

    Addresses of version 4 that hide in one of version 6 are looked at as such (RFC 4291, RFC 6052, RFC 3056).
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
    return found.is_global and not (found.is_multicast or found.is_reserved)


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
