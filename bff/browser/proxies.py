"""Whose word counts about where a request came from (RFC 7239, section 8.1).

Nobody's, unless the operator says which proxies are ours: by how many there are, or by their
networks; and in which field they say it. The other field is a stranger's, and is never believed: a
proxy that writes ``X-Forwarded-For`` hands a browser's own ``Forwarded`` on, and the other way round.
"""

import ipaddress
from collections.abc import Callable, Sequence
from typing import Literal

from bff.browser.forwarded import Element, ForwardedMalformed, node_address, read_forwarded

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Field = Callable[[bytes], bytes | None]
"""Looks a field up by its name in lower case; of several with one name, joined by commas."""
Spoken = Literal["x-forwarded", "forwarded"]


class TrustedProxies:
    """Finds the browser's address."""

    __slots__ = ("_hops", "_networks", "_standard")

    def __init__(
        self, hops: int = 0, networks: Sequence[str] = (), field: Spoken = "x-forwarded"
    ) -> None:
        """``hops`` proxies of ours stand before us, or those with an address in ``networks`` (CIDR).

        They write ``X-Forwarded-For`` and ``X-Forwarded-Proto``, or ``Forwarded``.

        Raises ValueError for what is no network, and if both are given.
        """
        if hops and networks:
            raise ValueError("expected trusted_proxies or trusted_networks, not both")
        self._hops = hops
        self._networks: tuple[Network, ...] = tuple(map(ipaddress.ip_network, networks))
        self._standard = field == "forwarded"

    def client_of(self, peer: str, field: Field) -> str:
        """The address of the browser behind ``peer``, as the outermost proxy of ours saw it.

        What is no address ends the way: then the last one that was seen is the answer.
        """
        if not (self._hops or self.ours(peer)):
            return peer
        seen = self._said("for", field)
        if self._hops:
            node = seen[-self._hops] if len(seen) >= self._hops else ""
            return node_address(node) or peer
        client = peer
        while seen and self.ours(client):
            address = node_address(seen.pop())
            if address is None:
                break
            client = address
        return client

    def says_http(self, peer: str, field: Field) -> bool:
        """Whether a proxy of ours says that the browser spoke plain HTTP to it."""
        if not (self._hops or self.ours(peer)):
            return False
        said = self._said("proto", field)
        return bool(said) and said[-(self._hops or 1) :][0].lower() == "http"

    def _said(self, name: str, field: Field) -> list[str]:
        """What each hop says of the one before it, the browser's first."""
        if self._standard:
            return [hop.get(name, "") for hop in _forwarded(field)]
        return _listed(field(b"x-forwarded-" + name.encode("ascii")))

    def ours(self, address: str) -> bool:
        """Whether ``address`` is in one of the networks."""
        if not self._networks:
            return False
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def _forwarded(field: Field) -> list[Element]:
    value = field(b"forwarded")
    try:
        return read_forwarded(value) if value else []
    except ForwardedMalformed:
        return []


def _listed(value: bytes | None) -> list[str]:
    return [part.strip().decode("latin-1") for part in (value or b"").split(b",") if part.strip()]
