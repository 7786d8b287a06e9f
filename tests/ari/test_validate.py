"""A request, answer or event that Asterisk does not describe is found, and every fault is named."""

from typing import Any

import pytest

from engine.ari.validate import check_event, check_request, check_response, operation, path_values

CHANNEL: dict[str, Any] = {
    "id": "a1",
    "protocol_id": "x",
    "name": "PJSIP/trunk-00000001",
    "state": "Up",
    "caller": {"name": "", "number": "100"},
    "connected": {"name": "", "number": ""},
    "accountcode": "",
    "dialplan": {"context": "in", "exten": "1", "priority": 1, "app_name": "Stasis", "app_data": ""},
    "creationtime": "2026-11-22T12:00:00.123+0000",
    "language": "en",
}

GOOD_REQUESTS: list[tuple[Any, ...]] = [
    ("POST", "channels/a1/answer"),
    ("POST", "/channels/a1/play/p1", {"media": "sound:a,sound:b"}),
    ("DELETE", "channels/a1", {"reason": "no_answer"}),
    ("POST", "channels/create", {"endpoint": "PJSIP/a", "app": "q"}, {"variables": {"X": "1"}}),
    ("PUT", "applications/q/eventFilter", None, {"disallowed": [{"type": "ChannelVarset"}]}),
    ("GET", "asterisk/info", {"only": "build,system"}),
]


@pytest.mark.parametrize("request_", GOOD_REQUESTS, ids=lambda r: f"{r[0]} {r[1]}")
def test_a_described_request_has_no_fault(request_: tuple[Any, ...]) -> None:
    assert check_request(*request_) == []


BAD_REQUESTS: list[tuple[tuple[Any, ...], list[str]]] = [
    (("POST", "channels/a1/dance"), ["POST channels/a1/dance: Asterisk has no such operation"]),
    (("GET", "channels/a1/answer"), ["GET channels/a1/answer: Asterisk has no such operation"]),
    (("POST", "channels//answer"), ["POST channels//answer: Asterisk has no such operation"]),
    (("POST", "channels/a1/play/p1"), ["channels.playWithId: media: missing"]),
    (("POST", "channels/a1/answer", {"now": "1"}), ["channels.answer: now: not a parameter"]),
    (("POST", "channels/a1/answer", None, {"a": "b"}), ["channels.answer: it takes no body"]),
    (
        (
            "POST",
            "channels/a1/record",
            {"name": "n", "format": "wav", "maxDurationSeconds": "-1", "beep": "yes"},
        ),
        [
            "channels.record: maxDurationSeconds: -1 is below 0",
            "channels.record: beep: 'yes' is neither true nor false",
        ],
    ),
    (
        ("POST", "channels/a1/dial", {"timeout": "soon"}),
        ["channels.dial: timeout: 'soon' is not a whole number"],
    ),
    (
        ("POST", "channels/a1/dial", {"timeout": 3}),
        ["channels.dial: timeout: 3 is not text, and a query holds only text"],
    ),
    (
        ("POST", "channels/create", {"endpoint": "x", "app": "q"}, {"variables": {"X": 1}, "Y": "2"}),
        ["channels.create: Y: not a key of the body", "channels.create: variables: not an object of texts"],
    ),
    (
        ("GET", "asterisk/info", {"only": "build,moon"}),
        ["asterisk.getInfo: only: 'moon' is none of build, system, config, status"],
    ),
]


@pytest.mark.parametrize("request_, faults", BAD_REQUESTS, ids=lambda r: None)
def test_every_fault_of_a_request_is_named(request_: tuple[Any, ...], faults: list[str]) -> None:
    assert check_request(*request_) == faults


def test_a_word_of_a_path_beats_a_parameter() -> None:
    create, with_id = operation("POST", "channels/create"), operation("POST", "channels/c2")
    assert create is not None and create.id == "channels.create"
    assert with_id is not None and with_id.id == "channels.originateWithId"


def test_path_values_are_decoded() -> None:
    found = operation("GET", "/recordings/stored/box%2Fone/file")
    assert found is not None
    assert path_values(found, "/recordings/stored/box%2Fone/file") == {"recordingName": "box/one"}


def test_a_described_event_has_no_fault() -> None:
    envelope = {"application": "q", "timestamp": "2026-11-22T12:00:00.123+0000", "asterisk_id": "00:11"}
    assert check_event({"type": "StasisStart", "args": [], "channel": CHANNEL, **envelope}) == []


def test_every_fault_of_an_event_is_named() -> None:
    channel = {**CHANNEL, "state": "Confused", "caller": "100", "shoe_size": 44}
    event = {"type": "StasisStart", "timestamp": "today", "args": [1], "channel": channel}
    assert sorted(check_event(event)) == [
        "StasisStart.application: missing",
        "StasisStart.args[0]: 1 is not of type string",
        "StasisStart.channel.caller: '100' is not a CallerID",
        "StasisStart.channel.shoe_size: not a field of Channel",
        "StasisStart.channel.state: 'Confused' is none of Down, Rsrved, OffHook, Dialing, Ring, Ringing, Up, "
        "Busy, Dialing Offhook, Pre-ring, Unknown",
        "StasisStart.timestamp: 'today' is not of type Date",
    ]


@pytest.mark.parametrize("name", [None, "Channel", "Nonsense", 7])
def test_what_is_no_event_is_said(name: Any) -> None:
    assert check_event({"type": name}) == [f"{name!r}: not a type of event"]


def test_answers_are_held_to_the_description() -> None:
    assert check_response("POST", "channels/a1/answer", 204) == []
    assert check_response("POST", "channels/a1/answer", 404, {"message": "Channel not found"}) == []
    assert check_response("GET", "channels/a1", 200, CHANNEL) == []
    assert check_response("GET", "channels", 200, [CHANNEL]) == []
    assert check_response("POST", "channels/a1/answer", 422, {"message": "x"}) == [
        "channels.answer: 422: not an error it announces"
    ]
    assert check_response("POST", "channels/a1/answer", 200, {}) == [
        "channels.answer: 200: it answers 204 and nothing else"
    ]
    assert check_response("GET", "channels", 200, {}) == ["channels.list: body: {} is not a list"]
