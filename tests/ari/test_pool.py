"""The pool keeps its promises: every request is answered or fails, order holds, nobody delays anybody else."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha1
from typing import Any

import pytest
from ari_peer import PASSWORD, USER, Clock, Peer

from engine.ari.connection import Connection
from engine.ari.pool import TakenOver, WebsocketTransport
from engine.ari.transport import LinkDown, LinkUp, Report, Response
from engine.errors import EngineError, PbxUnreachable, SetupError

SHARDS = [f"contact-{number}" for number in range(200)]


def transport(peer: Peer, **settings: Any) -> WebsocketTransport:
    return WebsocketTransport(peer.url, "q", USER, settings.pop("password", PASSWORD), **settings)


async def up(reports: AsyncIterator[Report]) -> LinkUp:
    """Skip to the next LinkUp."""
    async for report in reports:
        if isinstance(report, LinkUp):
            return report
    raise AssertionError("the reports ended")


async def down(reports: AsyncIterator[Report]) -> LinkDown:
    async for report in reports:
        if isinstance(report, LinkDown):
            return report
    raise AssertionError("the reports ended")


async def turns(number: int = 200) -> None:
    """Let everything that can go on go on."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_request_carries_query_and_body_and_brings_the_answer_back(peer: Peer, clock: Clock) -> None:
    peer.handler = lambda request: (200, {"id": "a1"})
    async with transport(peer) as ari:
        answer = await ari.request("c", "POST", "/channels/create", {"app": "q"}, {"variables": {"X": "ü"}})
    assert answer == Response(200, {"id": "a1"})
    sent = next(r for r in peer.requests if r["method"] == "POST")
    assert sent["uri"] == "channels/create"
    assert sent["query_strings"] == [{"name": "app", "value": "q"}]
    assert sent["content_type"] == "application/json" and sent["message_body"] == '{"variables":{"X":"ü"}}'


async def test_an_error_status_is_an_answer(peer: Peer, clock: Clock) -> None:
    peer.handler = lambda request: (404, {"message": "Channel not found"})
    async with transport(peer) as ari:
        answer = await ari.request("c", "DELETE", "channels/gone")
    assert answer == Response(404, {"message": "Channel not found"})


async def test_the_event_socket_carries_no_requests_and_unread_events_are_dropped(
    peer: Peer, clock: Clock
) -> None:
    async with transport(peer) as ari:
        await up(ari.reports())
        await asyncio.gather(*(ari.request(shard, "GET", "asterisk/ping") for shard in SHARDS))
        assert "q" not in peer.carried
        assert set(peer.carried) <= {f"q-cmd-{number}" for number in (1, 2, 3, 4)}
        filters = [r for r in peer.requests if r["uri"] == "applications/q/eventFilter"]
        assert len(filters) == 1 and "ChannelVarset" in filters[0]["message_body"]


async def test_ten_thousand_requests_at_once_are_all_answered_in_each_contacts_order(
    peer: Peer, clock: Clock
) -> None:
    peer.handler = lambda request: (200, {"uri": request["uri"]})
    async with transport(peer) as ari:
        asked = [(SHARDS[n % len(SHARDS)], f"channels/{SHARDS[n % len(SHARDS)]}/{n}") for n in range(10_000)]
        answers = await asyncio.gather(*(ari.request(shard, "GET", uri) for shard, uri in asked))
    assert [answer.body["uri"] for answer in answers] == [uri for _, uri in asked]
    seen: dict[str, list[int]] = {}
    for request in peer.requests:
        if request["uri"].startswith("channels/"):
            _, shard, number = request["uri"].split("/")
            seen.setdefault(shard, []).append(int(number))
    assert sum(map(len, seen.values())) == 10_000
    assert all(numbers == sorted(numbers) for numbers in seen.values())


async def test_a_blocked_channel_delays_no_other_contact(peer: Peer, clock: Clock) -> None:
    gate = peer.block("channels/slow/answer")
    async with transport(peer, sockets=2) as ari:
        slow = asyncio.ensure_future(ari.request("slow", "POST", "channels/slow/answer"))
        behind = asyncio.ensure_future(ari.request("slow", "POST", "channels/slow/play"))
        await asyncio.gather(*(ari.request(shard, "POST", f"channels/{shard}/answer") for shard in SHARDS))
        assert not slow.done() and not behind.done()
        gate.set()
        assert (await slow).status == (await behind).status == 204
    uris = [r["uri"] for r in peer.requests]
    assert uris.index("channels/slow/answer") < uris.index("channels/slow/play")


async def test_more_blocked_channels_than_sockets_open_more_sockets_up_to_a_bound(
    peer: Peer, clock: Clock
) -> None:
    gates = [peer.block(f"channels/slow{n}/answer") for n in range(6)]
    async with transport(peer, sockets=2, most=5) as ari:
        await up(ari.reports())
        slow = [
            asyncio.ensure_future(ari.request(f"slow{n}", "POST", f"channels/slow{n}/answer"))
            for n in range(4)
        ]
        other = asyncio.ensure_future(ari.request("other", "GET", "asterisk/ping"))
        while not other.done():
            clock.jump(0.1)
            await turns(20)
        assert not any(task.done() for task in slow)
        slow += [
            asyncio.ensure_future(ari.request(f"slow{n}", "POST", f"channels/slow{n}/answer")) for n in (4, 5)
        ]
        for _ in range(10):
            clock.jump(0.1)
            await turns(50)
        assert {app for app in peer.handshakes if "cmd" in app} == {f"q-cmd-{n}" for n in range(1, 6)}
        for gate in gates:
            gate.set()
        assert [answer.status for answer in await asyncio.gather(*slow)] == [204] * 6


async def test_a_queue_of_commands_that_are_slow_but_not_stuck_opens_more_sockets(
    peer: Peer, clock: Clock
) -> None:
    gates = [peer.block(f"channels/c{n}/answer") for n in range(10)]
    async with transport(peer, sockets=1, most=3) as ari:
        await up(ari.reports())
        asked = [
            asyncio.ensure_future(ari.request(f"c{n}", "POST", f"channels/c{n}/answer")) for n in range(10)
        ]
        for gate in gates:
            await turns(50)
            clock.jump(0.02)
            await turns(50)
            gate.set()
        await asyncio.gather(*asked)
        assert {app for app in peer.handshakes if "cmd" in app} == {"q-cmd-1", "q-cmd-2", "q-cmd-3"}


async def test_sockets_opened_for_a_rush_are_closed_when_it_is_over(peer: Peer, clock: Clock) -> None:
    gates = [peer.block(f"channels/slow{n}/answer") for n in range(4)]
    async with transport(peer, sockets=1, most=4) as ari:
        await up(ari.reports())
        slow = [
            asyncio.ensure_future(ari.request(f"slow{n}", "POST", f"channels/slow{n}/answer"))
            for n in range(4)
        ]
        while len(ari._open) < 4:
            clock.jump(0.1)
            await turns(50)
        for gate in gates:
            gate.set()
        await asyncio.gather(*slow)
        for _ in range(100):
            clock.jump(0.5)
            await turns(20)
        assert len(ari._open) == 1
        opened = len(peer.handshakes)
        assert (await ari.request("other", "GET", "asterisk/ping")).status == 204
        assert len(peer.handshakes) == opened


async def test_events_come_in_order_and_a_slow_consumer_stops_nobody(peer: Peer, clock: Clock) -> None:
    async with transport(peer) as ari:
        reports = ari.reports()
        assert await anext(reports) == LinkUp(first=True)
        for number in range(20_000):
            await peer.report("q", {"type": "ChannelDtmfReceived", "digit": str(number)})
        assert (await ari.request("c", "GET", "asterisk/ping")).status == 204
        digits = [(await anext(reports))["digit"] for _ in range(20_000)]  # type: ignore[index]
    assert digits == [str(number) for number in range(20_000)]


async def test_garbage_is_skipped_on_both_kinds_of_socket(peer: Peer, clock: Clock) -> None:
    async with transport(peer, sockets=1) as ari:
        reports = ari.reports()
        await up(reports)
        for rubbish in ("", "{", "[1]", '"type"', '{"type": 7}', '{"type": "RESTResponse", "request_id": 9}'):
            await peer.report("q", rubbish)
            await peer.report("q-cmd-1", rubbish)
        await peer.report("q", {"type": "StasisStart"})
        assert (await ari.request("c", "GET", "asterisk/ping")).status == 204
        found = [await anext(reports) for _ in range(2)]
    assert [report["type"] for report in found if isinstance(report, dict)] == ["RESTResponse", "StasisStart"]


async def test_a_lost_socket_fails_what_was_on_it_at_once_and_comes_back(peer: Peer, clock: Clock) -> None:
    peer.block("channels/a/answer")
    async with transport(peer, sockets=2) as ari:
        reports = ari.reports()
        await up(reports)
        pending = [asyncio.ensure_future(ari.request("a", "POST", "channels/a/answer")) for _ in range(5)]
        await turns()
        assert "channels/a/answer" in [r["uri"] for r in peer.requests]
        for app in list(peer.sockets):
            peer.cut(app)
        failures = await asyncio.gather(*pending, return_exceptions=True)
        assert [type(failure) for failure in failures] == [PbxUnreachable] * 5
        assert "event socket" in (await down(reports)).why
        peer.blocked.clear()
        again = asyncio.create_task(up(reports))
        while not again.done():
            clock.jump(0.1)
            await turns(20)
        assert await again == LinkUp(first=False)
        assert (await ari.request("a", "POST", "channels/a/answer")).status == 204


async def test_one_lost_command_socket_is_opened_again_and_the_link_stays_up(
    peer: Peer, clock: Clock
) -> None:
    async with transport(peer, sockets=2) as ari:
        reports = ari.reports()
        await up(reports)
        peer.cut("q-cmd-1")
        while peer.handshakes.count("q-cmd-1") < 2:
            clock.jump(0.1)
            await turns(20)
        assert (await ari.request("c", "GET", "asterisk/ping")).status == 204
        await peer.report("q", {"type": "StasisStart"})
        assert await anext(reports) == {"type": "StasisStart"}


async def test_a_peer_without_a_pong_is_down_and_nothing_waits_for_it(peer: Peer, clock: Clock) -> None:
    peer.block("channels/a/answer")
    async with transport(peer, heartbeat=4, deadline=60) as ari:
        reports = ari.reports()
        await up(reports)
        peer.pongs = False
        pending = asyncio.ensure_future(ari.request("a", "POST", "channels/a/answer"))
        lost = asyncio.create_task(down(reports))
        for _ in range(8):
            await turns(50)
            clock.jump(1)
        assert "no pong" in (await lost).why
        with pytest.raises(PbxUnreachable, match="no pong"):
            await pending


async def test_pongs_keep_the_link(peer: Peer, clock: Clock) -> None:
    async with transport(peer, heartbeat=4) as ari:
        reports = ari.reports()
        await up(reports)
        for _ in range(30):
            await turns(200)
            clock.jump(1)
        await peer.report("q", {"type": "StasisStart"})
        assert await anext(reports) == {"type": "StasisStart"}


async def test_a_request_never_answered_fails_at_its_deadline_and_its_socket_is_replaced(
    peer: Peer, clock: Clock
) -> None:
    peer.block("channels/a/answer")
    async with transport(peer, sockets=1, most=1, deadline=10) as ari:
        await up(ari.reports())
        flying = asyncio.ensure_future(ari.request("a", "POST", "channels/a/answer"))
        waiting = asyncio.ensure_future(ari.request("b", "GET", "asterisk/ping"))
        await turns()
        clock.jump(9.9)
        await turns()
        assert not flying.done() and not waiting.done()
        clock.jump(1)
        with pytest.raises(PbxUnreachable, match="no answer within 10 s on q-cmd-1"):
            await flying
        with pytest.raises(PbxUnreachable, match="no command socket was free within 10 s"):
            await waiting
        while peer.handshakes.count("q-cmd-1") < 2:
            clock.jump(0.1)
            await turns(20)
        await turns()
        assert (await ari.request("b", "GET", "asterisk/ping")).status == 204


async def test_a_cancelled_request_leaves_its_contact_and_socket_usable(peer: Peer, clock: Clock) -> None:
    gate = peer.block("channels/a/answer")
    async with transport(peer, sockets=1, most=1) as ari:
        flying = asyncio.ensure_future(ari.request("a", "POST", "channels/a/answer"))
        waiting = asyncio.ensure_future(ari.request("b", "POST", "channels/b/answer"))
        await turns()
        flying.cancel()
        waiting.cancel()
        await turns()
        gate.set()
        assert (await ari.request("b", "GET", "asterisk/ping")).status == 204
        assert (await ari.request("a", "GET", "asterisk/ping")).status == 204
    assert "channels/b/answer" not in [r["uri"] for r in peer.requests]


async def test_a_takeover_is_not_fought(peer: Peer, clock: Clock) -> None:
    async with transport(peer) as first:
        reports = first.reports()
        await up(reports)
        async with transport(peer) as second:
            with pytest.raises(TakenOver, match="another engine has taken over 'q'"):
                await down(reports)
                await anext(reports)
            with pytest.raises(PbxUnreachable, match="taken over"):
                await first.request("c", "GET", "asterisk/ping")
            theirs = second.reports()
            await up(theirs)
            count = len(peer.handshakes)
            clock.jump(60)
            await turns()
            assert len(peer.handshakes) == count
            assert (await second.request("c", "GET", "asterisk/ping")).status == 204


async def test_a_wrong_password_is_one_sentence_after_one_try(peer: Peer, clock: Clock) -> None:
    with pytest.raises(SetupError, match=r"refuses user 'quietline' \(401\): compare user, password"):
        await transport(peer, password="wrong").__aenter__()
    assert len(peer.handshakes) == 1


async def test_a_password_changed_while_running_ends_the_reports_without_a_login_storm(
    peer: Peer, clock: Clock
) -> None:
    async with transport(peer) as ari:
        reports = ari.reports()
        await up(reports)
        count, peer.password = len(peer.handshakes), "another"
        for app in list(peer.sockets):
            peer.cut(app)
        ended = asyncio.create_task(down(reports))
        await ended
        storm = asyncio.create_task(up(reports))
        while not storm.done():
            clock.jump(0.1)
            await turns(20)
        with pytest.raises(SetupError):
            await storm
        clock.jump(60)
        await turns()
        assert len(peer.handshakes) == count + 1


async def test_an_address_without_ari_is_said_and_tried_again(peer: Peer, clock: Clock) -> None:
    """An Asterisk that is still loading its modules answers 404 as well."""
    async with WebsocketTransport(peer.url.replace("/ari", "/elsewhere"), "q", USER, PASSWORD) as ari:
        assert "is not ARI, or not yet (404): is res_ari loaded" in (await down(ari.reports())).why


async def test_what_is_no_address_is_one_sentence(clock: Clock) -> None:
    with pytest.raises(SetupError, match=r"is not an address of ARI; write http://host:port/ari\."):
        await WebsocketTransport("asterisk, please", "q", USER, PASSWORD).__aenter__()


async def test_an_asterisk_that_is_not_there_yet_is_waited_for(peer: Peer, clock: Clock) -> None:
    await peer.stop()
    async with transport(peer) as ari:
        reports = ari.reports()
        assert isinstance(await anext(reports), LinkDown)
        with pytest.raises(PbxUnreachable, match=r"GET asterisk/ping: http://127\.0\.0\.1"):
            await ari.request("c", "GET", "asterisk/ping")
        for _ in range(10):
            clock.jump(10)
            await turns(20)
        await peer.start()
        there = asyncio.create_task(anext(reports))  # nothing was reported twice while it was away
        while not there.done():
            clock.jump(5)
            await turns(50)
        assert await there == LinkUp(first=True)


async def test_a_peer_that_hangs_up_at_once_is_not_stormed(peer: Peer, clock: Clock) -> None:
    peer.drops = True
    async with transport(peer) as ari:
        for _ in range(600):
            clock.jump(0.1)
            await turns(10)
        assert 5 <= len(peer.handshakes) <= 60
        with pytest.raises(PbxUnreachable):
            await ari.request("c", "GET", "asterisk/ping")


async def test_a_request_too_large_for_asterisk_never_leaves(peer: Peer, clock: Clock) -> None:
    async with transport(peer) as ari:
        with pytest.raises(EngineError, match="Asterisk takes 65535 at most"):
            await ari.request("c", "POST", "channels/create", None, {"variables": {"X": "x" * 70_000}})
        with pytest.raises(EngineError, match="JSON has no form"):
            await ari.request("c", "POST", "channels/create", None, {"variables": {"X": object()}})
        assert (await ari.request("c", "GET", "asterisk/ping")).status == 204


async def test_a_recording_comes_over_http(peer: Peer, clock: Clock) -> None:
    peer.files["m1"] = bytes(range(256)) * 1000
    async with transport(peer) as ari:
        assert await ari.download("recordings/stored/m1/file") == peer.files["m1"]
        with pytest.raises(FileNotFoundError, match="recordings/stored/m2/file"):
            await ari.download("/recordings/stored/m2/file")
        await peer.stop()
        with pytest.raises(PbxUnreachable):
            await ari.download("recordings/stored/m1/file")


async def test_leaving_fails_what_is_still_on_its_way(peer: Peer, clock: Clock) -> None:
    peer.block("channels/a/answer")
    async with transport(peer) as ari:
        pending = asyncio.ensure_future(ari.request("a", "POST", "channels/a/answer"))
        await turns()
    with pytest.raises(PbxUnreachable, match="closed"):
        await pending
    assert [report async for report in ari.reports()] in ([], [LinkUp(first=True)])
    with pytest.raises(PbxUnreachable, match="closed"):
        await ari.request("a", "GET", "asterisk/ping")


@pytest.mark.parametrize("upgraded", [False, True])
async def test_a_connection_that_is_given_up_while_it_is_being_opened_is_closed(upgraded: bool) -> None:
    closed = asyncio.Event()

    async def stand_still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        if upgraded:
            writer.write(upgrade(asked))
        await reader.read()
        writer.close()
        closed.set()

    server = await asyncio.start_server(stand_still, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ari"
    given_up = Connection(url, USER, PASSWORD, patience=5.0 if upgraded else 0.05)
    opening = asyncio.ensure_future(given_up.websocket("q", lambda frame: None, lambda: opening.cancel()))
    with pytest.raises(asyncio.CancelledError if upgraded else PbxUnreachable):
        await opening
    async with asyncio.timeout(10):
        await closed.wait()
    server.close()


async def test_an_asterisk_that_closes_a_connection_before_it_answers_is_tried_again() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    connection = Connection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ari", USER, PASSWORD)
    with pytest.raises(PbxUnreachable, match="closed before it was a websocket"):
        await connection.websocket("q", lambda frame: None)
    server.close()


def upgrade(asked: bytes) -> bytes:
    """The answer that makes a websocket of what has asked for one."""
    key = next(
        line.split()[1] for line in asked.splitlines() if line.lower().startswith(b"sec-websocket-key")
    )
    accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
