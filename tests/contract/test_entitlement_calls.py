"""Customers on the whole engine: who is let in, how it stands on record, limits that outlive the engine, languages that are remembered."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from simulated import play_simulated, simulated_engine
from told import set_agents

from engine.app import Engine
from engine.config import Loaded, load_files
from engine.config.rehearse import RehearsalError, rehearse
from engine.config.trace import Trace
from engine.core.contact import fold
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.media import wav_lengths
from engine.sim.people import call, plug_in
from engine.sim.scenario import AgentPlan, CallerPlan, Press, Scenario, Stay, Then, Wait

AGENT = {"2001": AgentPlan("2001", 0.5, Then.ANSWER, 2.0)}
NOBODY = Scenario("nobody", "", ())
LANGUAGES = """\
flow: tongues
steps:
  choice:
    - language: main_menu
      choices: { 1: en, 2: bg }
      remember: yes
      timeout: 3s
    - menu: main_menu
      choices: { 9: choice }
      timeout: 3s
      retries: 0
      otherwise: farewell
  farewell:
    - hangup: goodbye
"""


def keyed(number: str, pin: str) -> tuple[Any, ...]:
    return (Wait(1.5), Press(f"{number}#"), Wait(1.5), Press(pin), Wait(2.5))


def caller(phone: str, *does: Any, number: str = "115") -> CallerPlan:
    return CallerPlan(phone, number, (*does, Stay()), {})


Act = Callable[[SimulatedAsterisk, Callable[[], Any]], Awaitable[None]]


def in_virtual_time(loaded: Loaded, act: Act) -> None:
    """Do something with a simulated Asterisk; what it is given opens an engine on the same state each time."""

    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": loaded.catalog.folder}))
        plug_in(pbx, NOBODY, list(loaded.snapshot.settings.agents))
        await act(pbx, lambda folder: simulated_engine(pbx, loaded, folder))

    run(main())


async def record_of(engine: Engine, phone: str) -> dict[str, Any]:
    """The newest contact of a caller's."""
    return [one for one in await engine.archive.contacts() if one["from_number"] == phone][-1]


async def decisions(engine: Engine, phone: str) -> list[str]:
    events = await engine.archive.events((await record_of(engine, phone))["id"])
    return [event.data["why"] for event in events if event.kind == "entitled"]


def test_the_decision_stands_in_the_record_in_the_queue_and_in_the_trace(
    site: Loaded, tmp_path: Path
) -> None:
    people = (caller("+359888000001", *keyed("4711", "2468")),)
    told = play_simulated(site, Scenario("one", "", people, AGENT, ("2001",)), tmp_path)
    record, events = told.records["+359888000001"], told.events["+359888000001"]
    assert record["entitlement"] == {
        "source": "customers",
        "by": "pin",
        "outcome": "entitled",
        "granted": True,
        "customer": "4711",
        "level": "gold",
        "why": "contract_runs",
        "ms": 500,
    }
    assert fold(record["id"], events).entitlement == record["entitlement"]
    assert [event.data["priority"] for event in events if event.kind == "queued"] == [8]
    trace = Trace(site.catalog, {flow.hash: flow for flow in site.snapshot.flows.values()})
    lines = [line.text for event in events for line in trace.feed(event)]
    assert "? customers by caller: unknown, nobody, no customer, 0 ms" in lines
    assert "? customers by pin: entitled, customer 4711, level gold, contract runs, 500 ms" in lines
    assert "← ••••" in "\n".join(lines)


def test_limits_of_an_account_outlive_the_engine(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine_on: Callable[[Path], Any]) -> None:
        wrong = keyed("4711", "0000") * 3
        async with engine_on(tmp_path) as engine:
            for n in range(4):
                await call(pbx, caller(f"+35988800010{n}", *wrong))
            assert await decisions(engine, "+359888000103") == [
                "no_customer",
                "wrong_pin",
                "too_many_tries_for_account",
            ]
        async with engine_on(tmp_path) as engine:
            await call(pbx, caller("+359888000200", *keyed("4711", "2468")))
            assert await decisions(engine, "+359888000200") == ["no_customer", "too_many_tries_for_account"]
            assert (await record_of(engine, "+359888000200"))["entitlement"]["outcome"] == "blocked"
            await asyncio.sleep(86_400)
            await call(pbx, caller("+359888000201", *keyed("4711", "2468")))
            assert await decisions(engine, "+359888000201") == ["no_customer", "contract_runs"]

    in_virtual_time(site, act)


def test_an_account_that_does_not_exist_hears_the_same_at_the_same_times(
    site: Loaded, tmp_path: Path
) -> None:
    people = (
        caller("+359888000001", *keyed("4711", "0000") * 3),
        caller("+359888000002", *keyed("9999", "0000") * 3),
    )
    told = play_simulated(site, Scenario("two", "", people), tmp_path)
    stories = []
    for phone in ("+359888000001", "+359888000002"):
        events = told.events[phone]
        steps = [
            (round(e.at - events[0].at, 3), e.data["do"], e.data.get("prompt"), e.data.get("prompts"))
            for e in events
            if e.kind == "step"
        ]
        stories.append(steps)
    assert stories[0] == stories[1]
    assert len([one for one in stories[0] if one[1] == "Collect"]) == 6


@pytest.mark.parametrize(("phone", "second"), [("+359888000001", ["bg", "bg"]), ("anonymous", ["en", "en"])])
def test_a_language_is_remembered_for_the_next_call_but_not_of_who_withholds_their_number(
    site_folder: Path, tmp_path: Path, phone: str, second: list[str]
) -> None:
    shutil.copytree(site_folder.parent, tmp_path / "twin")
    (tmp_path / "twin" / "site" / "tongues.yaml").write_text(LANGUAGES)
    loaded = load_files(tmp_path / "twin" / "site")

    async def act(pbx: SimulatedAsterisk, engine_on: Callable[[Path], Any]) -> None:
        found = []
        async with engine_on(tmp_path / "state") as engine:
            await set_agents(engine, ())
            await call(pbx, caller(phone, Wait(1.5), Press("2"), number="104"))
            first = await record_of(engine, phone)
            await call(pbx, caller(phone, number="104"))
            found.append((await record_of(engine, phone))["language"])
        async with engine_on(tmp_path / "state") as engine:
            await call(pbx, caller(phone, number="104"))
            found.append((await record_of(engine, phone))["language"])
            # A key leads to the question a second time: it is asked, and the new choice is kept.
            again = (Wait(0.3), Press("9"), Wait(1.5), Press("1"), Wait(1.0))
            await call(pbx, caller(phone, *again, number="104"))
            await call(pbx, caller(phone, number="104"))
            last = await record_of(engine, phone)
        assert (first["language"], found, last["language"]) == ("bg", second, "en")

    in_virtual_time(loaded, act)


def test_a_changed_file_of_customers_counts_without_a_reload(site_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(site_folder.parent, tmp_path / "twin")
    loaded = load_files(tmp_path / "twin" / "site")

    async def act(pbx: SimulatedAsterisk, engine_on: Callable[[Path], Any]) -> None:
        async with engine_on(tmp_path / "state") as engine:
            await call(pbx, caller("+359888000001", Wait(1.0)))
            (tmp_path / "twin/site/customers.csv").write_text("number,phones\n77,0888 000 001\n")
            await call(pbx, caller("+359888000001", Wait(1.0)))
            assert (await record_of(engine, "+359888000001"))["entitlement"]["customer"] == "77"
            (tmp_path / "twin/site/customers.csv").unlink()
            await call(pbx, caller("+359888000001", Wait(1.0)))
            assert (await record_of(engine, "+359888000001"))["entitlement"]["outcome"] == "unreachable"

    in_virtual_time(loaded, act)


# --- rehearsing ---------------------------------------------------------------------------------


def rehearsed(site: Loaded, *inputs: str) -> list[str]:
    lines = rehearse(site.snapshot.flows["contract"], site.snapshot.settings, site.catalog, inputs)
    return [" ".join(line.split()) for line in lines]


def test_a_rehearsal_is_told_what_the_source_answers(site: Loaded) -> None:
    lines = rehearsed(site, "unknown", "4711", "2468", "entitled:gold", "done")
    assert lines[0] == "caller ? customers by caller → unknown"
    assert lines[2].endswith("Please key in your PIN. ← ••••")
    assert lines[3:5] == ["? customers by pin → entitled gold", "desk ⏳ queue desk_a, priority 8 → done"]
    assert "2468" not in " ".join(lines)


@pytest.mark.parametrize(
    ("word", "step"), [("expired", "ended"), ("blocked", "farewell"), ("unreachable", "farewell")]
)
def test_a_rehearsal_goes_where_a_caller_is_led_who_is_not_let_in(site: Loaded, word: str, step: str) -> None:
    assert rehearsed(site, word)[1].startswith(step)


def test_a_rehearsal_without_inputs_is_that_of_nobody_known_and_silent(site: Loaded) -> None:
    lines = rehearsed(site)
    assert lines[0] == "caller ? customers by caller → unknown"
    assert [line.endswith("← silence") for line in lines[1:]] == [True, True, True, False]


def test_a_rehearsal_says_which_answers_a_source_can_give(site: Loaded) -> None:
    with pytest.raises(
        RehearsalError, match=r"'entitled:tin' is no answer .*entitlement 'customers'.*entitled:silver"
    ):
        rehearsed(site, "entitled:tin")
