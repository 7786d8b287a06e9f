"""What callers hear and may do while they wait, in the whole engine on the simulated Asterisk."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from disturbed import never_written
from simulated import REST, simulated_engine
from told import set_agents

from engine.app import Engine
from engine.config import Loaded, load_files
from engine.core.audit import check_invariants
from engine.core.bulletins import Bulletin
from engine.core.event import Event
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import MONDAY_MORNING, run
from engine.sim.line import Line
from engine.sim.media import wav_lengths
from engine.sim.people import endpoint_of
from engine.store.ledger import open_ledger

ANNA, BORIS, CLARA, OTHER = (f"+35988800000{n}" for n in (1, 2, 3, 9))
#: Seconds an announcement lasts that an agent's answer cuts short.
LONG = 20.0
#: What the queues of this site have beside the scenarios' own options.
OPTIONS = """
  capacity: 9
  announce_wait: no
  comfort: [comfort_thanks, comfort_prepare]
  comfort_every: 30s
  keep_place: 1m
  place_kept: place_kept
"""
FLOW = """
flow: patient
steps:
  first:
    - queue: sales
      max_wait: 5m
      on_key: { 1: message, 2: second, 3: third }
      on_timeout: farewell
    - hangup: goodbye
  second:
    - queue: sales
      keep_time: yes
      max_wait: 5m
      on_key: { 1: message }
      on_timeout: farewell
    - hangup: goodbye
  third:
    - queue: sales
      max_wait: 5m
      on_timeout: farewell
    - hangup: goodbye
  message:
    - voicemail: office
      on_none: farewell
    - goto: farewell
  farewell:
    - hangup: goodbye
"""


@pytest.fixture(scope="session")
def patient(site_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The scenarios' site, whose queues say more to those who wait."""
    folder = tmp_path_factory.mktemp("patient")
    shutil.copytree(site_folder.parent, folder, dirs_exist_ok=True)
    site, flow = folder / "site" / "site.yaml", folder / "site" / "patient.yaml"
    text = site.read_text().replace("  capacity: 2\n", OPTIONS.lstrip("\n"))
    site.write_text(text.replace('"130": called_back', '"131": patient\n  "130": called_back'))
    flow.write_text(FLOW)
    return load_files(folder / "site")


@dataclass
class Queue:
    """An engine with one agent, who speaks with somebody until they are `free`, and callers of their queue."""

    pbx: SimulatedAsterisk
    engine: Engine
    life: AsyncExitStack
    site: Loaded
    folder: Path
    other: Line

    def call(self, number: str, to: str = "131") -> Line:
        return self.pbx.call(number, to)

    def free(self) -> None:
        """Let the agent's conversation end: after a second of wrap-up their phone rings again."""
        self.other.hang_up()

    async def restart(self) -> None:
        transport = self.pbx.apps[self.pbx.app].transport
        assert transport is not None
        self.engine.house.ledger.append = never_written  # type: ignore[method-assign]
        transport.close()
        await self.life.aclose()
        self.engine = await self.life.enter_async_context(simulated_engine(self.pbx, self.site, self.folder))

    async def told(self, number: str, last: bool = True) -> list[Event]:
        """The events of a number's last call (or first)."""
        calls = [c["id"] for c in await self.engine.archive.contacts() if c["from_number"] == number]
        return await self.engine.archive.events(calls[-1 if last else 0])

    async def one(self, number: str, kind: str) -> dict[str, Any]:
        """The data of the one event of a kind that a number's last call has."""
        (found,) = [event for event in await self.told(number) if event.kind == kind]
        return dict(found.data)

    def position(self, number: str) -> int:
        house = self.engine.house
        (contact,) = [c.id for c in house.ledger.open.values() if c.from_number == number]
        return house.distributor.position(contact)

    async def begin(self, name: str, **scope: str) -> None:
        now = self.engine.house.now()
        await self.engine.house.bulletins.begin(Bulletin(name, "still_waiting", now, None, scope), now)


def agents_phone(pbx: SimulatedAsterisk, ring: float) -> Callable[[Line], None]:
    """It is answered after so many seconds; the first conversation is for the caller to end, others last 5 s."""
    calls: list[Line] = []

    def called(line: Line) -> None:
        calls.append(line)
        line.ring()
        pbx.later(ring, line.answer)
        if len(calls) > 1:
            pbx.later(ring + 5.0, line.hang_up)

    return called


def waiting(
    site: Loaded,
    folder: Path,
    act: Callable[[Queue], Awaitable[None]],
    ring: float = 1.0,
    lengths: Callable[[str], float | None] | None = None,
) -> None:
    """Let it happen; in the end everything is ARI, and nobody waits or rings."""

    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=lengths or wav_lengths({"quietline/": site.catalog.folder}))
        pbx.phones[endpoint_of("2004")] = agents_phone(pbx, ring)
        async with AsyncExitStack() as life:
            engine = await life.enter_async_context(simulated_engine(pbx, site, folder))
            await set_agents(engine, ("2004",))
            queue = Queue(pbx, engine, life, site, folder, pbx.call(OTHER, "131"))
            await asyncio.sleep(ring + 1.0)
            await act(queue)
            queue.free()
            await asyncio.sleep(200.0 + REST)
            pbx.verify()
            check_invariants(queue.engine.house.distributor.state, queue.engine.house.now())

    run(main())


def spoken(events: list[Event]) -> list[tuple[float, str]]:
    """What was told to a waiting caller: seconds after they had come to the queue, and the last prompt of it."""
    began = next(event.at for event in events if event.kind == "queued")
    kinds = ("announced", "comforted", "bulletin_told")
    return [(round(e.at - began, 1), e.data["prompts"][-1]) for e in events if e.kind in kinds]


def test_comfort_goes_round_between_announcements_and_music_goes_on(patient: Loaded, tmp_path: Path) -> None:
    async def act(queue: Queue) -> None:
        line = queue.call(ANNA)
        heard = []
        for _ in range(140):
            await asyncio.sleep(1.0)
            heard.append("speech" if line.channel.playback else line.channel.music)
        assert spoken(await queue.told(ANNA)) == [
            (2.0, "you_are_next"),
            (30.0, "comfort_thanks"),
            (60.0, "comfort_prepare"),
            (90.0, "comfort_thanks"),
            (111.0, "you_are_next"),
            (132.0, "comfort_prepare"),
        ]
        assert set(heard) == {"speech", "default"}, "never silence"

    waiting(patient, tmp_path, act)


@pytest.mark.parametrize(("kind", "at"), [("announced", 2.0), ("comforted", 30.0), ("bulletin_told", 24.0)])
def test_a_key_ends_the_wait_at_once_whatever_is_being_said(
    kind: str, at: float, patient: Loaded, tmp_path: Path
) -> None:
    async def act(queue: Queue) -> None:
        line = queue.call(ANNA)
        await asyncio.sleep(0.05)
        began = queue.engine.house.now()
        await asyncio.sleep(at - 0.5)
        if kind == "bulletin_told":
            await asyncio.sleep(0.5)
            await queue.begin("mail")
        while line.channel.playback is None:
            assert queue.engine.house.now() < began + at + 2.0, f"nothing is said {at} s after the beginning"
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.3)
        pressed = queue.engine.house.now()
        line.press("1")
        await asyncio.sleep(0.2)
        assert line.channel.music is None
        story = await queue.told(ANNA)
        assert kind in [event.kind for event in story]
        (left,) = [event.at for event in story if event.kind == "left_queue"]
        assert left - pressed < 0.1
        line.hang_up()

    waiting(patient, tmp_path, act)


def test_a_bulletin_that_begins_is_told_once_to_those_who_wait_and_whom_it_concerns(
    patient: Loaded, tmp_path: Path
) -> None:
    async def act(queue: Queue) -> None:
        await queue.begin("old")
        queue.call(ANNA), queue.call(BORIS)
        await asyncio.sleep(10.0)
        await queue.begin("mail", from_number=ANNA)
        await queue.begin("vpn")
        await asyncio.sleep(60.0)
        told = {
            number: [e.data["name"] for e in await queue.told(number) if e.kind == "bulletin_told"]
            for number in (ANNA, BORIS)
        }
        assert told == {ANNA: ["vpn", "mail"], BORIS: ["vpn"]}, "not those that had begun before they called"
        vpn, mail = (e for e in await queue.told(ANNA) if e.kind == "bulletin_told")
        assert mail.at - vpn.at >= 20.0

    waiting(patient, tmp_path, act)


def test_a_bulletin_waits_for_a_ringing_phone_and_for_its_own_time(patient: Loaded, tmp_path: Path) -> None:
    async def act(queue: Queue) -> None:
        queue.call(ANNA)
        await asyncio.sleep(25.0)
        now = queue.engine.house.now()
        later = Bulletin("later", "still_waiting", now + 50.0)
        await queue.engine.house.bulletins.begin(later, now)
        await asyncio.sleep(60.0)
        (told,) = [e for e in await queue.told(ANNA) if e.kind == "bulletin_told"]
        assert 0.0 <= told.at - later.from_at < 15.0
        queue.free()
        await asyncio.sleep(2.0)
        await queue.begin("mail")
        await asyncio.sleep(3.0)
        kinds = [e.kind for e in await queue.told(ANNA)]
        assert kinds.count("bulletin_told") == 1
        assert "offered" in kinds and "connected" not in kinds

    waiting(patient, tmp_path, act, ring=4.5)


def test_after_a_restart_nothing_is_told_twice(patient: Loaded, tmp_path: Path) -> None:
    async def act(queue: Queue) -> None:
        queue.call(ANNA)
        await asyncio.sleep(10.0)
        await queue.begin("mail")
        await asyncio.sleep(37.0)
        before = spoken(await queue.told(ANNA))
        await queue.restart()
        await asyncio.sleep(15.0)
        assert spoken(await queue.told(ANNA)) == before
        await asyncio.sleep(100.0)
        assert "comfort_prepare" in [prompt for _, prompt in spoken(await queue.told(ANNA))[len(before) :]]

    waiting(patient, tmp_path, act)


def test_what_is_being_said_does_not_delay_the_agent(patient: Loaded, tmp_path: Path) -> None:
    """Asterisk bridges a channel only when what it plays has ended: it is stopped first."""

    async def act(queue: Queue) -> None:
        queue.call(BORIS)
        await asyncio.sleep(1.5)
        queue.free()
        await asyncio.sleep(3.0)
        story = await queue.told(BORIS)
        (up,) = [e.at for e in story if e.kind == "picked_up"]
        (announced,) = [e for e in story if e.kind == "announced" and e.at < up]
        assert announced.at < up < announced.at + LONG, "it is still being said"
        (connected,) = [e.at for e in story if e.kind == "connected"]
        assert connected - up < 0.05

    # The place is told after 2 s; after 2.5 s the agent's phone rings.
    waiting(patient, tmp_path, act, lengths=lambda sound: LONG if "you_are" in sound else 0.2)


def test_a_queue_whose_promises_were_broken_tells_the_place_alone_and_what_it_keeps_silent_is_scored(
    patient: Loaded, tmp_path: Path
) -> None:
    settings = patient.snapshot.settings
    queues = {name: replace(rule, announce_wait=True) for name, rule in settings.queues.items()}
    telling = replace(patient, snapshot=replace(patient.snapshot, settings=replace(settings, queues=queues)))

    async def act(queue: Queue) -> None:
        queue.call(ANNA)
        await asyncio.sleep(5.0)
        said = await queue.one(ANNA, "announced")
        assert said["prompts"] == [*spoken_then]
        assert (said["mean"] is not None, said["told"]) == (True, len(spoken_then) > 1)
        assert queue.engine.house.distributor.overview()["queues"]["sales"]["promises"] == record

    spoken_then, record = ["you_are_next", "wait_about"], {"judged": 0, "kept": 0, "tells_times": True}
    waiting(telling, tmp_path / "good", act)
    spoken_then, record = ["you_are_next"], {"judged": 20, "kept": 0, "tells_times": False}
    (tmp_path / "bad").mkdir()
    asyncio.run(broken_promises(tmp_path / "bad", 20))
    waiting(telling, tmp_path / "bad", act)


async def broken_promises(folder: Path, count: int) -> None:
    """A store in which so many callers of `sales` were told a minute, and waited two."""

    async with open_ledger(folder / "quietline.db", durable=False) as ledger:
        now = MONDAY_MORNING - 86_400.0
        for n in range(count):
            data = {"queue": "sales", "position": 1, "minutes": 1, "told": True, "mean": 50.0, "sd": 20.0}
            told = Event("announced", now, f"old-{n}", data={**data, "place": 1, "prompts": ["wait_about"]})
            spoke = {"offer": f"o-{n}", "agent": "2004", "queue": "sales", "leg": f"old-{n}-leg"}
            await ledger.append(told, Event("connected", now + 120.0, f"old-{n}", "2004", spoke))


# --- places --------------------------------------------------------------------------------------


def test_a_key_to_another_queue_keeps_the_time_they_came_where_the_flow_says_so(
    patient: Loaded, tmp_path: Path
) -> None:
    async def act(queue: Queue) -> None:
        anna, clara = queue.call(ANNA), queue.call(CLARA)
        await asyncio.sleep(5.0)
        queue.call(BORIS)
        await asyncio.sleep(5.0)
        anna.press("2"), clara.press("3")
        await asyncio.sleep(1.0)
        assert [queue.position(number) for number in (ANNA, BORIS, CLARA)] == [1, 2, 3]
        first, second = (e for e in await queue.told(ANNA) if e.kind == "queued")
        assert second.data["enqueued_at"] == first.data["enqueued_at"]
        await asyncio.sleep(20.0)
        await queue.restart()
        assert [queue.position(number) for number in (ANNA, BORIS, CLARA)] == [1, 2, 3]
        queue.free()
        await asyncio.sleep(9.0)
        (record,) = [c for c in await queue.engine.archive.contacts() if c["from_number"] == ANNA]
        (connected,) = [e.at for e in await queue.told(ANNA) if e.kind == "connected"]
        assert record["wait_s"] == pytest.approx(connected - first.at, abs=0.5), "no second counts twice"

    waiting(patient, tmp_path, act)


def test_who_hangs_up_and_calls_again_soon_has_the_place_they_had(patient: Loaded, tmp_path: Path) -> None:
    async def act(queue: Queue) -> None:
        anna = queue.call(ANNA)
        await asyncio.sleep(5.0)
        queue.call(BORIS)
        await asyncio.sleep(5.0)
        anna.hang_up()
        await asyncio.sleep(10.0)
        await queue.restart()
        again = queue.engine.house.now()
        queue.call(ANNA)
        await asyncio.sleep(5.0)
        assert (queue.position(ANNA), queue.position(BORIS)) == (1, 2)
        said = await queue.one(ANNA, "announced")
        assert said["prompts"] == ["place_kept", "you_are_next"]
        (former,) = [e for e in await queue.told(ANNA, last=False) if e.kind == "queued"]
        queued = await queue.one(ANNA, "queued")
        assert (queued["place_of"], queued["enqueued_at"]) == (former.contact, former.at)
        queue.free()
        await asyncio.sleep(9.0)
        contacts = [c for c in await queue.engine.archive.contacts() if c["from_number"] == ANNA]
        assert [c["outcome"] for c in contacts] == ["abandoned", "answered"]
        assert contacts[1]["enqueued_at"] >= again and contacts[1]["wait_s"] < 8.0, "nobody waits on the hook"

    waiting(patient, tmp_path, act)


def test_a_kept_place_is_used_by_one_call_and_not_for_longer_than_it_is_kept(
    patient: Loaded, tmp_path: Path
) -> None:
    async def act(queue: Queue) -> None:
        anna = queue.call(ANNA)
        await asyncio.sleep(5.0)
        queue.call(BORIS)
        anna.hang_up()
        await asyncio.sleep(2.0)
        first, second = queue.call(ANNA), queue.call(ANNA)
        await asyncio.sleep(2.0)
        house = queue.engine.house
        places = sorted(
            house.distributor.position(c.id) for c in house.ledger.open.values() if c.from_number == ANNA
        )
        assert places == [1, 3]
        second.hang_up(), first.hang_up()
        await asyncio.sleep(61.0)
        queue.call(ANNA)
        await asyncio.sleep(2.0)
        assert (queue.position(BORIS), queue.position(ANNA)) == (1, 2)

    waiting(patient, tmp_path, act)


@pytest.mark.parametrize("number", ["", "anonymous"])
def test_no_place_is_kept_for_a_withheld_number(number: str, patient: Loaded, tmp_path: Path) -> None:
    async def act(queue: Queue) -> None:
        line = queue.call(number)
        await asyncio.sleep(5.0)
        queue.call(BORIS)
        line.hang_up()
        await asyncio.sleep(2.0)
        queue.call(number)
        await asyncio.sleep(2.0)
        assert (queue.position(BORIS), queue.position(number)) == (1, 2)

    waiting(patient, tmp_path, act)
