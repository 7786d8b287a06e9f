"""A desk of another site: calls go out through a trunk to a second Asterisk with an engine of its own, whose agents answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from short_prompts import short_prompts
from told import Told, disagreements, set_agents, told_by
from twin import MEDIA, RealAsterisk, leftovers, running_asterisk

from engine.app import Engine, run_engine
from engine.config import Loaded
from engine.core.site import AgentRule, Settings, Trunk
from engine.sim.scenario import AgentPlan, CallerPlan, Scenario, Stay, Then
from engine.sim.sipp import compile_scenario

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(120)]

#: The other site's address: a loopback address of its own, as if it were another machine.
THERE = "127.0.0.2"
CALLER = "+359888000001"


def here(settings: Settings, trunk: Trunk) -> Settings:
    """The site with a desk whose first agent is the other site's number 101, and whose second one sits here."""
    remote = AgentRule("9001", ("desk_a",), title="Dubai", trunk=trunk.name, number="101")
    return replace(
        settings,
        agents={"9001": remote, "2002": settings.agents["2002"]},
        trunks={**settings.trunks, trunk.name: trunk},
    )


def there(settings: Settings, way: Trunk) -> Settings:
    """The other site: one desk, one agent, and the trunk by which it knows the first site."""
    return replace(settings, agents={"2001": settings.agents["2001"]}, trunks={way.name: way})


@asynccontextmanager
async def engine_on(
    real: RealAsterisk, site: Loaded, settings: Settings, folder: Path
) -> AsyncIterator[Engine]:
    """An engine of this Asterisk's own."""
    loaded = replace(site, snapshot=replace(site.snapshot, settings=settings))
    async with real.transport() as transport, run_engine(transport, loaded, folder, time.time) as engine:
        await engine.switchboard.ready.wait()
        yield engine


@asynccontextmanager
async def phone(real: RealAsterisk, plan: AgentPlan, folder: Path) -> AsyncIterator[None]:
    """An agent's phone at the other site."""
    (file,) = compile_scenario(Scenario("phone", "", (), {plan.name: plan}), MEDIA)
    run = real._phone(plan.name, file.file(folder), folder, None)
    await run.start()
    try:
        yield
    finally:
        await run.stop()


def scenario(ready: tuple[str, ...], expect: dict[str, tuple[object, ...]], **agents: AgentPlan) -> Scenario:
    caller = CallerPlan(CALLER, "101", (Stay(),), expect)
    return Scenario("remote", "", (caller,), {plan.name: plan for plan in agents.values()}, ready)


async def rest(engine: Engine) -> Told:
    """What is on record once the last call has ended and nothing is left in Asterisk."""
    async with asyncio.timeout(15):
        while engine.switchboard.calls:  # noqa: ASYNC110 - nobody is told when a call is over
            await asyncio.sleep(0.05)
    told = await told_by(engine)
    assert await leftovers(engine.house.client, told) == []
    return told


WAYS = {
    "by_address": (Trunk("dubai", (THERE,)), Trunk("sofia", ("127.0.0.1",))),
    "by_password": (
        Trunk("dubai", (THERE,), "sofia-site", "long enough 1"),
        Trunk("sofia", (), "sofia-site", "long enough 1"),
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_caller_is_answered_at_another_site(way: str, site: Loaded, tmp_path: Path) -> None:
    out, back = WAYS[way]
    prompts, settings = short_prompts(tmp_path / "prompts"), site.snapshot.settings
    far_state, near_state = tmp_path / "far", tmp_path / "near"
    with running_asterisk(far_state, there(settings, back), prompts, THERE) as far:
        trunk = replace(out, host=f"{THERE}:{far.layout.ports.sip}")
        with running_asterisk(near_state, here(settings, trunk), prompts) as near:
            async with (
                engine_on(far, site, far.settings, far_state) as far_engine,
                engine_on(near, site, near.settings, near_state) as near_engine,
                phone(far, AgentPlan("2001", 1.0, Then.ANSWER, 3.0), tmp_path / "phone"),
            ):
                await set_agents(far_engine, ("2001",))
                await set_agents(near_engine, ("9001",))
                wanted = scenario(("9001",), {"outcome": ("answered",), "agent": ("9001",)})
                await near.play(wanted, tmp_path / "near-play")
                assert disagreements(wanted, await rest(near_engine)) == []
                other = await rest(far_engine)
    assert [(one["outcome"], one["agent"]) for one in other.records.values()] == [("answered", "2001")]
    assert list(other.records) == [CALLER]


async def test_a_trunk_that_is_down_is_unreachable_and_the_caller_goes_on(
    site: Loaded, tmp_path: Path
) -> None:
    prompts, settings = short_prompts(tmp_path / "prompts"), site.snapshot.settings
    trunk = Trunk("dubai", (THERE,), host=f"{THERE}:9")
    with running_asterisk(tmp_path / "near", here(settings, trunk), prompts) as near:
        async with engine_on(near, site, near.settings, tmp_path / "near") as engine:
            await set_agents(engine, ("9001", "2002"))
            wanted = scenario(
                ("9001", "2002"),
                {"outcome": ("answered",), "agent": ("2002",)},
                second=AgentPlan("2002", 1.0, Then.ANSWER, 2.0),
            )
            await near.play(wanted, tmp_path / "play")
            told = await rest(engine)
    assert disagreements(wanted, told) == []
    ends = [event.data["why"] for event in told.events[CALLER] if event.kind == "offer_ended"]
    assert set(ends) <= {"unreachable"}


async def test_a_site_registers_where_it_is_to_be_called(site: Loaded, tmp_path: Path) -> None:
    prompts, settings = short_prompts(tmp_path / "prompts"), site.snapshot.settings
    provider = replace(settings, agents={"site7": AgentRule("site7", ("desk_a",), password="long-enough-7")})
    with running_asterisk(tmp_path / "far", provider, prompts, THERE) as far:
        host = f"{THERE}:{far.layout.ports.sip}"
        trunk = Trunk("provider", (THERE,), "site7", "long-enough-7", host=host, register=True)
        with running_asterisk(tmp_path / "near", here(settings, replace(trunk, name="dubai")), prompts):
            async with asyncio.timeout(15):
                while "sip:site7@127.0.0.1" not in far.cli("pjsip show contacts"):  # noqa: ASYNC110 - Asterisk tells nobody
                    await asyncio.sleep(0.2)
