"""Callbacks in the whole engine, on the simulated Asterisk: places kept, phones rung, tries counted, nobody forgotten."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from disturbed import never_written
from simulated import REST, simulated_engine
from test_rebuilding import differences
from told import set_agents

from engine.app import Engine
from engine.call.overriding import override_event
from engine.config import Loaded
from engine.config.choices import choices
from engine.core import acd
from engine.core.audit import check_invariants
from engine.core.event import Event
from engine.core.flow import Seconds, StepName
from engine.core.verbs import Callback
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.line import Line
from engine.sim.media import wav_lengths
from engine.sim.people import endpoint_of, phone
from engine.sim.scenario import AgentPlan, Then

CALLER, NUMBER = "+359888000001", "130"
PHONE, OTHER_PHONE = f"{CALLER}@trunk-provider", "70012345@trunk-provider"


@dataclass
class Phone:
    """The caller's own phone, as it is rung back: what it does each time, and when it was rung."""

    does: list[Callable[[Line, SimulatedAsterisk], None]]
    pbx: SimulatedAsterisk
    rung: list[float] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def __call__(self, line: Line) -> None:
        line.ring()
        act = self.does[min(len(self.rung), len(self.does) - 1)]
        self.rung.append(self.pbx.now())
        self.lines.append(line)
        act(line, self.pbx)


def answers(
    after: float = 1.0, talk: float = 5.0, keys: str = ""
) -> Callable[[Line, SimulatedAsterisk], None]:
    def act(line: Line, pbx: SimulatedAsterisk) -> None:
        def up() -> None:
            line.answer()
            for n, key in enumerate(keys):
                pbx.later(0.5 + n, lambda key=key: line.press(key))
            pbx.later(talk, line.hang_up)

        pbx.later(after, up)

    return act


def silent(line: Line, pbx: SimulatedAsterisk) -> None:
    """Rings, and nobody is there."""


def busy(line: Line, pbx: SimulatedAsterisk) -> None:
    line.reject(486)


def picks_up_only(line: Line, pbx: SimulatedAsterisk) -> None:
    """An answering machine: it answers and presses nothing."""
    pbx.later(1.0, line.answer)


@dataclass
class World:
    """An engine on a simulated Asterisk with one agent of `sales`, one caller, and that caller's phone."""

    pbx: SimulatedAsterisk
    engine: Engine
    phone: Phone
    agent: list[float]
    life: AsyncExitStack
    site: Loaded
    folder: Path

    async def ask(self, keys: str = "11", from_number: str = CALLER) -> None:
        """Call, wait in line, ask for a callback (1: agent first, 2: caller first), say the number is right, and hear the goodbye."""
        line = self.pbx.call(from_number, NUMBER)
        over = asyncio.Event()
        line.on_over = over.set
        await asyncio.sleep(3.0)
        for key in keys:
            line.press(key)
            await asyncio.sleep(4.0)
        await over.wait()

    async def occupied(self) -> None:
        """Let the agent sign in and somebody else speak with them, for as long as the agent's plan says."""
        await self.ready("2004")
        self.pbx.call("+359888000009", NUMBER)
        await asyncio.sleep(3.0)

    async def both(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The record of the call that asked, and that of the callback."""
        back = await self.back()
        return (await self.contacts())[back["callback_of"]], back

    async def ready(self, *agents: str) -> None:
        await set_agents(self.engine, agents)

    async def restart(self, gap: float = 0.0) -> None:
        """Kill the engine, and start it again after a gap."""
        transport = self.pbx.apps[self.pbx.app].transport
        assert transport is not None
        self.engine.house.ledger.append = never_written  # type: ignore[method-assign]
        transport.close()
        await self.life.aclose()
        await asyncio.sleep(gap)
        self.engine = await self.life.enter_async_context(simulated_engine(self.pbx, self.site, self.folder))

    async def contacts(self) -> dict[str, dict[str, Any]]:
        return {c["id"]: c for c in await self.engine.archive.contacts()}

    async def back(self) -> dict[str, Any]:
        """The callback's record."""
        (found,) = [c for c in (await self.contacts()).values() if c["callback_of"]]
        return found

    async def events(self) -> list[Event]:
        return await self.engine.archive.events(str((await self.back())["id"]))

    async def kinds(self, *wanted: str) -> list[str]:
        return [e.kind for e in await self.events() if e.kind in wanted]


def in_world(
    site: Loaded,
    folder: Path,
    act: Callable[[World], Awaitable[None]],
    *does: Callable[[Line, SimulatedAsterisk], None],
    agent: AgentPlan | None = None,
) -> None:
    """Let it happen; in the end everything is ARI and nothing is left over."""

    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        rung: list[float] = []
        agents = phone(pbx, agent or AgentPlan("2004", 1.0, Then.ANSWER, 90.0))

        def agents_phone(line: Line) -> None:
            rung.append(pbx.now())
            agents(line)

        theirs = Phone(list(does) or [answers()], pbx)
        pbx.phones |= {endpoint_of("2004"): agents_phone, PHONE: theirs, OTHER_PHONE: theirs}
        async with AsyncExitStack() as life:
            engine = await life.enter_async_context(simulated_engine(pbx, site, folder))
            world = World(pbx, engine, theirs, rung, life, site, folder)
            await act(world)
            await asyncio.sleep(REST)
            pbx.verify()
            check_invariants(world.engine.house.distributor.state, world.engine.house.now())

    run(main())


def test_a_caller_keeps_the_place_and_speaks_with_an_agent_when_the_turn_comes(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        assert world.phone.rung == []
        await asyncio.sleep(200.0)
        assert len(world.phone.rung) == 1 and world.agent[1] < world.phone.rung[0]
        asked, back = await world.both()
        assert (asked["outcome"], back["outcome"]) == ("callback_taken", "answered")
        assert back["enqueued_at"] == asked["enqueued_at"]
        assert back["wait_s"] > 80.0 and 4.0 < back["talk_s"] < 6.0

    in_world(site, tmp_path, act)


def test_after_the_conversation_the_flow_goes_on_where_it_says(site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        await asyncio.sleep(200.0)
        done = [
            (e.data["do"], e.data["step"], e.data["outcome"])
            for e in await world.events()
            if e.kind == "step"
        ]
        assert done == [
            ("RingBack", "agent_first", "done"),
            ("Choose", "survey", "4"),
            ("Note", "survey", None),
            ("End", "survey", None),
        ]

    def talks_then_presses(line: Line, pbx: SimulatedAsterisk) -> None:
        answers(talk=100.0)(line, pbx)
        pbx.later(10.0, lambda: line.press("4"))

    in_world(site, tmp_path, act, talks_then_presses, agent=AgentPlan("2004", 1.0, Then.ANSWER, 10.0 + 0.5))


# --- the agent they know ------------------------------------------------------------------------------


def knowing(site: Loaded, patience: float) -> Loaded:
    """The site, where a callback waits so long for whoever spoke with the caller last, and agent 2001 serves the queue, too."""
    settings, flows = site.snapshot.settings, site.snapshot.flows
    asks, *rest = flows["called_back"].steps[StepName("agent_first")]
    assert isinstance(asks, Callback)
    waits = replace(asks, prefer="last", prefer_for=Seconds(patience))
    steps = {**flows["called_back"].steps, StepName("agent_first"): (waits, *rest)}
    agents = {**settings.agents, "2001": replace(settings.agents["2001"], queues=("sales",))}
    known = replace(
        site.snapshot,
        settings=replace(settings, agents=agents),
        flows={**flows, "called_back": replace(flows["called_back"], steps=steps)},
    )
    return replace(site, snapshot=known)


async def known_to_2004(world: World, other_number: str = "") -> None:
    """2004 has spoken with the caller, and speaks with somebody else; the caller asks to be rung back, and 2001 is ready."""
    world.pbx.phones[endpoint_of("2001")] = phone(world.pbx, AgentPlan("2001", 1.0, Then.ANSWER, 5.0))
    await world.ready("2004")
    world.pbx.call(CALLER, NUMBER)
    await asyncio.sleep(100.0)
    world.pbx.call("+359888000009", NUMBER)
    await asyncio.sleep(3.0)
    await world.ask()
    await world.engine.house.distributor.submit(acd.AgentSet("2001", "ready"))
    await asyncio.sleep(5.0)


def spoke_with(contacts: dict[str, dict[str, Any]]) -> Any:
    return next(c["agent"] for c in contacts.values() if c["callback_of"])


def test_a_callback_waits_for_the_agent_who_spoke_with_them_last_also_over_a_restart(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        await known_to_2004(world)
        (callback,) = world.engine.house.distributor.state.callers.values()
        assert callback.lane.only == {"2004"} and not callback.offers
        await world.restart()
        await asyncio.sleep(5.0)
        (callback,) = world.engine.house.distributor.state.callers.values()
        assert callback.lane.only == {"2004"} and not callback.offers
        await asyncio.sleep(150.0)
        assert spoke_with(await world.contacts()) == "2004"
        told = "\n".join(line for one in choices(await world.events()) for line in one.lines)
        assert "waits for 2004 first, 10 min 00 s at most, and for nobody else meanwhile" in told

    in_world(knowing(site, 600.0), tmp_path, act)


def test_nobody_waits_longer_for_the_agent_they_know_than_the_flow_says_from_when_the_callback_is_in_line(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        await known_to_2004(world)
        assert (await world.back())["agent"] is None
        await asyncio.sleep(12.0)
        assert await world.kinds("queued", "widened", "offered") == ["queued", "widened", "offered"]
        queued, widened, *_ = [e for e in await world.events() if e.kind in ("queued", "widened")]
        assert widened.at - queued.at == pytest.approx(20.0, abs=0.1)
        assert (
            queued.data["patience"] > 20.0 + 2.0
        )  # they have waited before they asked, and their place is from then
        await asyncio.sleep(60.0)
        assert spoke_with(await world.contacts()) == "2001"

    in_world(knowing(site, 20.0), tmp_path, act)


def test_who_is_rung_first_presses_1_and_then_the_agent_is_rung(site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask("21")
        await asyncio.sleep(200.0)
        assert (await world.back())["outcome"] == "answered"
        assert world.phone.rung[0] < world.agent[1]
        wanted = ("dialled", "answered", "confirmed", "picked_up", "connected")
        assert await world.kinds(*wanted) == list(wanted)

    in_world(site, tmp_path, act, answers(keys="1", talk=30.0))


@pytest.mark.parametrize(
    ("keys", "does", "why"),
    [
        ("11", silent, "no_answer"),
        ("11", busy, "busy"),
        ("21", silent, "no_answer"),
        ("21", picks_up_only, "not_confirmed"),
        ("21", answers(talk=2.0), "not_confirmed"),
    ],
)
def test_tries_are_counted_and_rested_between_and_in_the_end_a_person_sees_to_it(
    keys: str, does: Callable[[Line, SimulatedAsterisk], None], why: str, site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask(keys)
        await asyncio.sleep(400.0)
        back = await world.back()
        assert back["outcome"] == "unreached"
        ends = [e for e in await world.events() if e.kind == "dial_ended"]
        assert [(e.data["why"], e.data["counts"]) for e in ends] == [(why, True)] * 2
        first, second = world.phone.rung
        assert second - first > 60.0
        (request,) = await world.engine.archive.requests(str(back["id"]))
        assert (request["kind"], request["state"]) == ("action", "open")
        assert request["note"] == f"callback to {CALLER}: nobody answered"
        assert world.engine.house.distributor.state.agents["2004"].state == "ready"

    in_world(site, tmp_path, act, does)


def test_an_agent_who_hangs_up_while_the_caller_is_rung_costs_the_caller_no_try(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        await asyncio.sleep(400.0)
        assert (await world.back())["outcome"] == "answered"
        ends = [(e.data["why"], e.data["counts"]) for e in await world.events() if e.kind == "dial_ended"]
        assert ends == [("agent_gone", False)]

    def agent_goes(line: Line, pbx: SimulatedAsterisk) -> None:
        pbx.later(
            2.0, lambda: [c.hang_up() for c in pbx.channels.values() if c.endpoint == endpoint_of("2004")]
        )

    in_world(site, tmp_path, act, agent_goes, answers())


def test_a_withheld_number_is_asked_for_and_one_that_may_not_be_rung_is_not(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        line = world.pbx.call("", NUMBER)
        over = asyncio.Event()
        line.on_over = over.set
        await asyncio.sleep(2.0)
        for digits in ("1", "0888123456#", "70012345#", "1"):
            for digit in digits:
                line.press(digit)
                await asyncio.sleep(0.3)
            await asyncio.sleep(3.0)
        await over.wait()
        await asyncio.sleep(200.0)
        asked = [e.data for e in await world.engine.archive.events((await world.back())["callback_of"])]
        looked = [(d["name"], d["outcome"]) for d in asked if d.get("what") == "outbound"]
        assert looked == [("", None), ("0888123456", None), ("70012345", "70012345")]
        assert (await world.back())["from_number"] == "70012345"
        assert world.phone.rung

    in_world(site, tmp_path, act, answers())


def test_who_withholds_the_number_and_keys_none_in_is_not_rung_back(site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask("1", from_number="")
        await asyncio.sleep(120.0)
        assert [c for c in (await world.contacts()).values() if c["callback_of"]] == []

    in_world(site, tmp_path, act)


def test_who_says_nothing_is_not_rung_back(site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask("1")
        await asyncio.sleep(300.0)
        assert world.phone.rung == [] and len(await world.contacts()) == 2

    in_world(site, tmp_path, act)


def test_nobody_is_rung_back_twice_for_the_same_queue(site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        await world.ask()
        await asyncio.sleep(300.0)
        records = (await world.contacts()).values()
        assert sorted(c["outcome"] for c in records) == [
            "answered",
            "answered",
            "callback_taken",
            "callback_taken",
        ]
        assert len(world.phone.rung) == 1

    in_world(site, tmp_path, act)


def test_a_callback_comes_before_those_who_came_after_it(site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        later = world.pbx.call("+359888000002", NUMBER)
        await asyncio.sleep(200.0)
        later.hang_up()
        await asyncio.sleep(1.0)
        records = {c["from_number"]: c for c in (await world.contacts()).values() if not c["callback_of"]}
        assert records["+359888000002"]["position_at_entry"] == 2
        assert (await world.back())["connected_at"] < records["+359888000002"]["connected_at"]

    in_world(site, tmp_path, act)


def test_while_its_queue_is_closed_a_callback_rests_and_comes_when_it_opens(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        def say(word: str) -> asyncio.Future[None]:
            house = world.engine.house
            asked = {"schedule": "everything", "set": word, "until": "", "by": "anna", "why": "test"}
            return house.distributor.override(override_event(asked, house.site.settings, house.now()))

        await world.occupied()
        await world.ask()
        await say("emergency")
        await asyncio.sleep(7200.0)
        assert world.phone.rung == []
        await say("none")
        await asyncio.sleep(60.0)
        assert (await world.back())["outcome"] == "answered"

    in_world(site, tmp_path, act)


def test_who_cannot_be_rung_in_time_is_written_down_for_a_person(site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        await world.ready()
        await asyncio.sleep(21 * 3600.0)
        back = await world.back()
        assert (back["outcome"], world.phone.rung) == ("timed_out", [])
        (request,) = await world.engine.archive.requests(str(back["id"]))
        assert request["note"] == f"callback to {CALLER}: no agent was free in time"

    in_world(site, tmp_path, act)


@pytest.mark.parametrize("when", [5.0, 92.0])
def test_people_can_call_a_callback_off(when: float, site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        began = world.pbx.now()
        await world.ask()
        await asyncio.sleep(max(0.0, began + when - world.pbx.now()))
        back = str((await world.back())["id"])
        assert await world.engine.switchboard.call_off(back, {"by": "anna", "why": "she came by"})
        await asyncio.sleep(200.0)
        assert not await world.engine.switchboard.call_off(back, {"by": "anna", "why": "again"})
        record = await world.back()
        assert (record["outcome"], record["connected_at"]) == ("cancelled", None)
        assert await world.engine.archive.requests(back) == []
        assert world.engine.house.distributor.state.agents["2004"].state == "ready"

    in_world(site, tmp_path, act, silent)


def test_going_down_leaves_callbacks_for_the_next_day(site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        assert await world.engine.switchboard.end_calls(5.0) == 0
        await world.restart(3600.0)
        await asyncio.sleep(60.0)
        assert (await world.back())["outcome"] == "answered"

    in_world(site, tmp_path, act)


@pytest.mark.parametrize("keys", ["11", "21"])
def test_the_log_tells_at_every_moment_all_that_is_known_of_a_callback(
    keys: str, site: Loaded, tmp_path: Path
) -> None:
    looks: list[list[str]] = []

    async def act(world: World) -> None:
        await world.occupied()
        asking = asyncio.create_task(world.ask(keys))
        for _ in range(2400):
            await asyncio.sleep(0.1003)
            if (found := await differences(world.engine)) is not None:
                looks.append(found)
        await asking
        assert (await world.back())["outcome"] == "answered"

    in_world(site, tmp_path, act, silent, answers(keys="1", talk=10.0))
    assert len(looks) > 1000 and [found for found in looks if found] == []


@pytest.mark.parametrize("keys", ["11", "21"])
@pytest.mark.parametrize("kind", ["cut", "kill"])
def test_an_engine_that_dies_or_loses_asterisk_at_any_moment_loses_no_callback(
    kind: str, keys: str, site: Loaded, tmp_path: Path
) -> None:
    """From just before the agent is free to the end of the conversation; QUIETLINE_MOMENTS=all tries every third of a second."""
    step = 1 if os.environ.get("QUIETLINE_MOMENTS") == "all" else 4
    for number in range(len(kind + keys) % step, 60, step):
        moment = 89.0 + number * 0.337

        async def act(world: World, moment: float = moment) -> None:
            began = world.pbx.now()
            await world.occupied()
            await world.ask(keys)
            await asyncio.sleep(began + moment - world.pbx.now())
            if kind == "kill":
                await world.restart(1.0)
            else:
                transport = world.pbx.apps[world.pbx.app].transport
                assert transport is not None
                transport.cut()
                await asyncio.sleep(1.0)
                transport.restore()
            await asyncio.sleep(300.0)
            asked, back = await world.both()
            assert (asked["outcome"], back["outcome"]) == ("callback_taken", "answered"), moment
            assert back["enqueued_at"] == asked["enqueued_at"]
            assert world.engine.house.ledger.open == {}
            assert world.engine.house.distributor.state.agents["2004"].state == "ready"

        in_world(site, tmp_path / str(number), act, answers(keys="1", talk=8.0))
