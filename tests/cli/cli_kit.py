"""Commands run as people type them, in this process; and an engine's control socket with something simple behind it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.call.hours_told import hours_told
from engine.call.overriding import override_event, overview
from engine.call.remarks import remark
from engine.cli.place import Place
from engine.config.opening import weekly
from engine.core.bulletins import Bulletin, ended, taken
from engine.core.doors import Doors
from engine.core.event import Event
from engine.core.site import ScheduleRule, Settings, Site
from engine.errors import BadWord, SetupError, SiteError
from engine.web.agents import Desk
from engine.web.bulletins import Board
from engine.web.callbacks import Callbacks
from engine.web.calls import Conversations
from engine.web.control import Controls
from engine.web.hours import Hours


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line of an error, without the program's name."""
        assert self.status == 1 and not self.out, self
        assert self.err.count("\n") == 1 and self.err.startswith("quietline: "), self.err
        return self.err.removeprefix("quietline: ").strip()


Quietline = Callable[..., Said]


def caller(contact: str, position: int) -> dict[str, Any]:
    """One who waits, as the floor tells it."""
    return {"contact": contact, "position": position, "waited": 12.0}


def agent(title: str, state: str, reason: str = "") -> dict[str, Any]:
    """An agent, as the floor tells it."""
    told = {"title": title, "state": state, "reason": reason, "since": 1.0, "then": "", "queues": ["support"]}
    return {**told, "phone": "", "code": "", "limit": None}


class KeptBulletins:
    """Bulletins without a disk."""

    def __init__(self) -> None:
        self.known: dict[str, Bulletin] = {}

    async def begin(self, bulletin: Bulletin, at: float) -> None:
        self.known = taken(self.known, bulletin.event(at))

    async def end(self, name: str, by: str, at: float) -> None:
        self.known = taken(self.known, ended(name, by, at))


OFFICE = Settings(
    ("en",),
    {},
    {"sofia": Site("sofia", "Europe/Sofia", weekly("Mon-Fri 08:00-18:00"))},
    {"office": ScheduleRule("office", ("sofia",))},
    {},
    {},
    {},
    {},
)


@dataclass
class FakeEngine:
    """What a control socket reaches here: two agents, one queue, and what was asked of them."""

    place: Place
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    agents: dict[str, Any] = field(
        default_factory=lambda: {"2001": agent("Mila", "ready"), "2002": agent("Ivan", "talking")}
    )
    report: str = ""
    release: dict[str, Any] | None = None
    trouble: str = ""
    careful: str = ""
    #: Whether Asterisk's manager tells the engine things, and what was counted.
    ami: bool | None = True
    counters: dict[str, float] = field(default_factory=dict)
    disk_takes: float = 0.0
    #: Monday, 1 June 2026, 12:00 in Sofia.
    now: float = 1_780_304_400.0
    doors: Doors = field(default_factory=lambda: Doors(OFFICE))
    ended_calls: bool = False
    bulletins: KeptBulletins = field(default_factory=lambda: KeptBulletins())
    #: Who is to be rung back, and by whom which of them was called off.
    callbacks: list[dict[str, Any]] = field(default_factory=list)
    called_off: list[tuple[str, str, str]] = field(default_factory=list)
    #: Conversations, what was asked of them, and the sentence with which the next thing is refused.
    talks: list[dict[str, Any]] = field(default_factory=list)
    ordered: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refusal: str = ""
    #: What was asked of requests and work orders.
    moved: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def status(self) -> dict[str, Any]:
        """The floor as one queue with two callers."""
        queue = {"waiting": [caller("c2", 1)], "being_offered": [caller("c1", 0)], "longest_wait": 12.0}
        queue |= {"ready": 1, "talking": 1, "signed_in": 2}
        addresses = {"sip": self.place.sip, "ari": self.place.ari, "pages": self.place.pages}
        floor = {"queues": {"support": queue}, "agents": self.agents}
        kept = {"state": str(self.place.state), "site": str(self.place.site)}
        said = {"trouble": self.trouble, "careful": self.careful, "ami": self.ami, "counters": self.counters}
        kept |= {"release": self.release}
        return {**addresses, **kept, **said, "ready": not self.trouble, "calls": 1, "floor": floor}

    def ask_agent(self, name: str, asked: dict[str, Any]) -> tuple[dict[str, Any], Awaitable[None]]:
        """Note what is asked, and let it come true."""
        if name not in self.agents:
            raise BadWord(f"there is no agent {name!r}: this site has {', '.join(self.agents)}", "agent")
        self.asked.append((name, asked))
        self.agents[name] |= {key: asked[key] for key in ("state", "reason", "phone", "code") if key in asked}
        return self.agents[name], self._written()

    def _written(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        loop.call_later(self.disk_takes, written.set_result, None)
        return written

    def override(self, asked: dict[str, Any]) -> tuple[dict[str, Any], Awaitable[None]]:
        """Take it in as the real engine does."""
        event = override_event(asked, self.doors.settings, self.now)
        self.doors.take(event)
        told = overview(self.doors, self.now)
        name = event.data["schedule"]
        return {
            "said": event.data,
            "zone": told["zones"][name],
            "state": told["schedules"].get(name),
        }, self._written()

    async def move_request(self, number: int, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Request 7 hangs on a work order."""
        if number == 7:
            raise SetupError("request 7 hangs on work order 3 and follows it")
        self.moved.append(("request", number, dict(asked)))
        await asyncio.sleep(self.disk_takes)
        return {"number": number, "state": asked.get("state", "open")}

    async def move_order(self, number: int, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Every work order has two requests."""
        self.moved.append(("order", number, dict(asked)))
        await asyncio.sleep(self.disk_takes)
        return {"number": number, "state": asked["state"], "requests": [4, 5]}

    async def publish(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Take the release, or report what is wrong with it."""
        if self.report:
            raise SiteError(self.report)
        self.release = {**asked, "number": (asked["from"] or 0) + 1, "came_from": None, "at": self.now}
        del self.release["from"]
        return self.release

    async def call_off(self, contact: str, asked: Mapping[str, Any]) -> bool:
        """Note it, where there is such a callback."""
        said = remark(asked, "by"), remark(asked, "why")
        known = any(one["contact"] == contact for one in self.callbacks)
        self.callbacks = [one for one in self.callbacks if one["contact"] != contact]
        if known:
            self.called_off.append((contact, *said))
            await asyncio.sleep(self.disk_takes)
        return known

    async def end_calls(self) -> int:
        """Note that the calls were ended first."""
        self.ended_calls = True
        return 0

    def hours(self) -> Hours:
        """The opening hours for the page."""
        return Hours(
            told=lambda: hours_told(self.doors, self.now),
            override=self.override,
            pin=lambda: self.doors.settings.override_pin,
            now=lambda: self.now,
        )

    async def order(self, who: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """Note it, where there is such a conversation."""
        if self.refusal:
            raise SetupError(self.refusal)
        found = [one for one in self.talks if who in (one["contact"], (one["with"] or {}).get("name"))]
        if found:
            self.ordered.append((who, dict(asked)))
        return found[0] if found else None

    def controls(self) -> Controls:
        """All of it for the socket."""
        return Controls(
            status=self.status,
            desk=Desk(lambda: self.agents, self.ask_agent, lambda: self.trouble),
            trouble=lambda: self.trouble,
            overrides=lambda: overview(self.doors, self.now),
            override=self.override,
            publish=self.publish,
            move_request=self.move_request,
            move_order=self.move_order,
            board=Board(self.bulletins, lambda: frozenset({"outage"}), lambda: "UTC", lambda: 1000.0),
            callbacks=Callbacks(lambda: self.callbacks, self.call_off),
            conversations=Conversations(lambda: self.talks, self.order),
            hours=self.hours(),
            stop=self.stopped.set,
            end_calls=self.end_calls,
        )


def arrived(contact: str, number: str = "7001", at: float = 100.0) -> Event:
    """A call from this number to 100, for flow `greet` in version `abc`."""
    data = {"from_number": number, "to_number": "100", "flow": "greet", "flow_hash": "abc", "language": "en"}
    return Event("arrived", at, contact, data={**data, "channel": contact, "via": "sip"})
