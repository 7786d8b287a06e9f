"""What agents are asked for, whichever way it comes: done and on record, or refused in one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from simulated import simulate
from told import Told

from engine.app import Engine, acd_events
from engine.call.distributor import rebuilt
from engine.config import Loaded
from engine.config.trace import Trace
from engine.core import acd
from engine.core.owing import FOR, KINDS, Owing
from engine.core.release import following
from engine.errors import BadWord
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.people import phone
from engine.sim.scenario import AgentPlan

CALLER = "+359888000001"
ANSWERS = AgentPlan("2007", ring=1.0, talk=3.0)


async def ask(engine: Engine, name: str, **asked: str) -> dict[str, Any]:
    told, written = engine.house.agents.ask(name, asked)
    await written
    return told


def refusal(engine: Engine, name: str, **asked: str) -> str:
    with pytest.raises(BadWord) as refused:
        engine.house.agents.ask(name, asked)
    return str(refused.value)


def stands(engine: Engine, name: str = "2007") -> tuple[str, str]:
    agent = engine.house.agents.told()[name]
    return agent["state"], agent["reason"]


def talked(site: Loaded, folder: Path, act: Callable[[Engine], Any], agent: AgentPlan = ANSWERS) -> Told:
    """A caller of the claims desk has spoken with its agent for three seconds; wrap-up of one second has begun when `act` does."""

    async def call(pbx: SimulatedAsterisk, engine: Engine) -> None:
        pbx.phones["agent-2007"] = phone(pbx, agent)
        await ask(engine, "2007", state="ready")
        pbx.call(CALLER, "140")
        while stands(engine)[0] != "wrap_up":  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(0.05)
        await act(engine)

    return simulate(site, folder, call)


def test_who_owes_a_code_is_not_ready_before_it_is_given(site: Loaded, tmp_path: Path) -> None:
    async def act(engine: Engine) -> None:
        await asyncio.sleep(1.5)
        assert stands(engine) == ("wrap_up", "code_missing")
        wants = "queue claims wants a wrap-up code first: settled, open_still"
        assert refusal(engine, "2007", state="ready") == wants
        known = "it has settled, open_still"
        assert (
            refusal(engine, "2007", code="unused") == f"'unused' is no wrap-up code of queue claims: {known}"
        )
        now, house = engine.house.now(), engine.house
        again = rebuilt(house.site.settings, await acd_events(house.ledger, engine.archive, now), now)
        assert acd.summary(again, now) == acd.summary(house.distributor.state, now)
        told = await ask(engine, "2007", code="settled", note="paid at once", by="user anna")
        assert (told["state"], told["code"]) == ("ready", "")

    told = talked(site, tmp_path, act)
    assert told.records[CALLER]["wrap_up_code"] == "settled"
    (said,) = [event for event in told.events[CALLER] if event.kind == "wrap_up_code"]
    assert (said.agent, said.data) == (
        "2007",
        {"code": "settled", "queue": "claims", "note": "paid at once", "by": "user anna"},
    )
    trace = Trace(site.catalog, {})
    lines = [line.text for event in told.events[CALLER] for line in trace.feed(event)]
    assert lines[-1] == "✎ agent 2007 says: settled, paid at once (user anna)"


def test_a_code_that_does_not_come_pauses_the_agent_and_holds_nobody_up_for_ever(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(engine: Engine) -> None:
        await asyncio.sleep(20.9)
        assert stands(engine) == ("wrap_up", "code_missing")
        await asyncio.sleep(0.2)
        assert stands(engine) == ("paused", "no_code")
        await ask(engine, "2007", state="ready")
        assert stands(engine) == ("ready", "")

    assert talked(site, tmp_path, act).records[CALLER]["wrap_up_code"] is None


def test_a_code_that_was_forgotten_is_taken_and_put_right_until_the_next_conversation(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(engine: Engine) -> None:
        await asyncio.sleep(30.0)
        assert stands(engine) == ("paused", "no_code")
        await ask(engine, "2007", state="ready")
        kept = Owing(await engine.archive.events_since(0.0, KINDS))
        assert kept.of("2007", engine.house.now()) == engine.house.distributor.last_talk("2007")
        assert engine.house.agents.choices("2007", "wrap_up_codes")[0]["name"] == "settled"
        assert refusal(engine, "2007", code="unused").startswith(
            "'unused' is no wrap-up code of queue claims"
        )
        assert (await ask(engine, "2007", code="settled", by="user anna"))["state"] == "ready"
        assert (await ask(engine, "2007", code="open_still", by="user anna"))["state"] == "ready"
        assert kept.of("2007", engine.house.now() + FOR) is None

    told = talked(site, tmp_path, act)
    assert told.records[CALLER]["wrap_up_code"] == "open_still"
    codes = [event.data for event in told.events[CALLER] if event.kind == "wrap_up_code"]
    assert codes == [
        {"code": code, "queue": "claims", "note": "", "by": "user anna"} for code in ("settled", "open_still")
    ]


def test_a_code_given_as_the_next_phone_call_rings_is_about_the_last_one_and_later_about_the_next(
    site: Loaded, tmp_path: Path
) -> None:
    later = "+359888000002"

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        pbx.phones["agent-2007"] = phone(pbx, ANSWERS)
        await ask(engine, "2007", state="ready")
        pbx.call(CALLER, "140")
        await asyncio.sleep(6.0)
        await ask(engine, "2007", code="settled", state="ready")
        await asyncio.sleep(2.0)
        assert stands(engine) == ("ready", "")
        pbx.call(later, "140")
        await asyncio.sleep(0.5)
        assert stands(engine) == ("reserved", "")
        await ask(engine, "2007", code="open_still")
        await asyncio.sleep(2.0)
        assert stands(engine) == ("talking", "")
        await ask(engine, "2007", code="settled")
        await asyncio.sleep(6.0)

    told = simulate(site, tmp_path, act)
    codes = {
        number: [event.data["code"] for event in told.events[number] if event.kind == "wrap_up_code"]
        for number in (CALLER, later)
    }
    assert codes == {CALLER: ["settled", "open_still"], later: ["settled"]}


def test_a_code_may_come_with_the_wish_and_what_was_wished_for_meanwhile_is_heeded(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(engine: Engine) -> None:
        await ask(engine, "2007", state="paused", reason="lunch")
        await asyncio.sleep(1.5)
        assert stands(engine) == ("wrap_up", "code_missing")
        await ask(engine, "2007", code="open_still")
        assert stands(engine) == ("paused", "lunch")

    assert talked(site, tmp_path / "pause", act).records[CALLER]["wrap_up_code"] == "open_still"

    async def both(engine: Engine) -> None:
        assert (await ask(engine, "2007", state="ready", code="settled"))["state"] == "ready"

    assert talked(site, tmp_path / "both", both).records[CALLER]["wrap_up_code"] == "settled"


@pytest.mark.parametrize("state", ["paused", "logged_out"])
def test_who_gives_the_missing_code_and_leaves_is_offered_nobody_in_between(
    state: str, site: Loaded, tmp_path: Path
) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        pbx.phones["agent-2007"] = phone(pbx, ANSWERS)
        await ask(engine, "2007", state="ready")
        pbx.call(CALLER, "140")
        await asyncio.sleep(8.0)
        waiting = pbx.call("+359888000002", "140")
        await asyncio.sleep(3.0)
        assert (
            stands(engine) == ("wrap_up", "code_missing") and len(engine.house.distributor.state.callers) == 1
        )
        await ask(engine, "2007", code="settled", state=state, reason="lunch")
        assert stands(engine) == (state, "lunch")
        await asyncio.sleep(1.0)
        waiting.hang_up()

    told = simulate(site, tmp_path, act)
    assert told.records[CALLER]["wrap_up_code"] == "settled"
    assert "offered" not in [event.kind for event in told.events["+359888000002"]]


def test_whom_the_site_has_lost_in_a_conversation_is_no_agent_on_the_phone_any_more(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        pbx.phones["phone-301"] = phone(pbx, AgentPlan("301", ring=0.5, talk=20.0))
        await ask(engine, "2007", state="ready", phone="301")
        pbx.call(CALLER, "140")
        await asyncio.sleep(5.0)
        assert stands(engine)[0] == "talking"
        settings = site.snapshot.settings
        left = {name: agent for name, agent in settings.agents.items() if name != "2007"}
        fewer = replace(site.snapshot, settings=replace(settings, agents=left))
        await engine.publish(replace(site, snapshot=fewer), following((), "0" * 64, "mila", "", 0.0, ""))
        line = pbx.call("301", "150", "phone-301")
        await asyncio.sleep(10.0)
        line.hang_up()

    told = simulate(site, tmp_path, act)
    assert told.records["301"]["outcome"] != "failed"
    assert "agent_sign_in" not in [event.kind for event in told.events["301"]]


def test_what_cannot_be_done_is_refused_in_one_sentence_and_changes_nothing(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(_: SimulatedAsterisk, engine: Engine) -> None:
        before = engine.house.agents.told()
        own = ", ".join(before)
        states = "ready, paused, logged_out, logged_in"
        assert refusal(engine, "9", state="ready") == f"there is no agent '9': this site has {own}"
        assert refusal(engine, "2001", state="asleep") == f"'asleep' is no state to ask for: {states}"
        nothing = f"say what agent 2001 shall be: {states}; or give a code"
        assert refusal(engine, "2001", reason="lunch") == nothing
        no_call = "agent 2001 has no conversation that a code could be given for"
        assert refusal(engine, "2001", code="settled") == no_call
        assert refusal(engine, "2001", state="paused") == "a pause needs a reason: lunch, training"
        reason = "'golf' is no reason for a pause: this site has lunch, training"
        assert refusal(engine, "2001", state="paused", reason="golf") == reason
        phone = refusal(engine, "2001", state="ready", phone="attic")
        assert phone == f"there is no phone 'attic': this site has 301, {own.replace(', 2008', '')}"
        nowhere = "agent 2008 has no phone of their own: say at which one they are"
        assert refusal(engine, "2008", state="ready") == nowhere
        assert engine.house.agents.told() == before

    simulate(site, tmp_path, act)


def test_an_agent_whose_phone_is_in_a_call_of_its_own_is_not_rung_and_the_caller_loses_nothing(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        house = engine.house
        pbx.phones["agent-2007"] = phone(pbx, AgentPlan("2007", ring=3.0, talk=1.0))
        await ask(engine, "2007", state="ready")
        pbx.call(CALLER, "140")
        await asyncio.sleep(1.0)
        assert stands(engine) == ("reserved", "")
        own = pbx.call("2007", "103", "agent-2007")  # the agent dials out as the phone rings
        await asyncio.sleep(0.1)
        assert stands(engine) == ("own_call", "")
        now = house.now()
        again = rebuilt(house.site.settings, await acd_events(house.ledger, engine.archive, now), now)
        assert acd.summary(again, now) == acd.summary(house.distributor.state, now)
        await ask(engine, "2007", state="paused", reason="lunch")
        await ask(engine, "2007", state="ready")
        assert stands(engine) == ("own_call", "")
        own.hang_up()
        await asyncio.sleep(10.0)

    told = simulate(site, tmp_path, act)
    record = told.records[CALLER]
    assert (record["outcome"], record["agent"]) == ("answered", "2007")
    (ended,) = [e.data["why"] for e in told.events[CALLER] if e.kind == "offer_ended"]
    assert ended == "own_call"
    assert told.events["2007"][0].data["phone"] == "2007"


def test_who_asks_something_of_an_agent_is_on_record_whichever_way_they_ask(
    site: Loaded, tmp_path: Path
) -> None:
    said: list[tuple[str | None, str, str]] = []

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        await ask(engine, "2007", state="ready", by="user boss")
        await ask(engine, "2001", state="ready", phone="301", by="user anna")
        await ask(engine, "2003", state="ready", phone="301", by="phone +359888000009")
        await ask(engine, "2003", state="logged_out")
        for event in await engine.archive.events_since(0.0, ["agent_state"]):
            said.append((event.agent, event.data["state"], event.data.get("by", "")))

    simulate(site, tmp_path, act)
    assert [one for one in said if one[0] == "2007"] == [("2007", "ready", "user boss")]
    theirs = [one for one in said if one[0] == "2001"]
    assert theirs[-2:] == [("2001", "ready", "user anna"), ("2001", "logged_out", "phone +359888000009")]
    assert said[-2:] == [("2001", "logged_out", "phone +359888000009"), ("2003", "logged_out", "")]
