"""Connections between this machine and the containers on it."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

from local.network.ports import LOOPBACK

_ROUTES = Path("/proc/net/route")
_BRIDGES = ("docker", "br-", "podman", "cni")  # how Docker and podman name their networks


def address_for_containers() -> str:
    """Return an address of this machine that containers can reach too.

    Bridges lead to every address of their host, with Docker as with podman. So this is the address
    in the machine's own network; without a network it is the address of the bridge.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; TEST-NET-1, RFC 5737
            return str(probe.getsockname()[0])
        except OSError:
            networks = container_networks(kernel_routes())
            return str(networks[0][1]) if networks else LOOPBACK


def is_of_this_machine(peer: str, own: str, routes: str) -> bool:
    """Return whether a connection comes from this machine or from a container on it.

    Parameters
    ----------
    peer, own : str
        The two addresses of the connection.
    routes : str
        The kernel's routes, in the form of ``/proc/net/route``.
    """
    address = ipaddress.ip_address(peer)
    if address.is_loopback or peer == own:
        return True
    return any(address in network for network in container_networks(routes))


def container_networks(routes: str) -> list[ipaddress.IPv4Network]:
    """Return the networks of Docker's and podman's bridges among the kernel's routes."""
    networks = []
    for line in routes.splitlines()[1:]:
        name, destination, *_, mask = line.split()[:8]
        if name.startswith(_BRIDGES):
            net, bits = (
                int.from_bytes(bytes.fromhex(word), "little") for word in (destination, mask)
            )
            networks.append(ipaddress.IPv4Network((net, bits.bit_count())))
    return networks


def kernel_routes() -> str:
    """Return the routes of this machine, empty where the kernel does not show them."""
    return _ROUTES.read_text("ascii") if _ROUTES.exists() else ""
