"""Under which names the pages answer: a page elsewhere whose name leads to this machine reads nothing."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from aiohttp import test_utils as http
from aiohttp import web
from page_kit import House

from engine.web.answers import answer
from engine.web.pages import pages_app

PATHS = ("/", "/status.json", "/hours", "/events", "/reports/json/queues", "/api/agents")
STRANGERS = [
    "evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "127.0.0.1.evil.example:{port}",
    "localhost.evil.example:{port}", "evil.localhost.example", "pbx.example.evil.example", "pbx.example@evil.example",
    "evil.example:127.0.0.1", "[evil.example]", "", " ", "127.0.0.1,evil.example", "evillocalhost", "0x7f.1.example",
]  # fmt: skip
OURS = [
    "127.0.0.1", "127.0.0.1:{port}", "[::1]:{port}", "192.0.2.7:8080", "localhost", "LOCALHOST:{port}", "localhost.:{port}",
    "pbx.example", "PBX.example:443", "pbx.example.", socket.gethostname(),
]  # fmt: skip


def told() -> dict[str, Any]:
    return {"ready": False, "trouble": "Asterisk is not connected"}


async def events(_: web.Request) -> web.Response:
    return answer("who calls")


async def status_of(path: str, host: str) -> tuple[int, str]:
    """What is answered to who asks for this path under this name."""
    routes = [web.get(name, events) for name in ("/events", "/reports/json/queues", "/api/agents")]
    app = pages_app(told, House().hours(), "token", routes, ["pbx.example"])
    async with http.TestClient(http.TestServer(app)) as client:
        response = await client.get(path, headers={"Host": host.format(port=client.port)})
        return response.status, await response.text()


@pytest.mark.parametrize("host", STRANGERS)
async def test_a_name_that_was_led_to_this_machine_is_told_nothing(host: str) -> None:
    status, said = await status_of("/events", host)
    assert status in (400, 421) and "who calls" not in said


@pytest.mark.parametrize("path", PATHS)
async def test_no_page_answers_under_a_strangers_name_and_one_sentence_says_what_to_do(path: str) -> None:
    status, said = await status_of(path, "evil.example")
    assert status == 421 and "give the name to `quietline up` with --pages-name" in said


@pytest.mark.parametrize("host", OURS)
async def test_the_pages_answer_under_addresses_the_machines_names_and_those_given(host: str) -> None:
    assert await status_of("/events", host) == (200, '"who calls"')


async def test_the_health_check_answers_whoever_asks_and_under_any_name() -> None:
    assert await status_of("/healthz", "balancer.example") == (503, "Asterisk is not connected\n")
