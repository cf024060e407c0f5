"""Whose word counts about where a request came from (RFC 7239, section 8.1).

Nobody's, unless the operator says which proxies are ours: by how many there are, or by their
networks. What a stranger wrote into ``X-Forwarded-For`` is never believed.
"""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """Finds the browser's address."""

    __slots__ = ("_hops", "_networks")

    def __init__(self, hops: int = 0, networks: Sequence[str] = ()) -> None:
        """``hops`` proxies of ours stand before us, or those with an address in ``networks`` (CIDR).

        Raises ValueError for what is no network, and if both are given.
        """
        if hops and networks:
            raise ValueError("expected trusted_proxies or trusted_networks, not both")
        self._hops = hops
        self._networks: tuple[Network, ...] = tuple(map(ipaddress.ip_network, networks))

    def client_of(self, peer: str, forwarded_for: bytes | None) -> str:
        """The address of the browser behind ``peer``, as the outermost proxy of ours saw it."""
        if not forwarded_for or not (self._hops or self._networks):
            return peer
        seen = [hop.strip().decode("latin-1") for hop in forwarded_for.split(b",") if hop.strip()]
        if self._hops:
            return seen[-self._hops] if len(seen) >= self._hops else peer
        client = peer
        while self._ours(client) and seen:
            client = seen.pop()
        return client

    def says_http(self, peer: str, forwarded_proto: bytes | None) -> bool:
        """Whether a proxy of ours says that the browser spoke plain HTTP to it."""
        if not forwarded_proto or not (self._hops or self._ours(peer)):
            return False
        said = [word.strip().lower() for word in forwarded_proto.split(b",")]
        return said[-(self._hops or 1) :][0] == b"http"

    def _ours(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)
