"""Which URLs and network addresses may be spoken to.

Belongs here: reading a URL, and the blocks of addresses that are not of the public internet.
Does not belong here: resolving and connecting (``wire``).

An endpoint is named by somebody else. A name that leads to this machine, to the network behind it or to the
metadata of a cloud would make this program their hand there. The blocks are written out, because what Python
calls global differs between its versions. Source: the special-purpose address registries of IANA (RFC 6890).
"""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from billing_assets.domain.errors import BillingError

_LONGEST_URL: Final = 2000
_LONGEST_HOST: Final = 253
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}

_CLOSED_V4: Final = tuple(
    IPv4Network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # A public address by its number, which a cloud answers itself to machines within: it is metadata.
        "168.63.129.16/32",
    )
)
_OPEN_V6: Final = IPv6Network("2000::/3")
_CLOSED_V6: Final = tuple(
    IPv6Network(block)
    # Protocol assignments with Teredo, documentation twice, 6to4 (given up by RFC 7526).
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_NAT64: Final = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL, read: where to connect, and what to ask for. The path may hold a token: not in the repr."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)

    @property
    def host_header(self) -> str:
        """Return the Host header: the port is left out where it is the scheme's own.

        >>> Target(scheme="https", host="::1", port=8443, path="/").host_header
        '[::1]:8443'
        """
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"


def is_public_address(text: str) -> bool:
    """Return whether a numeric address is one of the public internet.

    Refused beside what is private, local, reserved, multicast or for documentation: IPv4 written as IPv6,
    6to4, and NAT64 of an address that is refused itself. What is no address is not public.

    >>> is_public_address("9.9.9.9"), is_public_address("169.254.169.254")
    (True, False)
    >>> is_public_address("64:ff9b::909:909"), is_public_address("64:ff9b::a00:1")
    (True, False)
    >>> is_public_address("::ffff:9.9.9.9")
    False
    """
    address = _address(text)
    if isinstance(address, IPv4Address):
        return _is_public_v4(address)
    if address is None or address.scope_id is not None:
        return False
    if address in _NAT64:
        return _is_public_v4(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _OPEN_V6 and not any(address in block for block in _CLOSED_V6)


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in block for block in _CLOSED_V4)


def is_loopback_address(text: str) -> bool:
    """Return whether a numeric address is this machine's own.

    >>> is_loopback_address("127.0.0.1"), is_loopback_address("::1"), is_loopback_address("10.0.0.1")
    (True, True, False)
    """
    address = _address(text)
    return address is not None and address.is_loopback


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def read_url(url: str, *, allow_loopback: bool = False) -> Target:
    """Return what ``url`` names, or raise ``endpoint_url_invalid``; nothing is resolved.

    ``https`` only; ``http`` too with ``allow_loopback``, where the address must then be this machine's own.
    Refused: user names and passwords, a part after ``#``, spaces, control characters and backslashes,
    anything beyond ASCII (a name in other letters is written as punycode), more than 2000 characters. A
    numeric address that is not public is refused here, a name that leads to one when it is resolved.

    >>> read_url("https://api.example.com/in?x=1").host_header
    'api.example.com'
    """
    if len(url) > _LONGEST_URL or not re.fullmatch(r"[!-~]+", url) or "\\" in url:
        raise _invalid("it is empty, too long, or has characters that may not stand in a URL")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise _invalid("host or port cannot be read") from None
    if parts.scheme not in ({"https", "http"} if allow_loopback else {"https"}):
        raise _invalid("it is not https")
    if "@" in parts.netloc or "#" in url:
        raise _invalid("it holds a user name, a password or a part after '#'")
    numeric = _address(host)
    if numeric is None and not (_HOST.fullmatch(host) and len(host) <= _LONGEST_HOST):
        raise _invalid("its host is not a name")
    is_allowed = is_public_address(host) or (allow_loopback and is_loopback_address(host))
    if numeric is not None and not is_allowed:
        raise _invalid("its address is not one of the public internet")
    if port == 0:
        raise _invalid("its port is 0")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme=parts.scheme, host=host, port=port or _DEFAULT_PORTS[parts.scheme], path=path)


def _invalid(found: str) -> BillingError:
    return BillingError(
        "endpoint_url_invalid",
        f"the URL of an endpoint cannot be used: {found}",
        "give an https URL of a public host, such as https://api.example.com/invoices",
    )
