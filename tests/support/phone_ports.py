"""Ports for phones that start some seconds after they were named: another test at the same time has others."""

from __future__ import annotations

import os
import random
import socket

from engine.load.sipp import port_free


def free_udp_ports(count: int) -> list[int]:
    """UDP ports nobody uses now."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


#: Ports that phones of this process have been given: one that starts later has its port to itself.
GIVEN: set[int] = set()


def phone_ports(count: int) -> list[int]:
    """UDP ports for phones that start later: above those that the system gives to whoever wants any, as far as there are so many.

    Tests that run at the same time have a part of them each.
    """
    worker, workers = (
        int(os.environ.get(name, default).removeprefix("gw"))
        for name, default in (("PYTEST_XDIST_WORKER", "gw0"), ("PYTEST_XDIST_WORKER_COUNT", "1"))
    )
    part = 4_536 // workers
    mine = range(61_000 + worker * part, 61_000 + (worker + 1) * part)
    if len(GIVEN) + count > part:
        GIVEN.clear()
    chosen: list[int] = []
    for port in random.sample(mine, part):
        if len(chosen) == count:
            break
        if port not in GIVEN and port_free("127.0.0.1", port):
            chosen.append(port)
    GIVEN.update(chosen)
    return chosen + free_udp_ports(count - len(chosen))
