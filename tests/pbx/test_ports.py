"""A port that is in use is one sentence that says which, what for, who has it and what to do."""

from __future__ import annotations

import os
import socket

import pytest
from pbx_site import free_ports

from engine.errors import SetupError
from engine.pbx.ports import Need, Ports, check_free


def test_a_base_moves_every_port() -> None:
    assert Ports.from_base(23000) == Ports(23000, 23001, 23002, 23003, 23100, 27099, 23004)
    assert Ports() == Ports(5060, 8088, 8089, 8080, 10000, 13999, 5038)


@pytest.mark.parametrize("base", [0, 1023, 61437, 70000, -5])
def test_a_base_that_does_not_fit_is_refused(base: int) -> None:
    with pytest.raises(SetupError, match=r"does not fit: give a base between 1024 and 61436"):
        Ports.from_base(base)


@pytest.mark.parametrize(("kind", "socket_kind"), [("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)])
def test_a_used_port_names_its_purpose_and_its_owner(kind: str, socket_kind: socket.SocketKind) -> None:
    ports = free_ports()
    with socket.socket(socket.AF_INET, socket_kind) as other:
        other.bind(("127.0.0.1", ports.sip))
        if kind == "tcp":
            other.listen()
        with pytest.raises(SetupError) as caught:
            check_free(ports)
    assert str(caught.value).startswith(f"{kind.upper()} port {ports.sip}, wanted for SIP, is in use by ")
    assert f"(process {os.getpid()})" in str(caught.value)
    assert "--ports BASE" in str(caught.value)


def test_a_port_bound_to_all_addresses_counts_as_used_and_one_closing_down_as_free() -> None:
    ports = free_ports()
    with socket.create_server(("", ports.pages)) as server:
        with pytest.raises(SetupError, match=f"TCP port {ports.pages}, wanted for pages"):
            check_free(ports)
        client = socket.create_connection(("127.0.0.1", ports.pages))
        taken, _ = server.accept()
        taken.close()
        client.close()
    check_free(ports)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(
        SetupError, match=r"192\.0\.2\.77, where SIP shall listen, is no address of this machine"
    ):
        check_free(free_ports(), "192.0.2.77", (Need(5999, "udp", "SIP"),))
