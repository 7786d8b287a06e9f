"""What the simulated Asterisk does for each operation of ARI; any other one is a fault of the test's subject.

An operation answers at once, or with a future when it waits for a channel's thread. Statuses and texts were measured:
a channel that is gone is 404, but 400 where a bridge is asked; one outside Stasis 409, but 422 where a bridge is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from engine.ari.transport import Response
from engine.ari.validate import operation, path_values
from engine.sim.bridge import App, Bridge
from engine.sim.channel import NOTICE, Channel, Done
from engine.sim.fetched import Fetched
from engine.sim.line import nothing
from engine.sim.playing import Playback
from engine.sim.recording import Recording, Stored, Wanted

if TYPE_CHECKING:
    from engine.sim.asterisk import SimulatedAsterisk

Answer = Response | asyncio.Future[Response]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: who asks, and with which values (of path and query) and body."""

    pbx: SimulatedAsterisk
    app: App
    values: Mapping[str, str]
    body: Mapping[str, Any] | None


class Refused(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, message: str, key: str = "message") -> None:
        super().__init__(message)
        self.response = Response(status, {key: message})


NO_CONTENT: Final = Response(204)
Handler = Callable[[Asked], Answer]
HANDLERS: Final[dict[str, Handler]] = {}


def perform(
    pbx: SimulatedAsterisk,
    app: App,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Mapping[str, Any] | None,
) -> Answer:
    """Carry out a request that fits the description. AssertionError when this operation is not simulated."""
    op = operation(method, path)
    assert op is not None, f"{method} {path}: Asterisk has no such operation"
    handler = HANDLERS.get(op.id)
    if handler is None:
        pbx.faults.append(f"{op.id}: not simulated; add it to engine.sim.operations")
        raise AssertionError(pbx.faults[-1])
    try:
        return handler(Asked(pbx, app, {**path_values(op, path), **query}, body))
    except Refused as refused:
        return refused.response


def does(op_id: str) -> Callable[[Handler], Handler]:
    """Register what is done for an operation; each has one handler."""

    def register(handler: Handler) -> Handler:
        assert op_id not in HANDLERS, f"{op_id} is done twice"
        HANDLERS[op_id] = handler
        return handler

    return register


def in_turn(channel: Channel, act: Callable[[], None]) -> asyncio.Future[Response]:
    """Do something when the channel's thread comes to it; the answer waits until then."""
    answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def command(done: Done) -> None:
        act()
        answered.set_result(NO_CONTENT)
        done()

    channel.submit(command)
    return answered


def queued(channel: Channel, act: Callable[[], None]) -> Response:
    """Do something when the channel's thread comes to it; the answer does not wait."""

    def command(done: Done) -> None:
        act()
        done()

    channel.submit(command)
    return NO_CONTENT


def existing(asked: Asked, name: str = "channelId") -> Channel:
    """The channel that is meant, in or outside Stasis."""
    channel = asked.pbx.channels.get(asked.values[name])
    if channel is None or channel.gone:
        raise Refused(404, "Channel not found")
    return channel


def controlled(asked: Asked) -> Channel:
    """The channel that is meant; it must be in Stasis."""
    channel = existing(asked)
    if channel.app is None:
        raise Refused(409, "Channel not in Stasis application")
    return channel


def bridge_of(asked: Asked) -> Bridge:
    """The bridge that is meant."""
    bridge = asked.pbx.bridges.get(asked.values["bridgeId"])
    if bridge is None:
        raise Refused(404, "Bridge not found")
    return bridge


def to_bridge(asked: Asked) -> list[Channel]:
    """The channels a bridge is asked to take or give."""
    found = []
    for channel_id in asked.values["channel"].split(","):
        channel = asked.pbx.channels.get(channel_id)
        if channel is None or channel.gone:
            raise Refused(400, "Channel not found")
        if channel.app is None:
            raise Refused(422, "Channel not in Stasis application")
        found.append(channel)
    return found


def whole(asked: Asked, name: str) -> int:
    """A whole number of the query; 0 when it is not given."""
    return int(asked.values.get(name, "0"))


# --- Asterisk and applications -----------------------------------------------------------------


@does("asterisk.ping")
def ping(asked: Asked) -> Answer:
    return Response(200, {"asterisk_id": "simulated", "ping": "pong", "timestamp": asked.pbx.stamp()})


@does("asterisk.getInfo")
def info(asked: Asked) -> Answer:
    began = asked.pbx.stamp(asked.pbx.began)
    parts = {
        "system": {"version": "22.10.1", "entity_id": "simulated"},
        "status": {"startup_time": began, "last_reload_time": began},
    }
    only = asked.values.get("only", ",".join(parts)).split(",")
    return Response(200, {part: told for part, told in parts.items() if part in only})


def application_of(asked: Asked) -> App:
    """The application that is meant."""
    app = asked.pbx.apps.get(asked.values["applicationName"])
    if app is None:
        raise Refused(404, "Application not found")
    return app


def shown_application(pbx: SimulatedAsterisk, app: App) -> dict[str, Any]:
    """An application as ARI shows it; `device_names` is left out by Asterisk itself when there are none."""
    inside = [one.id for one in pbx.channels.values() if one.app is app or one.id in app.subscribed]
    return {
        "name": app.name,
        "channel_ids": inside,
        "bridge_ids": [one for one in app.bridges if one in pbx.bridges],
        "endpoint_ids": [],
        "device_names": [],
        "events_allowed": list(app.allowed),
        "events_disallowed": list(app.disallowed),
    }


@does("applications.list")
def list_applications(asked: Asked) -> Answer:
    return Response(200, [shown_application(asked.pbx, app) for app in asked.pbx.apps.values()])


@does("applications.get")
def get_application(asked: Asked) -> Answer:
    return Response(200, shown_application(asked.pbx, registered(asked, "applicationName")))


@does("applications.filter")
def filter_application(asked: Asked) -> Answer:
    app, wanted = application_of(asked), asked.body or {}
    app.filter(list(wanted.get("allowed", ())), list(wanted.get("disallowed", ())))
    return Response(200, shown_application(asked.pbx, app))


@does("applications.subscribe")
def subscribe(asked: Asked) -> Answer:
    app = application_of(asked)
    for source in asked.values["eventSource"].split(","):
        kind, _, name = source.partition(":")
        if kind == "bridge" and name in asked.pbx.bridges:
            app.bridges.add(name)
        elif kind == "channel" and name in asked.pbx.channels:
            app.subscribed.add(name)
        elif kind != "endpoint":
            raise Refused(422, "Event source does not exist")
    return Response(200, shown_application(asked.pbx, app))


@does("applications.unsubscribe")
def unsubscribe(asked: Asked) -> Answer:
    app = application_of(asked)
    for source in asked.values["eventSource"].split(","):
        app.subscribed.discard(source.partition(":")[2])
        app.bridges.discard(source.partition(":")[2])
    return Response(200, shown_application(asked.pbx, app))


# --- channels ----------------------------------------------------------------------------------


@does("channels.list")
def list_channels(asked: Asked) -> Answer:
    return Response(200, [channel.snapshot() for channel in asked.pbx.channels.values()])


@does("channels.get")
def get_channel(asked: Asked) -> Answer:
    return Response(200, existing(asked).snapshot())


def new_channel(asked: Asked) -> tuple[Channel, App]:
    """A channel to a phone, not yet dialled."""
    pbx = asked.pbx
    technology, _, endpoint = asked.values["endpoint"].partition("/")
    endpoint = endpoint.split("/")[0]
    channel_id = asked.values.get("channelId") or f"{pbx.wall():.0f}.{pbx.serial()}"
    if channel_id in pbx.channels:
        raise Refused(409, "Channel with given unique ID already exists")
    app = pbx.apps.get(asked.values.get("app", ""))
    if app is None:
        raise AssertionError(
            f"{asked.values.get('app')!r} is not registered: Asterisk answers 200 and then nothing"
        )
    if technology != "PJSIP" or endpoint not in pbx.phones:
        raise Refused(500, "Allocation failed", "error")
    channel = pbx.add_channel(channel_id, endpoint, state="Down", context="from-agent")
    channel.variables.update((asked.body or {}).get("variables", {}))
    app.subscribed.add(channel_id)
    return channel, app


def app_args(asked: Asked) -> list[str]:
    """The arguments the application is started with."""
    given = asked.values.get("appArgs", "")
    return given.split(",") if given else []


@does("channels.create")
def create(asked: Asked) -> Answer:
    channel, app = new_channel(asked)
    shown = channel.snapshot()
    asked.pbx.enter(channel, app, app_args(asked))
    return Response(200, shown)


@does("channels.originate")
@does("channels.originateWithId")
def originate(asked: Asked) -> Answer:
    channel, app = new_channel(asked)
    channel.app_data = ",".join([app.name, *app_args(asked)])
    channel.originated = True
    asked.pbx.dial(channel, whole(asked, "timeout") or 30, nothing)
    return Response(200, channel.snapshot())


@does("channels.dial")
def dial(asked: Asked) -> Answer:
    channel, pbx, timeout = controlled(asked), asked.pbx, whole(asked, "timeout")
    caller = pbx.channels.get(asked.values.get("caller", ""))
    channel.connected = caller.number if caller else ""
    channel.submit(lambda done: pbx.dial(channel, timeout, done))
    return NO_CONTENT


@does("channels.hangup")
def hang_up(asked: Asked) -> Answer:
    existing(asked).hang_up(16, ours=True)
    return NO_CONTENT


@does("channels.continueInDialplan")
def go_on(asked: Asked) -> Answer:
    channel = controlled(asked)

    def leave() -> None:
        channel.leave_stasis()
        asked.pbx.later(0.001, lambda: channel.hang_up(16))

    return queued(channel, leave)


@does("channels.answer")
def answer(asked: Asked) -> Answer:
    channel = controlled(asked)

    def act() -> None:
        if channel.state != "Up" and not channel.gone:
            channel.set_state("Up")
            if channel.line is not None:
                channel.line.on_up()

    return in_turn(channel, act)


@does("channels.ring")
@does("channels.ringStop")
@does("channels.progress")
@does("channels.mute")
@does("channels.unmute")
@does("channels.hold")
@does("channels.unhold")
@does("channels.startSilence")
@does("channels.stopSilence")
def without_trace(asked: Asked) -> Answer:
    return queued(controlled(asked), nothing)


@does("channels.transfer_progress")
def transfer_progress(asked: Asked) -> Answer:
    channel = controlled(asked)
    channel.tell_transfer(channel.refer_to, asked.values["states"])
    return NO_CONTENT


@does("channels.startMoh")
def start_music(asked: Asked) -> Answer:
    channel, music = controlled(asked), asked.values.get("mohClass", "default")
    return queued(channel, lambda: setattr(channel, "music", music))


@does("channels.stopMoh")
def stop_music(asked: Asked) -> Answer:
    channel = controlled(asked)
    return queued(channel, lambda: setattr(channel, "music", None))


@does("channels.getChannelVar")
def get_variable(asked: Asked) -> Answer:
    found = existing(asked).variables.get(asked.values["variable"])
    if found is None:
        raise Refused(404, "Provided variable was not found")
    return Response(200, {"value": found})


@does("channels.setChannelVar")
def set_variable(asked: Asked) -> Answer:
    channel, name, value = controlled(asked), asked.values["variable"], asked.values.get("value", "")

    def act() -> None:
        channel.variables[name] = value
        channel.tell("ChannelVarset", variable=name, value=value, channel=channel.snapshot())

    return in_turn(channel, act)


@does("channels.play")
@does("channels.playWithId")
def play(asked: Asked) -> Answer:
    channel, pbx = controlled(asked), asked.pbx
    playback_id = asked.values.get("playbackId") or f"sim-{pbx.serial()}"
    playback = Playback(pbx, playback_id, channel, asked.values["media"].split(","))
    pbx.playbacks[playback_id] = playback
    shown = playback.snapshot()
    channel.submit(playback.start)
    return Response(201, shown)


@does("channels.record")
def record(asked: Asked) -> Answer:
    channel, pbx, name = controlled(asked), asked.pbx, asked.values["name"]
    if name in pbx.live or (name in pbx.stored and asked.values.get("ifExists", "fail") == "fail"):
        raise Refused(409, f"Recording '{name}' already exists and can not be overwritten")
    wanted = Wanted(
        name,
        form=asked.values["format"],
        longest=whole(asked, "maxDurationSeconds"),
        silence=whole(asked, "maxSilenceSeconds"),
        beep=asked.values.get("beep") == "true",
        ends_on=asked.values.get("terminateOn", "none"),
    )
    recording = pbx.live[name] = Recording(pbx, channel, wanted)
    shown = recording.snapshot()
    channel.submit(recording.start)
    return Response(201, shown)


@does("channels.snoopChannelWithId")
def snoop(asked: Asked) -> Answer:
    """A channel that hears another one; it is in the application a moment later, and ends with the one it hears."""
    target, pbx, app = existing(asked), asked.pbx, asked.pbx.apps[asked.values["app"]]
    if asked.values["snoopId"] in pbx.channels:
        raise Refused(409, "Channel with given unique ID already exists")
    channel = pbx.add_channel(asked.values["snoopId"], target.endpoint, state="Up")
    channel.name = f"Snoop/{target.id}-{pbx.serial():08x}"
    channel.spies, channel.spy, channel.whisper = (
        target,
        asked.values.get("spy", "none"),
        asked.values.get("whisper", "none"),
    )
    target.snoops.append(channel)
    pbx.later(NOTICE, lambda: None if channel.gone else pbx.enter(channel, app, app_args(asked)))
    return Response(200, channel.snapshot())


@does("channels.externalMedia")
def external_media(asked: Asked) -> Answer:
    """A channel whose sound the engine fetches; it waits for that, as long as it takes."""
    pbx, values = asked.pbx, asked.values
    wanted = ("transport", "websocket"), ("encapsulation", "none"), ("connection_type", "server")
    if any(values.get(name) != value for name, value in wanted):
        raise AssertionError(
            f"external media of {dict(values)}: only websockets that are fetched are simulated"
        )
    if values["channelId"] in pbx.channels:
        raise Refused(409, "Channel with given unique ID already exists")
    channel = pbx.add_channel(values["channelId"], "", state="Down")
    channel.name = f"WebSocket/INCOMING/0x{pbx.serial():08x}"
    app = pbx.apps[values["app"]]
    channel.media = Fetched(channel, f"media-{channel.id}", app)
    app.subscribed.add(channel.id)
    pbx.tell_dial(channel, "")
    return Response(200, channel.snapshot())


# --- bridges -----------------------------------------------------------------------------------


@does("bridges.list")
def list_bridges(asked: Asked) -> Answer:
    return Response(200, [bridge.snapshot() for bridge in asked.pbx.bridges.values()])


@does("bridges.get")
def get_bridge(asked: Asked) -> Answer:
    return Response(200, bridge_of(asked).snapshot())


@does("bridges.create")
@does("bridges.createWithId")
def create_bridge(asked: Asked) -> Answer:
    pbx = asked.pbx
    bridge_id = asked.values.get("bridgeId") or f"sim-{pbx.serial()}"
    if bridge_id in pbx.bridges:
        raise Refused(409, f"Bridge with id '{bridge_id}' already exists")
    kind = "holding" if "holding" in asked.values.get("type", "mixing").split(",") else "mixing"
    bridge = pbx.bridges[bridge_id] = Bridge(pbx, bridge_id, kind, asked.values.get("name", ""))
    return Response(200, bridge.snapshot())


@does("bridges.destroy")
def destroy_bridge(asked: Asked) -> Answer:
    bridge_of(asked).destroy()
    return NO_CONTENT


@does("bridges.addChannel")
def add_to_bridge(asked: Asked) -> Answer:
    bridge = bridge_of(asked)
    return all_of([in_turn(one, partial(bridge.add, one)) for one in to_bridge(asked)])


@does("bridges.removeChannel")
def take_from_bridge(asked: Asked) -> Answer:
    bridge, channels = bridge_of(asked), to_bridge(asked)
    if any(channel.bridge is not bridge for channel in channels):
        raise Refused(422, "Channel not in this bridge")

    def act(channel: Channel) -> None:
        if channel.bridge is bridge:
            bridge.remove(channel)

    return all_of([in_turn(one, partial(act, one)) for one in channels])


@does("bridges.startMoh")
def start_bridge_music(asked: Asked) -> Answer:
    bridge_of(asked).music = asked.values.get("mohClass", "default")
    return NO_CONTENT


@does("bridges.stopMoh")
def stop_bridge_music(asked: Asked) -> Answer:
    bridge_of(asked).music = None
    return NO_CONTENT


def all_of(answers: list[asyncio.Future[Response]]) -> Answer:
    """One answer when all channels are done."""
    if len(answers) == 1:
        return answers[0]
    together: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    left = len(answers)

    def one_less(_: asyncio.Future[Response]) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            together.set_result(NO_CONTENT)

    for one in answers:
        one.add_done_callback(one_less)
    return together


# --- playbacks and recordings ------------------------------------------------------------------


def playback_of(asked: Asked) -> Playback:
    """The playback that is meant."""
    playback = asked.pbx.playbacks.get(asked.values["playbackId"])
    if playback is None:
        raise Refused(404, "Playback not found")
    return playback


@does("playbacks.get")
def get_playback(asked: Asked) -> Answer:
    return Response(200, playback_of(asked).snapshot())


@does("playbacks.stop")
def stop_playback(asked: Asked) -> Answer:
    playback = playback_of(asked)
    if not playback.stoppable:
        raise Refused(500, "Could not stop playback")
    playback.stop()
    return NO_CONTENT


def live_of(asked: Asked) -> Recording:
    """The live recording that is meant."""
    recording = asked.pbx.live.get(asked.values["recordingName"])
    if recording is None:
        raise Refused(404, "Recording not found")
    return recording


@does("recordings.getLive")
def get_live(asked: Asked) -> Answer:
    return Response(200, live_of(asked).snapshot())


@does("recordings.stop")
def stop_recording(asked: Asked) -> Answer:
    live_of(asked).end()
    return NO_CONTENT


@does("recordings.mute")
def mute_recording(asked: Asked) -> Answer:
    live_of(asked).mute(True)
    return NO_CONTENT


@does("recordings.unmute")
def unmute_recording(asked: Asked) -> Answer:
    live_of(asked).mute(False)
    return NO_CONTENT


@does("recordings.cancel")
def discard_recording(asked: Asked) -> Answer:
    recording = live_of(asked)
    recording.discarded = True
    recording.end()
    return NO_CONTENT


def files(pbx: SimulatedAsterisk) -> dict[str, Stored]:
    """What lies on Asterisk's disk: a live recording's file is there too, and stays empty until it is closed."""
    live = {one.wanted.name: Stored(one.wanted.name, one.wanted.form, 0.0) for one in pbx.live.values()}
    return pbx.stored | live


def stored_of(asked: Asked) -> Stored:
    """The stored recording that is meant."""
    found = files(asked.pbx).get(asked.values["recordingName"])
    if found is None:
        raise Refused(404, "Recording not found")
    return found


@does("recordings.listStored")
def list_stored(asked: Asked) -> Answer:
    return Response(200, [one.snapshot() for one in files(asked.pbx).values()])


@does("recordings.getStored")
def get_stored(asked: Asked) -> Answer:
    return Response(200, stored_of(asked).snapshot())


@does("recordings.getStoredFile")
def get_stored_file(asked: Asked) -> Answer:
    return Response(200, stored_of(asked).file())


@does("recordings.deleteStored")
def delete_stored(asked: Asked) -> Answer:
    if asked.pbx.stored.pop(asked.values["recordingName"], None) is None:
        raise Refused(404, "Recording not found")
    return NO_CONTENT


# --- applications ---------------------------------------------------------------------------------


def registered(asked: Asked, name: str) -> App:
    """The application that is meant; one whose socket is gone is not registered any more."""
    app = asked.pbx.apps.get(asked.values[name])
    if app is None or app.transport is None:
        raise Refused(404, "Application not found")
    return app


@does("events.userEvent")
def user_event(asked: Asked) -> Answer:
    """An event of somebody's own, to an application; what it carries beside its name comes under `userevent`."""
    app = registered(asked, "application")
    name = asked.values["eventName"]
    carried = (asked.body or {}).get("variables", {})
    asked.pbx.tell_app(app, "ChannelUserevent", eventname=name, userevent={"eventname": name, **carried})
    return NO_CONTENT
