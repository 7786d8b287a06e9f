"""A provider behind a trunk of the real Asterisk: it says that it is there, and passes calls on to the phones of scenarios.

Asterisk asks a trunk every half minute whether it is there, which SIPp cannot answer beside its calls. So the trunk leads here: OPTIONS are
answered, a number that nobody has is refused, and everything else goes to the phone of that number, and back from it, as it is.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

Address = tuple[str, int]

#: Headers that an answer repeats.
REPEATED = ("Via", "From", "To", "Call-ID", "CSeq")


class Provider:
    """Its port, and the phones it passes calls on to: number -> UDP port of this machine."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._calls: dict[str, Address] = {}
        self._asterisk: Address = ("127.0.0.1", 0)
        self.phones: dict[str, int] = {}
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def run(self) -> None:
        """Pass on whatever comes, until an empty message does."""
        while True:
            data, source = self._socket.recvfrom(65_535)
            if not data:
                return
            if source[1] in self.phones.values():
                self._socket.sendto(data, self._asterisk)
            else:
                self._asterisk = source
                self._take(data)

    def stop(self) -> None:
        """Let `run` return."""
        host, port = self._socket.getsockname()
        self._socket.sendto(b"", (host, port))

    def _take(self, data: bytes) -> None:
        text = data.decode(errors="replace")
        call = _header(text, "Call-ID")
        asked = re.match(r"(\w+) sip:(?:([^@;>]*)@)?", text)
        if asked and asked[1] == "INVITE" and (port := self.phones.get(asked[2] or "")):
            self._calls[call] = ("127.0.0.1", port)
        if call in self._calls:
            self._socket.sendto(data, self._calls[call])
        elif asked and asked[1] != "ACK":
            status = "200 OK" if asked[1] == "OPTIONS" else "404 Not Found"
            self._socket.sendto(_answer(text, status), self._asterisk)


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}:\s*(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _answer(text: str, status: str) -> bytes:
    lines = [f"{name}: {_header(text, name)}" for name in REPEATED]
    lines = [f"{line};tag=provider" if line.startswith("To:") else line for line in lines]
    return "\r\n".join([f"SIP/2.0 {status}", *lines, "Content-Length: 0", "", ""]).encode()


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider in a thread of its own."""
    provider = Provider()
    thread = threading.Thread(target=provider.run, name="provider", daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.stop()
        thread.join(5)
        provider._socket.close()
