"""The AWS endpoint for containers: which clients it answers, and its address."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.aws import containers
from local.aws.containers import (
    address_for_containers,
    container_networks,
    is_of_this_machine,
    kernel_routes,
)


class NoNetwork:
    """A socket that reaches nothing."""

    def __enter__(self) -> NoNetwork:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def connect(self, _: object) -> None:
        raise OSError("network is unreachable")


ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
cni-podman0\t0000580A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
br-1a2b3c\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
podman1\t0000590A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


def test_networks_are_those_of_docker_and_podman() -> None:
    assert [str(network) for network in container_networks(ROUTES)] == [
        "172.17.0.0/16",
        "10.88.0.0/16",
        "172.18.0.0/16",
        "10.89.0.0/16",
    ]


def test_routes_are_empty_when_the_kernel_does_not_show_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(containers, "_ROUTES", tmp_path / "route")
    assert kernel_routes() == ""
    (tmp_path / "route").write_text(ROUTES, "ascii")
    assert kernel_routes() == ROUTES


@pytest.mark.parametrize(
    ("peer", "answered"),
    [
        ("127.0.0.1", True),
        ("192.0.2.2", True),  # this machine, by its own address
        ("172.17.0.5", True),
        ("10.88.0.9", True),
        ("192.0.2.3", False),  # a neighbour in the network
        ("203.0.113.7", False),
    ],
)
def test_client_is_answered_when_it_is_this_machine_or_its_container(
    peer: str, answered: bool
) -> None:
    assert is_of_this_machine(peer, "192.0.2.2", ROUTES) is answered
    assert is_of_this_machine(peer, "192.0.2.2", "") is (peer in ("127.0.0.1", "192.0.2.2"))


def test_address_is_that_of_the_bridge_when_there_is_no_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(containers.socket, "socket", lambda *_: NoNetwork())
    monkeypatch.setattr(containers, "kernel_routes", lambda: ROUTES)
    assert address_for_containers() == "172.17.0.1"
    monkeypatch.setattr(containers, "kernel_routes", lambda: "")
    assert address_for_containers() == "127.0.0.1"
