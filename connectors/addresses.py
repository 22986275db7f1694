"""Addresses outside: which URLs are fetched at all, and which IP addresses a name may lead to."""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connectors.errors import Refused, Unresolvable

# One spelling only (RFC 3986 3.2.2, 3.3): no user, no fragment, no IPv6 literal, nothing that two parsers read apart.
_URL = re.compile(
    r"https://(?P<host>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?P<rest>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?)",
    re.ASCII,
)
_URL_LENGTH, _HOST_LENGTH = 2000, 253
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# From a host name and a port to all its addresses as text; raises OSError where there are none.
Resolve = Callable[[str, int], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be fetched, and the host and port in it."""

    url: str
    host: str
    port: int

    @property
    def names(self) -> set[str]:
        """How an allow list may name it: with the port, or the host alone where the port is that of https."""
        return {f"{self.host}:{self.port}"} | ({self.host} if self.port == 443 else set())


def target(url: str) -> Target:
    """Take a URL apart. Raises ``Refused`` for anything but a plain https address."""
    found = _URL.fullmatch(url) if len(url) <= _URL_LENGTH else None
    if found is None:
        raise Refused(f"{url[:200]!r} is not a plain https:// address (lower-case host, no user, no fragment)")
    port = int(found["port"] or 443)
    if port > 65535 or len(found["host"]) > _HOST_LENGTH:
        raise Refused(f"{url[:200]!r} names a host or port that cannot be")
    return Target(url, found["host"], port)


def system_resolve(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver gives, in the order to be tried (RFC 6724)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def pinned(to: Target, resolve: Resolve, allowed: frozenset[str]) -> tuple[str, ...]:
    """The addresses to connect to: the name is asked for once, and one inner address among the answers refuses all.

    ``allowed``: ``host`` or ``host:port`` that may lead to any address. Raises ``Refused``, or ``Unresolvable``.
    """
    try:
        answers = [ipaddress.ip_address(text) for text in resolve(to.host, to.port)]
    except (OSError, ValueError) as error:
        raise Unresolvable(f"the name {to.host} does not resolve") from error
    if not answers:
        raise Unresolvable(f"the name {to.host} does not resolve")
    if not to.names & allowed and not all(map(is_global, answers)):
        raise Refused(f"the name {to.host} leads to an address that is not on the public internet")
    return tuple(map(str, answers))


def is_global(address: Address) -> bool:
    """Whether an address is a public one (IANA special-purpose registries, RFC 6890), and so is one embedded in it.

    An IPv4 address hides in IPv6 as mapped (RFC 4291 2.5.5.2), in NAT64 (RFC 6052), 6to4 (RFC 3056) and Teredo
    (RFC 4380); the last two are tunnels that nobody serves documents from, and refused.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_global(address.ipv4_mapped)
        if address in _NAT64:
            return is_global(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
