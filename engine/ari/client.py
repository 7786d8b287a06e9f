"""A typed, thin client: one method for each thing the engine asks of Asterisk.

`AriClient` asks about the whole Asterisk; `AriClient.of(contact)` gives the `Calls` of one contact, whose requests
keep their order and wait for no other contact's. Ids are always chosen by the caller, who can so listen for a thing's
events before it exists. Every method raises Gone when the thing has ended, PbxUnreachable when Asterisk does not
answer and EngineError when we asked wrongly (`engine.ari.outcome`); what is natural to do twice (hang up, stop, take
down) answers False the second time instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, cast

from engine.ari import events, names
from engine.ari.calls import Calls
from engine.ari.outcome import outcome
from engine.ari.transport import AriTransport
from engine.errors import Gone

#: The lane of everything that belongs to no contact.
NOBODY = ""


class AriClient:
    """Asks one Asterisk about itself, for the application `app`."""

    __slots__ = ("_app", "_transport")

    def __init__(self, transport: AriTransport, app: str) -> None:
        self._transport = transport
        self._app = app

    def of(self, contact: str) -> Calls:
        """The calls of one contact."""
        return Calls(self._transport, self._app, contact)

    async def info(self) -> events.AsteriskInfo:
        """Version, build and settings."""
        return cast(events.AsteriskInfo, await self._ask("GET", "asterisk/info"))

    async def started(self) -> float:
        """When this Asterisk began, seconds since the epoch."""
        answer = cast(events.AsteriskInfo, await self._ask("GET", "asterisk/info", {"only": "status"}))
        return datetime.fromisoformat(answer["status"]["startup_time"]).timestamp()

    async def application(self, name: str | None = None) -> events.Application | None:
        """What an application (else ours) is subscribed to: its channels and bridges; None when it is not registered."""
        path = f"applications/{names.piece(name or self._app)}"
        return cast(events.Application | None, await self._find(path))

    async def subscribe(self, *sources: str) -> None:
        """Receive the events of things such as channel:ID, bridge:ID or endpoint:PJSIP/anna."""
        path = f"applications/{names.piece(self._app)}/subscription"
        await self._ask("POST", path, {"eventSource": ",".join(sources)})

    async def unsubscribe(self, *sources: str) -> bool:
        """Receive them no longer; False when we did not."""
        path = f"applications/{names.piece(self._app)}/subscription"
        return await self._end("DELETE", path, {"eventSource": ",".join(sources)})

    async def leave_out(self, kinds: Sequence[str]) -> None:
        """Tell Asterisk which types of event not to send; an empty list brings all back."""
        path = f"applications/{names.piece(self._app)}/eventFilter"
        await self._ask("PUT", path, None, {"disallowed": [{"type": kind} for kind in kinds]})

    async def channels(self) -> list[events.Channel]:
        """All channels, also those of others."""
        return cast(list[events.Channel], await self._ask("GET", "channels"))

    async def channel(self, channel: str) -> events.Channel | None:
        """One channel, or None when it is gone."""
        return cast(events.Channel | None, await self._find(f"channels/{names.piece(channel)}"))

    async def bridges(self) -> list[events.Bridge]:
        """All bridges, with the channels in them."""
        return cast(list[events.Bridge], await self._ask("GET", "bridges"))

    async def bridge(self, bridge: str) -> events.Bridge | None:
        """One bridge, or None when it is gone."""
        return cast(events.Bridge | None, await self._find(f"bridges/{names.piece(bridge)}"))

    async def playback(self, playback: str) -> events.Playback | None:
        """One playback, or None when it has ended."""
        return cast(events.Playback | None, await self._find(f"playbacks/{names.piece(playback)}"))

    async def endpoint(self, technology: str, resource: str) -> events.Endpoint | None:
        """A phone or trunk: is it online, and on which channels; None when there is none of that name."""
        path = f"endpoints/{names.piece(technology)}/{names.piece(resource)}"
        return cast(events.Endpoint | None, await self._find(path))

    async def live_recording(self, name: str) -> events.LiveRecording | None:
        """A recording being made, or None; ARI has no list of them, so the name must be known."""
        return cast(events.LiveRecording | None, await self._find(f"recordings/live/{names.piece(name)}"))

    async def stored_recordings(self) -> list[events.StoredRecording]:
        """All finished recordings."""
        return cast(list[events.StoredRecording], await self._ask("GET", "recordings/stored"))

    async def stored_recording(self, name: str) -> events.StoredRecording | None:
        """A finished recording, or None."""
        return cast(events.StoredRecording | None, await self._find(f"recordings/stored/{names.piece(name)}"))

    async def download_recording(self, name: str) -> bytes:
        """A finished recording's file; FileNotFoundError when there is none."""
        return await self._transport.download(f"recordings/stored/{names.piece(name)}/file")

    def media(self, connection: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """What is said on an external media channel: slin16 as it comes, until either side ends it. Raises PbxUnreachable."""
        return self._transport.media(connection)

    async def delete_stored(self, name: str) -> bool:
        """Delete a finished recording; False when there is none."""
        return await self._end("DELETE", f"recordings/stored/{names.piece(name)}")

    async def user_event(self, application: str, name: str, variables: Mapping[str, str]) -> None:
        """Publish an event of our own to whoever has registered an application; in a lane of its own."""
        path, query = f"events/user/{names.piece(name)}", {"application": application}
        body = {"variables": dict(variables)}
        answer = await self._transport.request(application, "POST", path, query, body)
        outcome(answer, f"POST {path}")

    async def _ask(
        self, method: str, path: str, query: dict[str, str] | None = None, body: dict[str, Any] | None = None
    ) -> Any:
        return outcome(await self._transport.request(NOBODY, method, path, query, body), f"{method} {path}")

    async def _find(self, path: str) -> Any:
        try:
            return await self._ask("GET", path)
        except Gone:
            return None

    async def _end(self, method: str, path: str, query: dict[str, str] | None = None) -> bool:
        try:
            await self._ask(method, path, query)
        except Gone:
            return False
        return True
