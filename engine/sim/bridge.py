"""Bridges, and the applications that hear of what happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.sim.asterisk import SimulatedAsterisk
    from engine.sim.channel import Channel
    from engine.sim.transport import SimTransport


@dataclass(slots=True, eq=False)
class App:
    """A Stasis application. It outlives its event socket: without one, its events are lost and new calls are refused."""

    name: str
    transport: SimTransport | None = None
    #: Channels it hears of although they are not (or no longer) in it.
    subscribed: set[str] = field(default_factory=set)
    bridges: set[str] = field(default_factory=set)
    allowed: tuple[Mapping[str, Any], ...] = ()
    disallowed: tuple[Mapping[str, Any], ...] = ()
    _dropped: frozenset[str] = frozenset()
    _kept: frozenset[str] | None = None

    def filter(self, allowed: list[Mapping[str, Any]], disallowed: list[Mapping[str, Any]]) -> None:
        """Hear only of allowed types, and of no disallowed ones."""
        self.allowed, self.disallowed = tuple(allowed), tuple(disallowed)
        self._dropped = frozenset(one["type"] for one in disallowed)
        self._kept = frozenset(one["type"] for one in allowed) if allowed else None

    def hears(self, kind: str) -> bool:
        """Does an event of this type reach it?"""
        return (
            self.transport is not None
            and kind not in self._dropped
            and (self._kept is None or kind in self._kept)
        )


class Bridge:
    """A mixing or holding bridge."""

    def __init__(self, pbx: SimulatedAsterisk, bridge_id: str, kind: str, name: str) -> None:
        self.pbx = pbx
        self.id = bridge_id
        self.kind = kind
        self.name = name
        self.created = pbx.stamp()
        self.channels: list[Channel] = []
        self.music: str | None = None

    def snapshot(self) -> dict[str, Any]:
        """The bridge as ARI shows it."""
        return {
            "id": self.id,
            "technology": "holding_bridge" if self.kind == "holding" else "simple_bridge",
            "bridge_type": self.kind,
            "bridge_class": "stasis",
            "creator": "Stasis",
            "name": self.name,
            "channels": [channel.id for channel in self.channels],
            "creationtime": self.created,
            "video_mode": "talker",
        }

    def add(self, channel: Channel) -> None:
        """Bring a channel in; it leaves where it was before."""
        if channel.gone or channel.app is None or self.id not in self.pbx.bridges:
            return
        if channel.bridge is not None:
            channel.bridge.remove(channel)
        self.channels.append(channel)
        channel.bridge = self
        channel.app.bridges.add(self.id)
        channel.tell("ChannelEnteredBridge", bridge=self.snapshot(), channel=channel.snapshot())

    def remove(self, channel: Channel) -> None:
        """Take a channel out."""
        self.channels.remove(channel)
        channel.bridge = None
        channel.tell("ChannelLeftBridge", bridge=self.snapshot(), channel=channel.snapshot())

    def destroy(self) -> None:
        """Take everybody out and be gone."""
        for channel in list(self.channels):
            self.remove(channel)
        del self.pbx.bridges[self.id]
        for app in self.pbx.apps.values():
            if self.id in app.bridges:
                app.bridges.discard(self.id)
                self.pbx.tell_app(app, "BridgeDestroyed", bridge=self.snapshot())
