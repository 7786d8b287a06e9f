"""Everything the client sends is what Asterisk describes, and every answer becomes the right outcome."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from ari_peer import PASSWORD, USER, Peer

from engine.ari import names
from engine.ari.calls import Calls
from engine.ari.client import AriClient
from engine.ari.outcome import outcome
from engine.ari.pool import WebsocketTransport
from engine.ari.transport import Response
from engine.ari.validate import check_request, operation
from engine.errors import AgentUnreachable, AlreadyThere, EngineError, Gone, PbxUnreachable


@pytest.fixture
async def client(peer: Peer) -> AsyncIterator[AriClient]:
    async with WebsocketTransport(peer.url, "q", USER, PASSWORD) as transport:
        yield AriClient(transport, "q")


def as_asterisk_reads_it(sent: dict[str, Any]) -> tuple[str, str, dict[str, str], Any]:
    query = {pair["name"]: pair["value"] for pair in sent.get("query_strings", ())}
    body = json.loads(sent["message_body"]) if "message_body" in sent else None
    return sent["method"], sent["uri"], query, body


CALLS: list[tuple[str, Callable[[Calls], Awaitable[Any]], dict[str, str]]] = [
    ("channels.answer", lambda c: c.answer("a"), {}),
    ("channels.ring", lambda c: c.ring("a"), {}),
    ("channels.ringStop", lambda c: c.stop_ringing("a"), {}),
    ("channels.hangup", lambda c: c.hangup("a", "no_answer"), {"reason": "no_answer"}),
    ("channels.continueInDialplan", lambda c: c.continue_in_dialplan("a", "fallback", "s"), {"priority": "1"}),
    ("channels.setChannelVar", lambda c: c.set_variable("a", "X", ""), {"variable": "X", "value": ""}),
    ("channels.getChannelVar", lambda c: c.get_variable("a", "X"), {"variable": "X"}),
    (
        "channels.create",
        lambda c: c.create_channel("PJSIP/anna", "l1", app_args=("leg", "o1"), variables={"A": "1"}),
        {"endpoint": "PJSIP/anna", "app": "q", "channelId": "l1", "appArgs": "leg,o1"},
    ),
    (
        "channels.originateWithId",
        lambda c: c.originate("PJSIP/a/sip:b@127.0.0.1:5080;transport=udp", "l1", caller="100", timeout=19.2),
        {"endpoint": "PJSIP/a/sip:b@127.0.0.1:5080;transport=udp", "app": "q", "timeout": "20", "callerId": "100"},
    ),
    ("channels.dial", lambda c: c.dial("l1", 20, "a"), {"timeout": "20", "caller": "a"}),
    ("channels.snoopChannelWithId", lambda c: c.snoop("a", "s1"), {"spy": "in", "whisper": "none", "app": "q"}),
    (
        "channels.playWithId",
        lambda c: c.play("a", ["sound:en/you-are", "sound:en_US/4"], "p"),
        {"media": "sound:en/you-are,sound:en_US/4"},
    ),
    ("bridges.playWithId", lambda c: c.play_on_bridge("b", ["tone:ring;tonezone=fr"], "p"), {}),
    ("playbacks.stop", lambda c: c.stop_playback("p"), {}),
    ("channels.startMoh", lambda c: c.start_music("a", "calm"), {"mohClass": "calm"}),
    ("channels.stopMoh", lambda c: c.stop_music("a"), {}),
    (
        "channels.record",
        lambda c: c.record("a", "vm/1", max_seconds=179.5, max_silence=8, beep=True, terminate_on="#"),
        {
            "name": "vm/1",
            "format": "wav",
            "maxDurationSeconds": "180",
            "maxSilenceSeconds": "8",
            "beep": "true",
            "terminateOn": "#",
            "ifExists": "fail",
        },
    ),
    ("bridges.record", lambda c: c.record_bridge("b", "talk1", if_exists="overwrite"), {"ifExists": "overwrite"}),
    ("recordings.stop", lambda c: c.stop_recording("vm/1"), {}),
    ("recordings.cancel", lambda c: c.discard_recording("vm/1"), {}),
    ("bridges.createWithId", lambda c: c.create_bridge("b", "holding", "wait"), {"type": "holding", "name": "wait"}),
    ("bridges.addChannel", lambda c: c.add("b", "a", "l1"), {"channel": "a,l1"}),
    ("bridges.removeChannel", lambda c: c.remove("b", "a"), {"channel": "a"}),
    ("bridges.destroy", lambda c: c.destroy_bridge("b"), {}),
]  # fmt: skip


@pytest.mark.parametrize("name, send, query", CALLS, ids=[name for name, _, _ in CALLS])
async def test_a_contacts_request_is_the_one_asterisk_describes(
    peer: Peer,
    client: AriClient,
    name: str,
    send: Callable[[Calls], Awaitable[Any]],
    query: dict[str, str],
) -> None:
    peer.handler = lambda request: (200, {"value": "1"})
    await send(client.of("contact"))
    sent = as_asterisk_reads_it(peer.requests[-1])
    found = operation(*sent[:2])
    assert found is not None and found.id == name
    assert check_request(*sent) == []
    assert query.items() <= sent[2].items()


QUESTIONS: list[tuple[str, Callable[[AriClient], Awaitable[Any]]]] = [
    ("asterisk.getInfo", lambda c: c.info()),
    ("applications.get", lambda c: c.application()),
    ("applications.subscribe", lambda c: c.subscribe("channel:a", "bridge:b")),
    ("applications.unsubscribe", lambda c: c.unsubscribe("channel:a")),
    ("applications.filter", lambda c: c.leave_out(["ChannelVarset"])),
    ("channels.list", lambda c: c.channels()),
    ("channels.get", lambda c: c.channel("a")),
    ("bridges.list", lambda c: c.bridges()),
    ("bridges.get", lambda c: c.bridge("b")),
    ("playbacks.get", lambda c: c.playback("p")),
    ("endpoints.get", lambda c: c.endpoint("PJSIP", "anna")),
    ("recordings.getLive", lambda c: c.live_recording("vm/1")),
    ("recordings.listStored", lambda c: c.stored_recordings()),
    ("recordings.getStored", lambda c: c.stored_recording("vm/1")),
    ("recordings.deleteStored", lambda c: c.delete_stored("vm/1")),
    ("events.userEvent", lambda c: c.user_event("supervisor", "queue-changed", {"queue": "x"})),
]


@pytest.mark.parametrize("name, send", QUESTIONS, ids=[name for name, _ in QUESTIONS])
async def test_a_question_is_the_one_asterisk_describes(
    peer: Peer, client: AriClient, name: str, send: Callable[[AriClient], Awaitable[Any]]
) -> None:
    peer.handler = lambda request: (200, {})
    await send(client)
    sent = as_asterisk_reads_it(peer.requests[-1])
    found = operation(*sent[:2])
    assert found is not None and found.id == name
    assert check_request(*sent) == []


OUTCOMES: list[tuple[int, str, type[Exception]]] = [
    (404, "Channel not found", Gone),
    (409, "Channel not in Stasis application", Gone),
    (412, "Channel in invalid state", Gone),
    (400, "Channel not found", Gone),
    (422, "Channel not in Stasis application", Gone),
    (400, "Provided originator channel was not found", Gone),
    (409, "Channel with given unique ID already exists", AlreadyThere),
    (409, "Recording 'x' already exists and can not be overwritten", AlreadyThere),
    (409, "Channel a currently recording", EngineError),
    (404, "Resource not found", EngineError),
    (400, "Invalid Reason", EngineError),
    (422, "Unprocessable", EngineError),
    (500, "Allocation failed", EngineError),
    (403, "Forbidden", EngineError),
    (503, "Shutting down", PbxUnreachable),
]


@pytest.mark.parametrize("status, text, error", OUTCOMES, ids=lambda value: str(value))
def test_every_refusal_is_either_ours_or_the_worlds(status: int, text: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        outcome(Response(status, {"message": text}), "POST channels/a/answer")
    assert type(raised.value) is error
    assert "POST channels/a/answer" in str(raised.value) and text in str(raised.value)


async def test_what_is_gone_already_need_not_be_ended_again(peer: Peer, client: AriClient) -> None:
    peer.handler = lambda request: (404, {"message": "Bridge not found"})
    calls = client.of("contact")
    ended = [await calls.hangup("a"), await calls.stop_music("a"), await calls.stop_playback("p")]
    ended += [await calls.destroy_bridge("b"), await calls.remove("b", "a"), await calls.stop_recording("r")]
    ended += [
        await calls.discard_recording("r"),
        await calls.stop_ringing("a"),
        await client.delete_stored("r"),
    ]
    assert ended == [False] * 9
    assert await client.channel("a") is await client.bridge("b") is await client.live_recording("r") is None
    with pytest.raises(Gone):
        await calls.play("a", ["sound:hello"], "p")


async def test_a_variable_that_is_not_set_is_none_and_one_of_a_gone_channel_is_gone(
    peer: Peer, client: AriClient
) -> None:
    peer.handler = lambda request: (404, {"message": "Provided variable was not found"})
    assert await client.of("c").get_variable("a", "X") is None
    peer.handler = lambda request: (404, {"message": "Channel not found"})
    with pytest.raises(Gone):
        await client.of("c").get_variable("a", "X")


async def test_a_phone_nobody_has_registered_is_an_unreachable_agent(peer: Peer, client: AriClient) -> None:
    peer.handler = lambda request: (500, {"error": "Allocation failed"})
    with pytest.raises(AgentUnreachable, match="PJSIP/anna: Allocation failed"):
        await client.of("c").create_channel("PJSIP/anna", "l1")
    with pytest.raises(AgentUnreachable):
        await client.of("c").originate("PJSIP/anna", "l1")


@pytest.mark.parametrize(
    "uri",
    [
        "sound:/etc/passwd",
        "sound:http://127.0.0.1/x",
        "sound:../secret",
        "sound:a,sound:/b",
        "sound:",
        "SOUND:a b",
        "recording:../../x",
        "number:7",
        "digits:12",
        "hello",
        "sound:naïve",
        "sound:a\n",
        "tone:425/200,0/200",
    ],
)
async def test_what_is_no_prompt_never_reaches_asterisk(peer: Peer, client: AriClient, uri: str) -> None:
    before = len(peer.requests)
    with pytest.raises(EngineError, match="may not be played"):
        await client.of("c").play("a", ["sound:fine", uri], "p")
    assert [r for r in peer.requests[before:] if "play" in r["uri"]] == []


def test_names_that_could_mean_more_are_refused() -> None:
    with pytest.raises(EngineError, match="Nothing to play"):
        names.media([])
    for text in ("PJSIP", "PJSIP/a&PJSIP/b", "PJSIP/a b", "PJSIP/${X}", "Local/s@x\n", ""):
        with pytest.raises(EngineError, match="may not be dialled"):
            names.endpoint(text)
    for text in ("", "/tmp/x", "../x", "a.b", "a b"):
        with pytest.raises(EngineError, match="may not name a recording"):
            names.recording(text)
    with pytest.raises(EngineError, match="cannot hold a comma"):
        names.arguments(["a", "b,c"])
    with pytest.raises(EngineError, match="An id is empty"):
        names.piece("")
    assert names.piece("a/b?c") == "a%2Fb%3Fc"


def test_a_caller_id_keeps_only_what_a_number_may_hold() -> None:
    assert names.caller('"Bank" <sip:+359-88;x=1>') == "Banksip+359-88x1"
    assert len(names.caller("9" * 100)) == 40
