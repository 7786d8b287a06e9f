"""Where a trunk's calls come from: an IP address, one with the port it sends from, or a network."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Source:
    """A network, and with it the only port calls come from; None: any."""

    network: Network
    port: int | None = None

    def __str__(self) -> str:
        if self.port is None:
            return str(self.network)
        address = self.network.network_address
        return f"[{address}]:{self.port}" if address.version == 6 else f"{address}:{self.port}"

    def shares(self, port: int | None) -> bool:
        """Whether a call from one address and that port could be this one's, too."""
        return self.port is None or port is None or self.port == port


def source_of(text: str) -> Source:
    """An address, address:port, [IPv6 address]:port or network. Raises ValueError for anything else."""
    found = _WITH_PORT.fullmatch(text)
    if found is None:
        return Source(ipaddress.ip_network(text, strict=False))
    address = ipaddress.IPv6Address(found[1]) if found[1] else ipaddress.IPv4Address(found[2])
    if not 0 < int(found[3]) < 65_536:
        raise ValueError(f"{found[3]} is no port")
    return Source(ipaddress.ip_network(address), int(found[3]))
