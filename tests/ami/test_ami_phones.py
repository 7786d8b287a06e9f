"""Watching phones over AMI: what is told, and what becomes of a connection that is refused, lost or silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType

import pytest

from engine.ami import link as ami_link
from engine.ami.link import Access
from engine.ami.phones import AmiPhones
from engine.ami.port import PhoneReport, PhonesUnknown, PhonesUp, PhoneUp

SECRET = "a-secret-of-the-tests"


@dataclass
class AmiPeer:
    """As much of AMI as we use: a login, a list of devices, a phone that is asked; it can refuse, say nothing and hang up."""

    devices: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    port: int = 0
    logins: int = 0
    asked: list[str] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def __aenter__(self) -> AmiPeer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        for writer in self.writers:
            writer.close()
        self.writers.clear()

    def tell(self, **fields: str) -> None:
        for writer in self.writers:
            self._send(writer, fields)

    def contact(self, endpoint: str, status: str) -> None:
        self.tell(
            Event="ContactStatus", URI="sip:x@192.0.2.1", ContactStatus=status, AOR="x", EndpointName=endpoint
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        if self.silent:
            return
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        while not reader.at_eof() and not writer.is_closing():
            try:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            self._act(writer, dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line))

    def _act(self, writer: asyncio.StreamWriter, action: dict[str, str]) -> None:
        mark = {"ActionID": action["ActionID"]}
        match action["Action"]:
            case "Login" if action["Secret"] != SECRET:
                self.logins += 1
                self._send(writer, {"Response": "Error", **mark, "Message": "Authentication failed"})
                writer.close()
            case "Login":
                self.logins += 1
                self._send(writer, {"Response": "Success", **mark, "Message": "Authentication accepted"})
            case "DeviceStateList":
                self._send(
                    writer, {"Response": "Success", **mark, "EventList": "start", "Message": "will follow"}
                )
                for name, state in self.devices.items():
                    self._send(writer, {"Event": "DeviceStateChange", **mark, "Device": name, "State": state})
                self._send(writer, {"Event": "DeviceStateListComplete", **mark, "EventList": "Complete"})
            case "PJSIPQualify":
                self.asked.append(action["Endpoint"])
                self._send(writer, {"Response": "Success", **mark, "Message": "Endpoint found, will qualify"})

    def _send(self, writer: asyncio.StreamWriter, fields: dict[str, str]) -> None:
        writer.write(("".join(f"{name}: {text}\r\n" for name, text in fields.items()) + "\r\n").encode())


@asynccontextmanager
async def watching(
    peer: AmiPeer, secret: str = SECRET, **pauses: float
) -> AsyncIterator[tuple[AmiPhones, asyncio.Queue[PhoneReport]]]:
    phones = AmiPhones(Access("127.0.0.1", peer.port, "quietline", secret), **{"first_pause": 0.01, **pauses})
    heard: asyncio.Queue[PhoneReport] = asyncio.Queue()

    async def follow() -> None:
        async with aclosing(phones.reports()) as reports:
            async for report in reports:
                heard.put_nowait(report)

    task = asyncio.create_task(follow())
    try:
        yield phones, heard
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_phones_are_listed_once_we_are_let_in_and_one_that_comes_is_told_at_once() -> None:
    async with (
        AmiPeer({"PJSIP/agent-anna": "NOT_INUSE", "PJSIP/agent-boris": "INUSE"}) as peer,
        watching(peer) as (_, heard),
    ):
        assert await heard.get() == PhonesUp(frozenset({"agent-anna", "agent-boris"}))
        peer.contact("agent-chen", "NonQualified")
        assert await heard.get() == PhoneUp("agent-chen")


async def test_a_phone_that_has_gone_is_told_as_asterisk_then_sees_it() -> None:
    async with AmiPeer({"PJSIP/agent-anna": "NOT_INUSE"}) as peer, watching(peer) as (_, heard):
        await heard.get()
        peer.contact("agent-anna", "Removed")  # registered anew, at another address
        assert await heard.get() == PhonesUp(frozenset({"agent-anna"}))
        assert peer.asked == ["agent-anna"]  # once more, before it is believed
        peer.devices["PJSIP/agent-anna"] = "UNAVAILABLE"
        peer.contact("agent-anna", "Unreachable")
        assert await heard.get() == PhonesUp(frozenset())


async def test_a_phone_that_was_not_asked_yet_is_asked_before_it_counts_as_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.ami.phones.ASKED", 0.1)
    async with AmiPeer({"PJSIP/agent-anna": "UNAVAILABLE"}) as peer, watching(peer) as (phones, heard):
        assert await heard.get() == PhonesUp(frozenset())
        assert peer.asked == ["agent-anna"]
        phones.look("agent-anna")
        peer.contact("agent-anna", "Reachable")
        assert await heard.get() == PhoneUp("agent-anna")
        assert peer.asked == ["agent-anna", "agent-anna"]


async def test_a_wrong_password_is_not_tried_again_and_again() -> None:
    async with AmiPeer() as peer, watching(peer, "wrong") as (_, heard):
        assert await heard.get() == PhonesUnknown()
        for _ in range(5):
            await asyncio.sleep(0.02)
        assert peer.logins == 1


async def test_a_password_that_is_right_again_is_found_out_after_the_pause() -> None:
    async with AmiPeer() as peer, watching(peer, "wrong", refused_pause=0.01) as (_, heard):
        assert [await heard.get() for _ in range(3)] == [PhonesUnknown()] * 3
        assert peer.logins >= 3


async def test_a_lost_connection_is_made_again_and_meanwhile_nobody_knows() -> None:
    async with AmiPeer({"PJSIP/agent-anna": "NOT_INUSE"}) as peer, watching(peer) as (_, heard):
        await heard.get()
        peer.hang_up()
        assert await heard.get() == PhonesUnknown()
        assert await heard.get() == PhonesUp(frozenset({"agent-anna"}))
        assert peer.logins == 2


async def test_a_peer_that_says_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_link, "DEADLINE", 0.05)
    async with AmiPeer(silent=True) as peer, watching(peer) as (_, heard):
        assert await heard.get() == PhonesUnknown()


async def test_where_nobody_listens_it_is_tried_again_after_longer_and_longer_pauses() -> None:
    async with AmiPeer() as peer:
        gone = AmiPeer(port=peer.port)
    async with watching(gone) as (_, heard):
        began = asyncio.get_running_loop().time()
        assert [await heard.get() for _ in range(5)] == [PhonesUnknown()] * 5
        assert asyncio.get_running_loop().time() - began >= 0.01 + 0.02 + 0.04 + 0.08
