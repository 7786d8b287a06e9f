"""Listening to AMI: what is told of phones, sound and strangers, and what becomes of a connection that is refused, lost or silent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType

import pytest

from engine.ami import link as ami_link
from engine.ami.feed import AmiFeed
from engine.ami.link import Access
from engine.ami.port import Alarm, PhonesUnknown, PhonesUp, Report
from engine.ami.reading import ALARMS, RTCP
from engine.core.quality import RtpReport
from engine.pbx.render import REPOSITORY

SECRET = "a-secret-of-the-tests"


@dataclass
class AmiPeer:
    """As much of AMI as we use: a login, a list of devices, a phone that is asked; it can refuse, say nothing and hang up."""

    devices: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    #: Greets, and never answers a login.
    deaf: bool = False
    port: int = 0
    logins: int = 0
    events: str = ""
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
            case "Login" if self.deaf:
                self.logins += 1
            case "Login" if action["Secret"] != SECRET:
                self.logins += 1
                self._send(writer, {"Response": "Error", **mark, "Message": "Authentication failed"})
                writer.close()
            case "Login":
                self.logins += 1
                self.events = action["Events"]
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
    peer: AmiPeer, secret: str = SECRET, calls: bool = False, **pauses: float
) -> AsyncIterator[tuple[AmiFeed, asyncio.Queue[Report]]]:
    phones = AmiFeed(
        Access("127.0.0.1", peer.port, "quietline", secret), calls=calls, **{"first_pause": 0.01, **pauses}
    )
    heard: asyncio.Queue[Report] = asyncio.Queue()

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
        peer.devices["PJSIP/agent-chen"] = "NOT_INUSE"
        peer.contact("agent-chen", "NonQualified")
        assert await heard.get() == PhonesUp(frozenset({"agent-anna", "agent-boris", "agent-chen"}))


async def test_which_phones_are_in_use_is_told_where_somebody_wants_to_know() -> None:
    states = {"PJSIP/agent-anna": "INUSE", "PJSIP/agent-boris": "NOT_INUSE", "PJSIP/agent-chen": "RINGING"}
    both = frozenset({"agent-anna", "agent-boris", "agent-chen"})
    async with AmiPeer(dict(states)) as peer, watching(peer, calls=True) as (_, heard):
        assert await heard.get() == PhonesUp(both, frozenset({"agent-anna", "agent-chen"}))
        peer.devices["PJSIP/agent-anna"] = "NOT_INUSE"
        peer.tell(Event="DeviceStateChange", Device="PJSIP/agent-anna", State="BUSY")  # only makes us look
        assert await heard.get() == PhonesUp(both, frozenset({"agent-chen"}))
        assert peer.events == "system,reporting,security,call"
    async with AmiPeer(states) as peer, watching(peer) as (_, heard):
        assert await heard.get() == PhonesUp(both)
        assert peer.events == "system,reporting,security"


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
    monkeypatch.setattr("engine.ami.feed.ASKED", 0.1)
    async with AmiPeer({"PJSIP/agent-anna": "UNAVAILABLE"}) as peer, watching(peer) as (phones, heard):
        assert await heard.get() == PhonesUp(frozenset())
        assert peer.asked == ["agent-anna"]
        phones.look("agent-anna")
        peer.devices["PJSIP/agent-anna"] = "NOT_INUSE"
        peer.contact("agent-anna", "Reachable")
        assert await heard.get() == PhonesUp(frozenset({"agent-anna"}))
        assert peer.asked == ["agent-anna", "agent-anna"]


async def test_a_wrong_password_is_not_tried_again_and_again() -> None:
    async with AmiPeer() as peer, watching(peer, "wrong") as (_, heard):
        assert await heard.get() == PhonesUnknown(refused=True)
        for _ in range(5):
            await asyncio.sleep(0.02)
        assert peer.logins == 1


async def test_a_password_that_is_right_again_is_found_out_after_the_pause() -> None:
    async with AmiPeer() as peer, watching(peer, "wrong", refused_pause=0.01) as (_, heard):
        assert [await heard.get() for _ in range(3)] == [PhonesUnknown(refused=True)] * 3
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


async def test_a_login_that_is_never_answered_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_link, "DEADLINE", 0.05)
    async with AmiPeer(deaf=True) as peer, watching(peer, first_pause=30.0) as (_, heard):
        async with asyncio.timeout(5):
            assert await heard.get() == PhonesUnknown()
        assert peer.logins == 1


async def test_where_nobody_listens_it_is_tried_again_after_longer_and_longer_pauses() -> None:
    async with AmiPeer() as peer:
        gone = AmiPeer(port=peer.port)
    async with watching(gone) as (_, heard):
        began = asyncio.get_running_loop().time()
        assert [await heard.get() for _ in range(5)] == [PhonesUnknown()] * 5
        assert asyncio.get_running_loop().time() - began >= 0.01 + 0.02 + 0.04 + 0.08


#: What Asterisk 22.10.1 tells of a phone that received 7 packets too few, and of what came from it.
RECEIVED = {
    "Event": "RTCPReceived",
    "Channel": "PJSIP/trunk-local-00000000",
    "Uniqueid": "1795842120.0",
    "RTT": "0.0240",
    "PT": "200(SR)",
    "ReportCount": "1",
    "SentPackets": "100",
    "Report0SourceSSRC": "0x766f6963",
    "Report0FractionLost": "13",
    "Report0CumulativeLost": "7",
    "Report0HighestSequence": "1000",
    "Report0SequenceNumberCycles": "1",
    "Report0IAJitter": "80",
    "Report0LSR": "3738361967",
    "Report0DLSR": "2.5",
}
SENT = {**RECEIVED, "Event": "RTCPSent", "Report0CumulativeLost": "4294967295", "Report0LSR": "0"}
HEARD = RtpReport("1795842120.0", True, 66_536, 7, 13 / 256, 0.01, 0.024)
SPOKEN = replace(HEARD, heard=False, lost=0, round_trip=None)


async def told(*events: dict[str, str]) -> list[Report]:
    """What becomes of these events, once the phones are listed."""
    async with AmiPeer() as peer, watching(peer) as (_, heard):
        await heard.get()
        for event in events:
            peer.tell(**event)
        peer.contact("agent-last", "Reachable")  # has the phones listed once more
        reports = [await heard.get()]
        while not isinstance(reports[-1], PhonesUp):
            reports.append(await heard.get())
        return reports[:-1]


async def test_how_sound_arrives_is_told_for_both_directions() -> None:
    assert await told(RECEIVED, SENT) == [HEARD, SPOKEN]


async def test_a_phone_that_answers_no_report_of_ours_tells_no_round_trip() -> None:
    assert await told({**RECEIVED, "Report0LSR": "0", "RTT": "0.0000"}) == [replace(HEARD, round_trip=None)]


async def test_a_report_that_tells_nothing_or_nonsense_is_left_out() -> None:
    short = {name: text for name, text in RECEIVED.items() if not name.startswith("Report0")}
    assert await told(short, {**RECEIVED, "Report0IAJitter": "much"}, SENT) == [SPOKEN]


async def test_whoever_is_turned_away_is_told_with_their_name_and_address() -> None:
    event = {
        "Event": "InvalidPassword",
        "Service": "PJSIP",
        "AccountID": "2010",
        "RemoteAddress": "IPV4/UDP/192.0.2.7/5060",
    }
    assert await told(event) == [Alarm("InvalidPassword", "PJSIP", "2010", "192.0.2.7")]


async def test_a_name_that_smuggles_in_a_second_field_does_no_harm() -> None:
    event = {
        "Event": "InvalidAccountID",
        "Service": "PJSIP",
        "AccountID": "a\r\nAccountID: b",
        "RemoteAddress": "nowhere",
    }
    assert await told(event) == [Alarm("InvalidAccountID", "PJSIP", "a b", "nowhere")]


async def test_a_forged_event_makes_no_phone_reachable_and_asks_for_none_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.ami.feed.ASKED", 0.1)
    async with AmiPeer({"PJSIP/agent-anna": "UNAVAILABLE"}) as peer, watching(peer) as (_, heard):
        peer.contact("agent-anna", "Reachable")
        peer.contact("agent-nobody\nAction: Originate", "Removed")
        peer.contact("agent-anna", "Reachable\r\nContactStatus: Removed")
        assert await heard.get() == PhonesUp(frozenset())
        assert peer.asked == ["agent-anna"]  # as we came in


async def test_a_message_of_which_nobody_can_say_what_it_is_ends_no_connection() -> None:
    forged = {
        "Event": "InvalidAccountID",
        "AccountID": "a\r\nEvent: ContactStatus\r\nActionID: x\r\nActionID: y",
    }
    shutdown = {"Event": "InvalidAccountID", "AccountID": "a\r\n\r\nEvent: Shutdown"}
    assert await told(forged, shutdown, SENT) == [Alarm("InvalidAccountID", "", "a", ""), SPOKEN]


def test_asterisk_lets_through_just_what_is_listened_to() -> None:
    template = (REPOSITORY / "asterisk-conf" / "manager.conf.j2").read_text()
    listed = re.findall(r'"(\w+)"', template.partition("{% for event in (")[2].partition("%}")[0])
    assert sorted(listed) == sorted(["ContactStatus", *RTCP, *ALARMS])
