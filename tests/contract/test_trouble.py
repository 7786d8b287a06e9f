"""What goes wrong around the calls: a full disk, a lost Asterisk, a number nobody has. Nobody is lost, and everybody is on record."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from simulated import simulate
from told import Told, set_agents

from engine.agi.spool import SpooledCall
from engine.app import Engine
from engine.ari.calls import Calls, HangupReason
from engine.call import spooled
from engine.call.transferring import Transferring
from engine.call.waiting import Waiting
from engine.config import Loaded
from engine.core.release import following
from engine.errors import EngineError, SetupError, SiteError
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import VirtualTimeLoop
from engine.sim.people import play, plug_in
from engine.sim.scenario import AgentPlan, CallerPlan, HangUp, Press, Scenario, Stay, Then, Wait

AGENT = {"2001": AgentPlan("2001", 1.0, Then.ANSWER, 10.0)}
PATIENT = CallerPlan("+1", "100", (Wait(3.0), Press("1"), Stay()), {})


async def pragma(engine: Engine, order: str) -> None:
    """Change what the store's writing connection can do; virtual time stands still meanwhile."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    loop.busy_hooks.append(at_work := lambda: True)
    await engine.house.ledger._db.execute(f"PRAGMA {order}")
    loop.busy_hooks.remove(at_work)


def with_people(loaded: Loaded, folder: Path, scenario: Scenario, trouble: object) -> Told:
    """Play a scenario while `trouble(pbx, engine)` happens beside it."""

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, scenario, list(loaded.snapshot.settings.agents))
        await set_agents(engine, scenario.ready)
        async with asyncio.TaskGroup() as group:
            group.create_task(play(pbx, scenario))
            group.create_task(trouble(pbx, engine))  # type: ignore[operator]

    return simulate(loaded, folder, act)


@pytest.mark.parametrize(
    ("breaks", "mends"),
    [("max_page_count = 1", "max_page_count = 1000000"), ("query_only = ON", "query_only = OFF")],
    ids=["full disk", "read-only"],
)
def test_a_store_that_cannot_write_holds_calls_up_and_loses_none(
    site: Loaded, tmp_path: Path, breaks: str, mends: str
) -> None:
    late = CallerPlan("+2", "100", (Stay(),), {}, at=8.0)
    gone = CallerPlan("+3", "100", (HangUp(),), {}, at=9.0)
    scenario = Scenario("full", "", (PATIENT, late, gone), AGENT, ("2001",))
    stuck: list[bool] = []

    async def trouble(_: SimulatedAsterisk, engine: Engine) -> None:
        await asyncio.sleep(7.0)  # the first caller talks
        await pragma(engine, breaks)
        await asyncio.sleep(30.0)
        stuck.append(engine.house.ledger.stuck)
        assert engine.trouble.startswith("the store cannot write (") and "Asterisk" not in engine.trouble
        with pytest.raises(SiteError, match=r"the store cannot write .* is not taken"):
            await engine.publish(site, following((), "0" * 64, "mila", "", 0.0, ""))
        await pragma(engine, mends)

    told = with_people(site, tmp_path, scenario, trouble)
    assert stuck == [True]
    assert (told.records["+1"]["outcome"], told.records["+1"]["agent"]) == ("answered", "2001")
    assert set(told.records) == {"+1", "+2", "+3"}
    if breaks == "query_only = ON":  # a full disk still has room in the pages there are
        late_record = told.records["+2"]
        assert late_record["answered_at"] - late_record["arrived_at"] > 20, "answered before it was on record"


def test_who_is_cut_off_by_the_death_of_asterisk_has_not_given_up(site: Loaded, tmp_path: Path) -> None:
    rung = CallerPlan("+1", "100", (Wait(3.0), Press("1"), Stay()), {})
    waits = CallerPlan("+2", "100", (Wait(3.0), Press("1"), Stay()), {}, at=1.0)
    greeted = CallerPlan("+3", "100", (Stay(),), {}, at=5.5)
    phone = {"2001": AgentPlan("2001", 15.0, Then.ANSWER)}
    learned: list[float] = []

    async def trouble(pbx: SimulatedAsterisk, engine: Engine) -> None:
        await asyncio.sleep(6.0)  # one phone rings
        transport = pbx.apps[pbx.app].transport
        assert transport is not None
        pbx.crash()
        await asyncio.sleep(20.0)
        transport.restore()
        await asyncio.sleep(1.0)
        overview = engine.house.distributor.overview()
        learned.extend(queue["abandon_rate"] for queue in overview["queues"].values())

    told = with_people(
        site, tmp_path, Scenario("crash", "", (rung, waits, greeted), phone, ("2001",)), trouble
    )
    assert {number: record["outcome"] for number, record in told.records.items()} == dict.fromkeys(
        ("+1", "+2", "+3"), "failed"
    )
    assert {events[-1].data["cause"] for events in told.events.values()} == {"crashed"}
    left = [event.data for story in told.events.values() for event in story if event.kind == "left_queue"]
    assert [one["outcome"] for one in left] == ["failed"] * 2
    (offer,) = (event.data["why"] for event in told.events["+1"] if event.kind == "offer_ended")
    assert offer == "crashed"
    assert not any(learned), "nobody has lost patience"


@pytest.mark.parametrize("asked", [False, True], ids=["nothing asked", "hold asked"])
def test_who_hangs_up_while_the_disk_is_full_has_hung_up_then(
    asked: bool, site: Loaded, tmp_path: Path
) -> None:
    caller = CallerPlan("+1", "100", (Wait(3.0), Press("1"), Wait(15.0), HangUp()), {})
    talks = {"2001": AgentPlan("2001", 1.0, Then.ANSWER, 100.0)}
    told_then: list[dict[str, object] | None] = []

    async def trouble(_: SimulatedAsterisk, engine: Engine) -> None:
        await asyncio.sleep(10.0)  # they talk
        await pragma(engine, "query_only = ON")
        if asked:
            told_then.append(await engine.switchboard.order("2001", {"do": "hold"}))
        await asyncio.sleep(40.0)
        await pragma(engine, "query_only = OFF")

    told = with_people(site, tmp_path, Scenario("full", "", (caller,), talks, ("2001",)), trouble)
    record, events = told.records["+1"], told.events["+1"]
    assert record["ended_at"] - record["arrived_at"] == pytest.approx(18.0, abs=1.5)
    assert record["talk_s"] == pytest.approx(record["ended_at"] - record["connected_at"], abs=0.1)
    assert events[-1].data["cause"] == "caller"
    (ended,) = (event for event in events if event.kind == "talk_ended")
    assert (ended.data["by"], ended.agent) == ("caller", "2001")
    if asked:
        assert told_then[0] is not None and "the store cannot write" in str(told_then[0]["unwritten"])


def test_nothing_can_be_asked_of_a_call_while_asterisk_is_away(site: Loaded, tmp_path: Path) -> None:
    talks = {"2001": AgentPlan("2001", 1.0, Then.ANSWER, 30.0)}

    async def trouble(pbx: SimulatedAsterisk, engine: Engine) -> None:
        await asyncio.sleep(10.0)
        transport = pbx.apps[pbx.app].transport
        assert transport is not None
        transport.cut()
        await asyncio.sleep(1.0)
        with pytest.raises(SetupError, match="2001: Asterisk is not connected"):
            await engine.switchboard.order("2001", {"do": "hold"})
        transport.restore()

    told = with_people(site, tmp_path, Scenario("away", "", (PATIENT,), talks, ("2001",)), trouble)
    assert not any(event.kind == "held" for event in told.events["+1"])


def test_a_database_deleted_during_calls_costs_no_record(site: Loaded, tmp_path: Path) -> None:
    late = CallerPlan("+2", "100", (Wait(3.0), HangUp()), {}, at=12.0)
    mended: list[str] = []

    async def trouble(_: SimulatedAsterisk, engine: Engine) -> None:
        await asyncio.sleep(7.0)  # the first caller talks
        delete(tmp_path)
        await asyncio.sleep(7.0)
        mended.append(engine.house.ledger.mended)

    told = with_people(site, tmp_path, Scenario("gone", "", (PATIENT, late), AGENT, ("2001",)), trouble)
    assert "was deleted or replaced while in use" in mended[0]
    assert {number: record["outcome"] for number, record in told.records.items()} == {
        "+1": "answered",
        "+2": "ivr_hangup",
    }
    with closing(sqlite3.connect(tmp_path / "quietline.db")) as after:
        assert after.execute("SELECT count(*) FROM contacts WHERE ended_at IS NOT NULL").fetchone() == (2,)


def delete(state: Path) -> None:
    """Remove a database and all that belongs to it."""
    for part in state.glob("quietline.db*"):
        part.unlink()


def test_a_number_that_leads_nowhere_is_on_record_and_refused(site: Loaded, tmp_path: Path) -> None:
    scenario = Scenario("unknown", "", (CallerPlan("+1", "999", (Stay(),), {}),))

    async def nothing(*_: object) -> None:
        return

    told = with_people(site, tmp_path, scenario, nothing)
    assert (told.records["+1"]["outcome"], told.records["+1"]["answered_at"]) == ("failed", None)
    assert told.events["+1"][-1].data["cause"] == "unknown_number"


@pytest.mark.parametrize("part", ["_on_key", "_talk"], ids=["ringing", "talking"])
def test_a_fault_of_ours_ends_one_call_and_frees_its_agent(
    site: Loaded, tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = CallerPlan("+2", "100", (Wait(3.0), Press("1"), Stay()), {}, at=20.0)
    scenario = Scenario("fault", "", (PATIENT, second), AGENT, ("2001",))

    async def trouble(*_: object) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(Waiting, part, fault)
            await asyncio.sleep(15.0)

    told = with_people(site, tmp_path, scenario, trouble)
    assert told.records["+1"]["outcome"] == "failed"
    assert told.records["+1"]["agent"] == ("2001" if part == "_talk" else None)
    assert (told.records["+2"]["outcome"], told.records["+2"]["agent"]) == ("answered", "2001")


@pytest.mark.parametrize("part", ["_answered", "_talk"], ids=["ringing", "talking"])
def test_a_fault_of_ours_ends_a_transfer_and_leaves_no_phone_ringing(
    site: Loaded, tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Transferring, part, fault)
    outside = {"+359299900400@provider": AgentPlan("+359299900400@provider", 1.0, Then.ANSWER)}
    caller = CallerPlan("+1", "125", (Stay(),), {})

    async def nothing(*_: object) -> None:
        return

    told = with_people(site, tmp_path, Scenario("fault", "", (caller,), outside=outside), nothing)
    assert told.records["+1"]["outcome"] == "failed"
    (end,) = (event.data for event in told.events["+1"] if event.kind == "transfer_ended")
    assert end == {"to": "+359299900400", ("by" if part == "_talk" else "why"): "failed"}


def test_a_hang_up_that_asterisk_refuses_leaves_no_contact_open(
    site: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangup = Calls.hangup

    async def refuse(calls: Calls, channel: str, reason: HangupReason = "normal") -> bool:
        await hangup(calls, channel, reason)
        raise EngineError(f"Asterisk refuses DELETE channels/{channel}: Forbidden (403).")

    async def trouble(*_: object) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(Calls, "hangup", refuse)
            await asyncio.sleep(3.0)

    late = CallerPlan("+2", "100", (Wait(3.0), Press("1"), Stay()), {}, at=8.0)
    scenario = Scenario("refused", "", (CallerPlan("+1", "999", (Stay(),), {}), late), AGENT, ("2001",))
    told = with_people(site, tmp_path, scenario, trouble)
    assert told.records["+1"]["outcome"] == "failed"
    assert told.records["+2"]["outcome"] == "answered"


def test_a_spool_that_cannot_be_read_stops_no_call(
    site: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trouble(*_: object) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(spooled, "pending", full)
            await asyncio.sleep(15.0)

    told = with_people(site, tmp_path, Scenario("spool", "", (PATIENT,), AGENT, ("2001",)), trouble)
    assert told.records["+1"]["outcome"] == "answered"


@pytest.mark.parametrize("unseen", [False, True])
def test_calls_found_by_looking_are_remembered_only_while_they_last(
    site: Loaded, tmp_path: Path, unseen: bool
) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        app = pbx.apps[pbx.app]
        transport = app.transport
        assert transport is not None
        app.filter([], [{"type": "StasisStart"}])  # the call comes, and nobody is told
        line = pbx.call("+359888000001", "100")
        app.filter([], [])
        transport.cut()
        await asyncio.sleep(1.0)
        transport.restore()
        await asyncio.sleep(3.0)
        assert engine.switchboard.calls == len(engine.switchboard._adopted) == 1
        if unseen:
            transport.cut()
        line.hang_up()
        await asyncio.sleep(1.0)
        transport.restore()
        await asyncio.sleep(1.0)
        assert engine.switchboard.calls == len(engine.switchboard._adopted) == 0

    assert len(simulate(site, tmp_path, act).records) == 1


def full(*_: object) -> list[SpooledCall]:
    """What a full disk says."""
    raise OSError("No space left on device")


async def fault(_: Waiting) -> str | None:
    """What a mistake in the engine would do."""
    raise ZeroDivisionError("a mistake in the engine")
