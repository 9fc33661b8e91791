"""No URL and no address leads to this machine, to what is behind it, or to the metadata of a cloud."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.channels.outbound import is_public_address, read_url
from billing_assets.channels.outbound.addresses import is_loopback_address
from billing_assets.domain.errors import BillingError

CLOSED = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "::/8"),
    *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "2002::/16", "2001::/32"),
    *("::ffff:0:0/96", "64:ff9b:1::/48", "100::/64", "3fff::/20", "5f00::/16"),
)


def _within(block: str) -> st.SearchStrategy[str]:
    network = IPv6Network(block) if ":" in block else IPv4Network(block)
    first, last = int(network.network_address), int(network.broadcast_address)
    make = IPv6Address if ":" in block else IPv4Address
    return st.integers(first, last).map(lambda number: str(make(number)))


@pytest.mark.parametrize("block", CLOSED)
@given(data=st.data())
def test_no_address_of_a_closed_block_is_public(block: str, data: st.DataObject) -> None:
    address = data.draw(_within(block))
    is_nat64_of_public = address.startswith("64:ff9b::") and is_public_address(address)
    assert not is_public_address(address) or is_nat64_of_public


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_what_is_public_here_is_global_to_python_too(address: IPv4Address | IPv6Address) -> None:
    assert address.is_global or not is_public_address(str(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_an_ipv6_address_opens_nothing(inner: IPv4Address) -> None:
    number = int(inner)
    assert is_public_address(str(IPv6Address((0x64FF9B << 96) | number))) == is_public_address(str(inner))
    for outer in ((0xFFFF << 32) | number, (0x2002 << 112) | (number << 80), number):
        assert not is_public_address(str(IPv6Address(outer)))


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
        *("fe80::1%eth0", "2a00::1%1", "0.0.0.0", "::", "255.255.255.255", "", "localhost", "2130706433"),
    ],
)
def test_metadata_zones_and_what_is_no_address_are_not_public(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "64:ff9b::909:909", "223.255.255.254"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public_address(address)
    assert not is_loopback_address(address)


@pytest.mark.parametrize(
    "url",
    [
        *("", "http://api.example.com/", "ftp://api.example.com/", "//api.example.com/in", "https:///in"),
        *(
            "https://user@api.example.com/",
            "https://user:word@api.example.com/",
            "https://api.example.com/#a",
        ),
        *("https://api.example.com:0/", "https://api.example.com:99999/", "https://api.example.com:x/"),
        *("https://api.example.com/a b", "https://api.example.com/\r\nHost: x", "https://bücher.example/"),
        *(
            "https://api.example.com\\@x.example/",
            "https://[::1/",
            "https://a..example/",
            "https://-a.example/",
        ),
        *("https://127.0.0.1/", "https://10.1.2.3/", "https://[::1]/", "https://[::ffff:9.9.9.9]/"),
        *(
            "https://169.254.169.254/latest",
            "https://" + "a" * 64 + ".example/",
            "https://e.example/" + "a" * 2000,
        ),
        "https://" + "a." * 130 + "example/",
    ],
)
def test_urls_that_cannot_be_used_are_refused_and_not_shown(url: str) -> None:
    with pytest.raises(BillingError) as caught:
        read_url(url)
    assert caught.value.code == "endpoint_url_invalid"
    assert not url or url not in caught.value.found


def test_a_url_is_read_with_port_path_and_query() -> None:
    target = read_url("HTTPS://API.example.com:8443/in/x?key=secret7")
    assert (target.scheme, target.host, target.port, target.path) == (
        "https",
        "api.example.com",
        8443,
        "/in/x?key=secret7",
    )
    assert target.host_header == "api.example.com:8443"
    assert "secret7" not in repr(target)
    assert read_url("https://api.example.com?x").path == "/?x"


def test_http_and_this_machine_are_for_those_who_allow_loopback() -> None:
    assert read_url("http://127.0.0.1:8080/", allow_loopback=True).port == 8080
    assert read_url("http://localhost/", allow_loopback=True).host_header == "localhost"
    with pytest.raises(BillingError):
        read_url("http://10.0.0.1/", allow_loopback=True)


@given(st.text(max_size=60))
def test_reading_a_url_gives_a_target_or_the_one_error(text: str) -> None:
    for url in (text, f"https://{text}"):
        with suppress(BillingError):
            target = read_url(url)
            assert target.scheme == "https"
            assert ":" not in target.host or is_public_address(target.host)
