"""What is asked of Asterisk for one contact: its channels, bridges, playbacks and recordings.

A channel is not in the application when the request that made it returns (channel, snoop): act on its StasisStart.
Bridging, answering and setting variables wait while a prompt plays on the channel: stop the playback first. A playback
does not always tell its end: keep a watchdog on each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import ceil
from typing import Any, Literal, TypedDict, Unpack, cast

from engine.ari import events, names
from engine.ari.outcome import message, outcome
from engine.ari.transport import AriTransport, Response
from engine.errors import AgentUnreachable, AlreadyThere, Gone

HangupReason = Literal[
    "normal",
    "busy",
    "congestion",
    "no_answer",
    "timeout",
    "rejected",
    "unallocated",
    "normal_unspecified",
    "number_incomplete",
    "codec_mismatch",
    "interworking",
    "failure",
    "answered_elsewhere",
]
TransferState = Literal["channel_progress", "channel_answered", "channel_unavailable", "channel_declined"]
Direction = Literal["none", "both", "out", "in"]
#: One request: method, path, query.
Asked = tuple[str, str, Mapping[str, str] | None]


class RecordingOptions(TypedDict, total=False):
    """How to record: seconds are without end at 0 (the default), silence is counted from the last word."""

    format: str
    max_seconds: float
    max_silence: float
    beep: bool
    terminate_on: Literal["none", "any", "*", "#"]
    if_exists: Literal["fail", "overwrite", "append"]


class Calls:
    """One contact's requests: in their order, and delayed by no other contact's."""

    __slots__ = ("_app", "_contact", "_transport")

    def __init__(self, transport: AriTransport, app: str, contact: str) -> None:
        self._transport = transport
        self._app = app
        self._contact = contact

    # --- channels -----------------------------------------------------------------------------

    async def answer(self, channel: str) -> None:
        """Answer the call."""
        await self._ask("POST", f"channels/{names.piece(channel)}/answer")

    async def ring(self, channel: str) -> None:
        """Let the caller hear ringing."""
        await self._ask("POST", f"channels/{names.piece(channel)}/ring")

    async def stop_ringing(self, channel: str) -> bool:
        """Let the caller hear ringing no longer; False when the channel is gone."""
        return await self._end("DELETE", f"channels/{names.piece(channel)}/ring")

    async def hangup(self, channel: str, reason: HangupReason = "normal") -> bool:
        """Hang up; False when the channel was gone already."""
        return await self._end("DELETE", f"channels/{names.piece(channel)}", {"reason": reason})

    async def continue_in_dialplan(
        self, channel: str, context: str, extension: str, priority: int = 1
    ) -> None:
        """Let the channel leave us and go on in the dialplan."""
        query = {"context": context, "extension": extension, "priority": str(priority)}
        await self._ask("POST", f"channels/{names.piece(channel)}/continue", query)

    async def get_variable(self, channel: str, name: str) -> str | None:
        """A channel variable's value, or None when it is not set."""
        path = f"channels/{names.piece(channel)}/variable"
        answer = await self._transport.request(self._contact, "GET", path, {"variable": name})
        if answer.status == 404 and "variable" in message(answer).lower():
            return None
        return cast(str, outcome(answer, f"GET {path} {name}")["value"])

    async def set_variable(self, channel: str, name: str, value: str) -> None:
        """Set a channel variable; a function that Asterisk forbids is refused without a word (204)."""
        query = {"variable": name, "value": value}
        await self._ask("POST", f"channels/{names.piece(channel)}/variable", query)

    async def create_channel(
        self,
        endpoint: str,
        channel_id: str,
        *,
        app_args: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        originator: str | None = None,
    ) -> events.Channel:
        """Make a leg that does not ring yet; `dial` rings it, once its StasisStart has come.

        AgentUnreachable when nobody is registered under that name. Asterisk does not mind an `originator` that
        has hung up: the leg is made all the same.
        """
        query = {"endpoint": names.endpoint(endpoint), "app": self._app, "channelId": channel_id}
        query |= _given(appArgs=names.arguments(app_args), originator=originator)
        return await self._new_channel("channels/create", query, variables)

    async def originate(
        self,
        endpoint: str,
        channel_id: str,
        *,
        app_args: Sequence[str] = (),
        caller: str | None = None,
        timeout: float = 30,
        variables: Mapping[str, str] | None = None,
        originator: str | None = None,
    ) -> events.Channel:
        """Make a leg and ring it at once for `timeout` seconds; its StasisStart comes when it answers.

        `caller` is the number shown. AgentUnreachable when nobody is registered there.
        """
        query = {"endpoint": names.endpoint(endpoint), "app": self._app, "timeout": str(ceil(timeout))}
        shown = names.caller(caller) if caller else None
        query |= _given(appArgs=names.arguments(app_args), callerId=shown, originator=originator)
        return await self._new_channel(f"channels/{names.piece(channel_id)}", query, variables)

    async def dial(self, channel: str, timeout: float, caller: str | None = None) -> None:
        """Ring a leg made by `create_channel` for `timeout` seconds; `caller` is the channel it rings for."""
        query = {"timeout": str(ceil(timeout)), **_given(caller=caller)}
        await self._ask("POST", f"channels/{names.piece(channel)}/dial", query)

    async def snoop(
        self,
        channel: str,
        snoop: str,
        *,
        spy: Direction = "in",
        whisper: Direction = "none",
        app_args: Sequence[str] = (),
    ) -> None:
        """Make a channel `snoop` that hears (and may speak to) `channel`; it is ours at its StasisStart."""
        query = {"spy": spy, "whisper": whisper, "app": self._app}
        query |= _given(appArgs=names.arguments(app_args))
        await self._ask("POST", f"channels/{names.piece(channel)}/snoop/{names.piece(snoop)}", query)

    async def external_media(self, channel: str) -> str:
        """Make a channel `channel` that sends what it hears (slin16) to whoever fetches it; returns by what it is known there.

        It is ours at its StasisStart, which comes once somebody fetches it.
        """
        query = {"channelId": channel, "app": self._app, "format": "slin16", "transport": "websocket"}
        query |= {"encapsulation": "none", "connection_type": "server"}
        made = await self._ask("POST", "channels/externalMedia", query)
        return cast(str, made["channelvars"]["MEDIA_WEBSOCKET_CONNECTION_ID"])

    # --- what is heard ------------------------------------------------------------------------

    async def play(self, channel: str, media: Sequence[str], playback: str) -> None:
        """Play prompts one after the other on a channel, as one playback."""
        path = f"channels/{names.piece(channel)}/play/{names.piece(playback)}"
        await self._ask("POST", path, {"media": names.media(media)})

    async def play_on_bridge(self, bridge: str, media: Sequence[str], playback: str) -> None:
        """Play prompts to everybody in a bridge."""
        path = f"bridges/{names.piece(bridge)}/play/{names.piece(playback)}"
        await self._ask("POST", path, {"media": names.media(media)})

    async def stop_playback(self, playback: str) -> bool:
        """Stop a playback; False when it has ended already."""
        return await self._end("DELETE", f"playbacks/{names.piece(playback)}")

    async def start_music(self, channel: str, music: str = "default") -> None:
        """Play music on hold of a class."""
        outcome(await self.ask_music(channel, music), f"play music to {channel}")

    def ask_music(self, channel: str, music: str = "default") -> asyncio.Future[Response]:
        """The same, for `outcome` to judge; what is asked next need not wait for the answer."""
        return self._send("POST", f"channels/{names.piece(channel)}/moh", {"mohClass": music})

    async def stop_music(self, channel: str) -> bool:
        """Stop the music, if any; False when the channel is gone."""
        return await self._end("DELETE", f"channels/{names.piece(channel)}/moh")

    async def transfer_progress(self, channel: str, state: TransferState) -> bool:
        """Tell the phone that wants a transfer (ChannelTransfer) how far it has come; False when it is gone, or does not ask any more."""
        path = f"channels/{names.piece(channel)}/transfer_progress"
        return await self._end("POST", path, {"states": state})

    # --- recordings ---------------------------------------------------------------------------

    async def record(self, channel: str, name: str, **options: Unpack[RecordingOptions]) -> None:
        """Record what a channel says."""
        await self._ask("POST", f"channels/{names.piece(channel)}/record", _recording(name, options))

    async def record_bridge(self, bridge: str, name: str, **options: Unpack[RecordingOptions]) -> None:
        """Record what everybody in a bridge says."""
        await self._ask("POST", f"bridges/{names.piece(bridge)}/record", _recording(name, options))

    async def stop_recording(self, name: str) -> bool:
        """Stop a recording and keep it; False when it has ended already."""
        return await self._end("POST", f"recordings/live/{names.piece(name)}/stop")

    async def discard_recording(self, name: str) -> bool:
        """Stop a recording and throw it away; False when it has ended already."""
        return await self._end("DELETE", f"recordings/live/{names.piece(name)}")

    async def mute_recording(self, name: str, muted: bool) -> bool:
        """Write silence in place of what is said, or what is said again; False when the recording has ended."""
        return await self._end("POST" if muted else "DELETE", f"recordings/live/{names.piece(name)}/mute")

    # --- bridges ------------------------------------------------------------------------------

    async def create_bridge(
        self, bridge: str, kind: Literal["mixing", "holding"] = "mixing", name: str = ""
    ) -> None:
        """Make a bridge; its id must never have been used before."""
        query = {"type": kind, **_given(name=name)}
        await self._ask("POST", f"bridges/{names.piece(bridge)}", query)

    async def add(self, bridge: str, *channels: str) -> None:
        """Put channels into a bridge; none of them may have a playback running."""
        path = f"bridges/{names.piece(bridge)}/addChannel"
        await self._ask("POST", path, {"channel": ",".join(channels)})

    async def bring_together(self, bridge: str, *channels: str, music_at: str = "") -> None:
        """Make a bridge, unless it is there, and put channels into it; before that the music stops at one that hears some.

        All of it is asked for in one go. Raises Gone where one of the channels is.
        """
        path = f"bridges/{names.piece(bridge)}"
        make: Asked = ("POST", path, {"type": "mixing"})
        put: Asked = ("POST", f"{path}/addChannel", {"channel": ",".join(channels)})
        stop: list[Asked] = [("DELETE", f"channels/{names.piece(music_at)}/moh", None)] if music_at else []
        *stopped, made, inside = await self._together(*stop, make, put)
        with suppress(Gone):  # its own end tells that, and so does the bridge
            for answer in stopped:
                outcome(answer, f"stop the music at {music_at}")
        with suppress(AlreadyThere):
            outcome(made, f"make the bridge {bridge}")
        outcome(inside, f"bring {' and '.join(channels)} into {bridge}")

    async def remove(self, bridge: str, *channels: str) -> bool:
        """Take channels out of a bridge; False when they are not in it or gone."""
        path = f"bridges/{names.piece(bridge)}/removeChannel"
        return await self._end("POST", path, {"channel": ",".join(channels)})

    async def destroy_bridge(self, bridge: str) -> bool:
        """Take a bridge down; channels in it stay ours. False when it is gone already."""
        return await self._end("DELETE", f"bridges/{names.piece(bridge)}")

    def ask_unbridge(self, bridge: str) -> asyncio.Future[Response]:
        """The same, for `outcome` to judge; what is asked next need not wait for the answer."""
        return self._send("DELETE", f"bridges/{names.piece(bridge)}")

    # --- asking -------------------------------------------------------------------------------

    def _send(
        self, method: str, path: str, query: Mapping[str, str] | None = None
    ) -> asyncio.Future[Response]:
        return self._transport.request(self._contact, method, path, query)

    async def _ask(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Any:
        return outcome(await self._send(method, path, query), f"{method} {path}")

    async def _together(self, *requests: Asked) -> list[Response]:
        """Send requests in one go; their answers, in order. Raises PbxUnreachable where one of them has none."""
        sent = [self._send(*asked) for asked in requests]
        found: list[Response] = []
        for answer in await asyncio.gather(*sent, return_exceptions=True):
            if isinstance(answer, BaseException):
                raise answer
            found.append(answer)
        return found

    async def _end(self, method: str, path: str, query: Mapping[str, str] | None = None) -> bool:
        try:
            await self._ask(method, path, query)
        except Gone:
            return False
        return True

    async def _new_channel(
        self, path: str, query: Mapping[str, str], variables: Mapping[str, str] | None
    ) -> events.Channel:
        body = {"variables": dict(variables)} if variables else None
        answer = await self._transport.request(self._contact, "POST", path, query, body)
        if answer.status == 500:  # "Allocation failed": an endpoint nobody knows or nobody is registered at
            raise AgentUnreachable(f"{query['endpoint']}: {message(answer)}")
        return cast(events.Channel, outcome(answer, f"POST {path} {query['endpoint']}"))


def _recording(name: str, options: RecordingOptions) -> dict[str, str]:
    return {
        "name": names.recording(name),
        "format": options.get("format", "wav"),
        "maxDurationSeconds": str(ceil(options.get("max_seconds", 0))),
        "maxSilenceSeconds": str(ceil(options.get("max_silence", 0))),
        "beep": "true" if options.get("beep") else "false",
        "terminateOn": options.get("terminate_on", "none"),
        "ifExists": options.get("if_exists", "fail"),
    }


def _given(**values: str | None) -> dict[str, str]:
    """Only the parameters that say something."""
    return {name: value for name, value in values.items() if value}
