"""How well people heard each other, in the whole engine: one event a leg, once it has ended, and in the contact's JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulated import REST, simulated_engine
from test_joined_calls import both
from told import set_agents, told_by

from engine import app
from engine.ami.port import Alarm, Report
from engine.app import Engine
from engine.config import Loaded
from engine.core.event import Event
from engine.core.quality import RtpReport
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.line import Line
from engine.sim.media import wav_lengths
from engine.sim.people import endpoint_of, phone, plug_in
from engine.sim.phones import SimPhones
from engine.sim.scenario import AgentPlan, Scenario
from engine.sim.transport import SimTransport

NUMBER, AGENT = "117", "2018"
REPORT = RtpReport("", heard=False, sequence=250, lost=5, loss=0.02, jitter=0.004)


def world(site: Loaded) -> SimulatedAsterisk:
    pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
    plug_in(pbx, Scenario("heard", "", ()), list(site.snapshot.settings.agents))
    pbx.phones[endpoint_of(AGENT)] = phone(pbx, AgentPlan(AGENT, 1.0, talk=60.0))
    return pbx


async def talking(pbx: SimulatedAsterisk, engine: Engine) -> tuple[Line, str, str]:
    """A caller and an agent speak: the caller's line, both channels."""
    await set_agents(engine, (AGENT,))
    line = pbx.call("+359888000001", NUMBER)
    await asyncio.sleep(8.0)
    (contact,) = engine.house.ledger.open.values()
    assert contact.talk is not None and contact.talk.leg is not None
    return line, contact.channel, contact.talk.leg


def voices(events: list[Event]) -> dict[str, Any]:
    return {event.data["kind"]: event.data for event in events if event.kind == "voice"}


def test_both_legs_of_a_conversation_tell_how_they_were_heard(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        pbx, feed = world(site), SimPhones({f"agent-{AGENT}"})
        async with simulated_engine(pbx, site, tmp_path, phones=feed) as engine:
            line, caller, agent = await talking(pbx, engine)
            feed.tell(
                replace(REPORT, channel=caller),
                replace(REPORT, channel=caller, heard=True, lost=0, loss=0.0, round_trip=0.03),
                replace(REPORT, channel=agent),
                replace(REPORT, channel="9999.9"),  # a call that is none of ours
            )
            await asyncio.sleep(1.0)
            (contact,) = engine.house.ledger.open
            assert voices(await engine.archive.events(contact)) == {}  # nothing is on disk while it goes on
            line.hang_up()
            await asyncio.sleep(REST)
            (events,) = (await told_by(engine)).events.values()
            told = voices(events)
            assert set(told) == {"caller", "agent"}
            assert (told["caller"]["who"], told["agent"]["who"]) == ("+359888000001", AGENT)
            assert told["caller"]["spoken"]["loss_percent"] == 2.0 and told["caller"]["heard"]["lost"] == 0
            assert told["caller"]["heard"]["mos"] > told["caller"]["spoken"]["mos"] > 3.5
            assert told["caller"]["round_trip_ms"] == 30.0
            assert told["agent"]["heard"] is None and told["agent"]["round_trip_ms"] is None
            assert (await engine.archive.voice_of([contact]))[contact] == list(told.values())
            counted = engine.counters.told()
            assert counted['quietline_rtp_reports_total{leg="caller",direction="heard"}'] == 1
            assert counted['quietline_rtp_lost_packets_total{leg="agent",direction="spoken"}'] == 5
            assert counted['quietline_voice_mos_count{leg="agent",direction="spoken"}'] == 1
            pbx.verify()

    run(main())


def test_the_leg_of_somebody_who_is_joined_with_a_caller_is_heard_in_the_callers_contact(
    site: Loaded, tmp_path: Path
) -> None:
    async def main() -> None:
        pbx, feed = world(site), SimPhones({"agent-2000", "agent-2007"})
        async with simulated_engine(pbx, site, tmp_path, phones=feed) as engine:
            caller, first, second = await both(pbx, engine, site, AgentPlan("2007", 0.5), [])
            first.refer("140", second)
            await asyncio.sleep(1.0)
            ((contact, leg),) = [(c.id, c.talk.leg) for c in engine.house.ledger.open.values() if c.talk]
            feed.tell(replace(REPORT, channel=leg or ""))
            await asyncio.sleep(1.0)
            caller.hang_up()
            await asyncio.sleep(REST)
            assert voices(await engine.archive.events(contact))["agent"]["who"] == "2007"
            pbx.verify()

    run(main())


def test_a_call_without_reports_says_nothing_of_its_sound(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        pbx = world(site)
        async with simulated_engine(pbx, site, tmp_path, phones=SimPhones({f"agent-{AGENT}"})) as engine:
            line, _, _ = await talking(pbx, engine)
            line.hang_up()
            await asyncio.sleep(REST)
            (events,) = (await told_by(engine)).events.values()
            assert voices(events) == {}

    run(main())


def test_a_leg_that_ends_while_no_engine_is_connected_is_told_of_afterwards(
    site: Loaded, tmp_path: Path
) -> None:
    async def main() -> None:
        pbx, feed = world(site), SimPhones({f"agent-{AGENT}"})
        async with simulated_engine(pbx, site, tmp_path, phones=feed) as engine:
            line, caller, _ = await talking(pbx, engine)
            feed.tell(replace(REPORT, channel=caller))
            await asyncio.sleep(1.0)
            transport = engine.switchboard._transport
            assert isinstance(transport, SimTransport)
            transport.cut()
            line.hang_up()
            await asyncio.sleep(1.0)
            transport.restore()
            await asyncio.sleep(REST)
            (events,) = (await told_by(engine)).events.values()
            assert set(voices(events)) == {"caller"}

    run(main())


def test_a_leg_that_outlives_its_engine_is_told_of_by_both_each_for_its_own_time(
    site: Loaded, tmp_path: Path
) -> None:
    async def main() -> None:
        pbx, feeds = world(site), [SimPhones({f"agent-{AGENT}"}) for _ in range(2)]
        async with simulated_engine(pbx, site, tmp_path, phones=feeds[0]) as engine:
            line, caller, _ = await talking(pbx, engine)
            feeds[0].tell(replace(REPORT, channel=caller))
            await asyncio.sleep(1.0)
            ended = engine.house.now()
        async with simulated_engine(pbx, site, tmp_path, phones=feeds[1]) as engine:
            began = engine.house.now()
            feeds[1].tell(replace(REPORT, channel=caller, sequence=500, jitter=0.02))
            await asyncio.sleep(1.0)
            line.hang_up()
            await asyncio.sleep(REST)
            (events,) = (await told_by(engine)).events.values()
            before, after = [event.data for event in events if event.kind == "voice"]
            assert before["until_at"] <= ended <= began <= after["from_at"]
            assert (before["spoken"]["jitter_ms"], after["spoken"]["jitter_ms"]) == (4.0, 20.0)
            assert {before["codec"], after["codec"]} == {"g711"}

    run(main())


class Broken(SimPhones):
    """A feed with a fault of its own: it fails the first time."""

    failed = False

    async def reports(self) -> AsyncGenerator[Report, None]:
        async for report in super().reports():
            if not self.failed and isinstance(report, Alarm):
                self.failed = True
                raise RuntimeError("a fault of ours")
            yield report


def test_a_fault_in_listening_to_the_manager_ends_no_call_and_it_begins_anew(
    site: Loaded, tmp_path: Path
) -> None:
    async def main() -> None:
        pbx, feed = world(site), Broken({f"agent-{AGENT}"})
        async with simulated_engine(pbx, site, tmp_path, phones=feed) as engine:
            line, caller, _ = await talking(pbx, engine)
            feed.tell(Alarm("InvalidPassword", "PJSIP", "x", "y"))
            await asyncio.sleep(app.BEGIN_ANEW + 1.0)
            assert engine.counters.told()['quietline_faults_total{part="Lookout"}'] == 1
            feed.tell(replace(REPORT, channel=caller))
            await asyncio.sleep(1.0)
            line.hang_up()
            await asyncio.sleep(REST)
            (events,) = (await told_by(engine)).events.values()
            assert set(voices(events)) == {"caller"}
            assert (await engine.archive.contacts())[0]["outcome"] == "answered"

    run(main())
