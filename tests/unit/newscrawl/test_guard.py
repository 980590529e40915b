import pytest

from newscrawl.guard import AddressPolicy

PRIVATE = (
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # the metadata service of clouds
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",  # the metadata service over IPv6
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",  # 169.254.169.254 through NAT64
    "2002:7f00:1::",  # 127.0.0.1 through 6to4
    "::127.0.0.1",  # as an IPv4-compatible address
    "::a9fe:a9fe",
    "fec0::1",  # site-local, as private networks were numbered once
    "2001:0:a9fe:a9fe::1",  # Teredo
    "not an address",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not AddressPolicy().allows("news.example", address)


@pytest.mark.parametrize("address", ["8.8.8.8", "223.130.200.104", "2606:4700:4700::1111"])
def test_what_is_public_is_allowed(address: str) -> None:
    assert AddressPolicy().allows("news.example", address)


def test_a_named_address_is_allowed_and_its_neighbour_is_not() -> None:
    policy = AddressPolicy(["127.0.0.1"])
    assert policy.allows("127.0.0.1", "127.0.0.1")
    assert not policy.allows("127.0.0.2", "127.0.0.2")


def test_a_named_network_is_allowed() -> None:
    policy = AddressPolicy(["10.0.0.0/8", "[::1]"])
    assert policy.allows("intranet.example", "10.9.9.9")
    assert policy.allows("localhost", "::1")
    assert not policy.allows("other.example", "192.168.0.1")


def test_a_named_host_is_allowed_whatever_its_address() -> None:
    policy = AddressPolicy(["Newsroom.local"])
    assert policy.allows("newsroom.local.", "192.168.0.7")
    assert not policy.allows("other.local", "192.168.0.7")
