"""Calls told as they happen: the event log followed, each call's lines marked with its caller's name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from engine.cli.console import clock, seconds
from engine.cli.records import Teller
from engine.config.report import printable
from engine.config.trace import Trace
from engine.core.event import Event
from engine.store.archive import Archive

#: Seconds between two looks at the log.
LOOK = 0.1


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands before a call's lines, and its colour."""

    label: str
    style: str = "white"


class Feed:
    """Follows the event log and prints each call's story, marked with its caller's name."""

    def __init__(self, archive: Archive, teller: Teller, seq: int, marks: Mapping[str, Mark]) -> None:
        """Events after `seq` are told; `marks` are those of the numbers known beforehand."""
        self._archive, self._teller, self._seq, self._marks = archive, teller, seq, marks
        self._stories: dict[str, tuple[str, Mark, Trace]] = {}
        self._console = Console(highlight=False)
        #: Numbers whose call has ended, and agents whose phone has rung.
        self.ended: set[str] = set()
        self.rung: set[str] = set()

    async def follow(self, enough: Callable[[], bool]) -> None:
        """Print what happens until there is enough."""
        while not enough():
            await self.look()
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        """Print what has happened since the last look."""
        for event in await self._archive.events_after(self._seq):
            self._seq = event.seq
            if event.contact is not None:
                await self.tell(event.contact, event)

    async def tell(self, contact: str, event: Event) -> None:
        """Print the lines of one event, and the record at the call's end."""
        if event.kind == "arrived":
            await self.begin(contact, event)
        if contact not in self._stories:
            return
        number, mark, trace = self._stories[contact]
        for line in trace.feed(event):
            self.print(mark, str(line))
        if event.kind == "offered" and event.agent is not None:
            self.rung.add(event.agent)
        if event.kind == "ended":
            for told in record_lines(await self._archive.contact(contact)):
                self.print(mark, told)
            self.ended.add(number)

    async def begin(self, contact: str, event: Event) -> None:
        """A call comes in; one that nobody announced is marked with its number."""
        number = event.data["from_number"]
        mark = self._marks.get(number) or Mark(number or "unknown")
        self._stories[contact] = (number, mark, await self._teller.begin(event.data["flow_hash"]))

    def print(self, mark: Mark, line: str) -> None:
        """One line of a call; cut where a terminal ends, whole anywhere else."""
        text = Text.assemble((f"{printable(mark.label):>10} │", f"bold {mark.style}"), printable(line))
        terminal = self._console.is_terminal
        self._console.print(
            text, no_wrap=terminal, overflow="ellipsis" if terminal else "ignore", crop=terminal
        )


def record_lines(record: Mapping[str, Any]) -> list[str]:
    """A contact record, all its fields in three lines."""
    times = ("arrived_at", "answered_at", "enqueued_at", "connected_at", "ended_at")
    lengths = ("wait_s", "talk_s")
    rest = [name for name in record if name not in (*times, *lengths)]
    told = {name: clock(record[name]).partition(" ")[2] or "–" for name in times}
    told |= {name: seconds(record[name]) for name in lengths}
    told |= {name: str(record[name]) if record[name] is not None else "–" for name in rest}
    told["flow_hash"] = told["flow_hash"][:8]
    if decided := record["entitlement"]:
        told["entitlement"] = " ".join(filter(None, (decided["outcome"], decided["level"])))
    groups = (rest[:6], list(times), [*rest[6:], *lengths])
    return ["   record  " + "  ".join(f"{name} {told[name]}" for name in group) for group in groups]
