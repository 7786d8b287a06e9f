"""`quietline status --follow`: the stream in words, and going on after a cut."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cli_kit import Quietline

from engine.cli import following
from engine.cli.ask import NoEngine
from engine.cli.following import words

QUEUE = {"waiting": 1, "being_offered": 1, "longest_wait_s": 75.0, "ready": 0, "talking": 2, "paused": 1}
QUEUE |= {"signed_in": 3, "open": True, "expected_wait_s": None, "callers": [{}, {}]}
AGENT = {"title": "Mila Petrova", "state": "wrap_up", "reason": "", "contact": None, "then": ""}
ARRIVED = {"type": "contact", "contact": "c1", "event": "arrived", "seq": 4, "at": 1.0}


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        (
            {"type": "queue", "queue": "sales", **QUEUE},
            ["queue sales: 2 waiting, the longest 75 s; 0 ready, 2 talking, 1 paused"],
        ),
        ({"type": "agent", "agent": "2001", **AGENT}, ["agent 2001 Mila Petrova: wrap up"]),
        (
            {"type": "agent", "agent": "2001", **AGENT, "state": "paused", "reason": "no_answer"},
            ["agent 2001 Mila Petrova: paused (no answer)"],
        ),
        (
            {"type": "offer", "contact": "c1", "agent": "2001", "event": "offer_ended", "why": "no_answer"},
            ["call c1: agent 2001 offer ended: no answer"],
        ),
        (
            {**ARRIVED, "data": {"from_number": "7001", "group": None}},
            ["call c1: arrived  from_number 7001"],
        ),
        ({"type": "missed", "count": 9}, ["9 messages were missed"]),
        (
            {
                "type": "snapshot",
                "queues": {"sales": QUEUE, "quiet": {**QUEUE, "callers": []}},
                "agents": {"2001": AGENT, "2002": {**AGENT, "state": "logged_out"}},
            },
            [
                "queue sales: 2 waiting, the longest 75 s; 0 ready, 2 talking, 1 paused",
                "agent 2001 Mila Petrova: wrap up",
            ],
        ),
    ],
)
def test_a_message_is_told_in_words(message: dict[str, Any], lines: list[str]) -> None:
    assert words(message) == lines


class Cut(BaseHTTPRequestHandler):
    """A stream that is cut after each message; it keeps where readers said they were."""

    asked: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Last-Event-ID"))
        message = {**ARRIVED, "seq": len(self.asked), "data": {"from_number": "7001\u001b[2J"}}
        self.send_response(200)
        self.end_headers()
        text = f"retry: 2000\n\n: still here\n\nid: {len(self.asked)}\nevent: contact\ndata: {json.dumps(message)}\n\n"
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An engine whose stream is cut twice, and which has ended after that."""
    Cut.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cut)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def ask(state: Path, method: str, path: str) -> dict[str, str]:
        if len(Cut.asked) >= 2:
            raise NoEngine("no engine runs")
        return {"pages": f"http://127.0.0.1:{server.server_port}/"}

    monkeypatch.setattr(following, "ask", ask)
    monkeypatch.setattr(following, "AGAIN", 0.0)
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.usefixtures("pages")
def test_who_follows_goes_on_after_a_cut_and_ends_with_the_engine(quietline: Quietline) -> None:
    said = quietline("status", "--follow")
    first, second, last = said.out.splitlines()
    assert first.endswith(r"call c1: arrived  from_number 7001\x1b[2J")
    assert second.endswith(first[9:])
    assert last == "The engine has ended."
    assert Cut.asked == [None, "1"]


@pytest.mark.usefixtures("pages")
def test_followed_as_json_each_line_is_a_message(quietline: Quietline) -> None:
    lines = quietline("status", "--follow", "--json").out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2]


def test_where_no_engine_runs_following_says_so(quietline: Quietline, tmp_path: Path) -> None:
    assert "no engine runs" in quietline("status", "--follow", "--state", tmp_path).sentence
