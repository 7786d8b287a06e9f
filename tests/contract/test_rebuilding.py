"""At any moment the engine could forget everything and know the same again: its state is nothing but its events (law 2)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from copies import Copies, together
from simulated import simulate
from told import set_agents

from engine.app import Engine, acd_events
from engine.call.distributor import rebuilt
from engine.config import load_files
from engine.core import acd
from engine.core.contact import Contact, fold
from engine.core.event import Event
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.people import play, plug_in

SCENARIOS = Path(__file__).parents[1] / "scenarios"
#: Seconds between two looks; no whole number of milliseconds, so that a look falls between what happens.
EVERY = 0.2103


async def differences(engine: Engine) -> list[str] | None:
    """What the log alone does not tell as the engine knows it; None where the log grew while it was read."""
    house, archive = engine.house, engine.archive
    seq, now, known = await archive.last_seq(), house.now(), dict(house.ledger.open)
    if house.ledger.busy:
        return None
    contacts = {one: fold(one, await archive.events(one)) for one in await archive.open_contacts()}
    state = rebuilt(house.site.settings, await acd_events(house.ledger, archive, now), now)
    if await archive.last_seq() != seq:
        return None
    wrong = [f"contact {one}" for one in known | contacts if not same(known.get(one), contacts.get(one))]
    if acd.overview(state, now) != acd.overview(house.distributor.state, now):
        wrong.append(f"distributor at {now}")
    return wrong


def same(known: Contact | None, told: Contact | None) -> bool:
    """Are both one contact?"""
    return known is not None and told is not None and plain(known) == plain(told)


def plain(value: object) -> object:
    """What is compared of a contact: events by their kind and time, for a store gives them numbers, and lists for tuples."""
    match value:
        case Event(kind, at):
            return kind, at
        case tuple() | list():
            return [plain(one) for one in value]
        case Mapping():
            return {name: plain(one) for name, one in value.items()}
        case _ if is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value


@pytest.mark.timeout(240)
def test_what_is_written_down_is_all_there_is(site_folder: Path, tmp_path: Path) -> None:
    copies = Copies(SCENARIOS / "site", sorted(SCENARIOS.glob("*.yaml")))
    copies.write_site(site_folder.parent / "copies")
    site = load_files(site_folder.parent / "copies")
    everybody = together(copies.scenarios(tmp_path / "scenarios"))
    looks: list[list[str]] = []

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, everybody, list(site.snapshot.settings.agents))
        await set_agents(engine, everybody.ready)
        people = asyncio.create_task(play(pbx, everybody))
        while not people.done():
            await asyncio.sleep(EVERY)
            found = await differences(engine)
            if found is not None:
                looks.append(found)
        await people

    simulate(site, tmp_path, act)
    assert len(looks) > 150
    assert [found for found in looks if found] == []
