"""Addresses of private machines and networks are known in every spelling."""

from ipaddress import IPv4Address

import pytest

from plimsoll.http import is_public


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("169.254.169.254", False), ("192.168.0.1", False), ("172.16.0.1", False), ("100.64.0.1", False),
        (str(IPv4Address(0)), False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("::", False),
        ("fe80::1%eth0", False), ("fc00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False), ("64:ff9b::808:808", True), ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_addresses_of_private_networks_are_known_in_every_spelling(address: str, public: bool) -> None:
    assert is_public(address) is public
