"""Work orders on the whole engine: reported twice is one of them; closing it closes all that hangs on it; a restart changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from simulated import simulated_engine

from engine.app import Engine
from engine.config import Loaded, load_files
from engine.config.trace import Trace
from engine.core import work_order
from engine.errors import SetupError
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.media import wav_lengths
from engine.sim.people import call, plug_in
from engine.sim.scenario import CallerPlan, Press, Scenario, Stay, Wait

FLOW = """\
flow: tongues
steps:
  choice:
    - set: { printer: "77" }
    - menu: main_menu
      choices: { 1: jam, 2: toner, 3: line, 9: state }
      timeout: 3s
      retries: 0
      otherwise: farewell
  jam:
    - request: action
      code: printer_jam
      information: { printer: "{{ printer }}" }
      work_order: order
    - switch: order.known
      cases: { yes: known }
      otherwise: more
  toner:
    - request: action
      code: toner
      priority: 8
    - goto: more
  line:
    - request: action
      code: no_line
      customer: "{{ from_number }}"
      information: { site: " Sofia" }
    - goto: more
  known:
    - say: still_waiting
    - goto: more
  more:
    - menu: please_hold
      choices: { 1: jam, 2: toner, 9: state }
      timeout: 2s
      retries: 0
      otherwise: farewell
  state:
    - status: please_hold
      states: { open: connecting_support, working: connecting_sales, resolved: message_thanks }
      on_none: farewell
    - hangup: goodbye
  farewell:
    - hangup: goodbye
"""
CATALOG = """\
departments:
  it:
    title: IT
    providers:
      desk:
        title: Desk
        categories:
          printers:
            title: Printers
            codes:
              printer_jam: { title: Jam, requires: printer, work_order: Free the printer, due: 8h }
              opening_hours: { title: When we are open }
              toner: { title: Toner, work_order: Bring toner }
              no_line: { title: Line, requires: site, work_order: Mend the line, same_by: site, priority: 9 }
"""
ANNA, BORIS = "+359888000011", "+359888000012"
Opens = Callable[[], Any]


@pytest.fixture
def desk(site_folder: Path, tmp_path: Path) -> Loaded:
    """A site whose number 104 takes reports."""
    shutil.copytree(site_folder.parent, tmp_path / "twin")
    (tmp_path / "twin/site/tongues.yaml").write_text(FLOW)
    (tmp_path / "twin/site/catalog.yaml").write_text(CATALOG)
    return load_files(tmp_path / "twin/site")


def in_virtual_time(
    loaded: Loaded, state: Path, act: Callable[[SimulatedAsterisk, Opens], Awaitable[None]]
) -> None:
    """Do something with a simulated Asterisk, and engines that all keep the same state."""

    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": loaded.catalog.folder}))
        plug_in(pbx, Scenario("nobody", "", ()), list(loaded.snapshot.settings.agents))
        await act(pbx, lambda: simulated_engine(pbx, loaded, state / "state"))

    run(main())


def caller(phone: str, *keys: str) -> CallerPlan:
    does = [act for key in keys for act in (Wait(1.6), Press(key))]
    return CallerPlan(phone, "104", (*does, Stay()), {})


async def heard(engine: Engine, phone: str) -> list[str]:
    """What a caller was told in their newest call, by their prompts."""
    newest = [one for one in await engine.archive.contacts() if one["from_number"] == phone][-1]
    steps = [e.data for e in await engine.archive.events(newest["id"]) if e.kind == "step"]
    return [prompt for step in steps if step["do"] == "Play" for prompt in step["prompts"]]


async def hanging(engine: Engine) -> dict[int, tuple[str, str, list[int]]]:
    """Every work order: its code, its state, and the requests that hang on it."""
    archive = engine.archive
    return {
        one["number"]: (
            one["code"],
            one["state"],
            [request["number"] for request in await archive.requests_of(one["number"])],
        )
        for one in await archive.work_orders(resolved=True)
    }


async def agrees(engine: Engine) -> bool:
    """Is what the engine knows what the log tells?"""
    return work_order.folded(await engine.archive.open_work_order_events()) == engine.house.orders.open


def test_a_problem_reported_again_hangs_on_the_work_order_that_is_open(desk: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine_on: Opens) -> None:
        async with engine_on() as engine:
            await call(pbx, caller(ANNA, "1"))
            assert await heard(engine, ANNA) == []
            await call(pbx, caller(BORIS, "1"))
            await call(pbx, caller(ANNA, "1"))
            assert await heard(engine, ANNA) == ["still_waiting"]
            assert await hanging(engine) == {
                1: ("printer_jam", "open", [1, 3]),
                2: ("printer_jam", "open", [2]),
            }
            (first, _) = await engine.archive.work_orders()
            (request, _) = await engine.archive.requests_of(1)
            assert (first["title"], first["about"], first["by"]) == (
                "Free the printer",
                f"caller {ANNA}",
                f"phone {ANNA}",
            )
            assert first["due_at"] == first["opened_at"] + 8 * 3600
            assert request["information"] == {"printer": "77"}
            assert await agrees(engine)

    in_virtual_time(desk, tmp_path, act)


def test_same_by_makes_reports_of_different_customers_one_problem(desk: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine_on: Opens) -> None:
        async with engine_on() as engine:
            await call(pbx, caller(ANNA, "3"))
            await call(pbx, caller(BORIS, "3"))
            assert await hanging(engine) == {1: ("no_line", "open", [1, 2])}
            (order,) = await engine.archive.work_orders()
            assert (order["about"], order["priority"], order["customer"]) == ("site sofia", 9, ANNA)

    in_virtual_time(desk, tmp_path, act)


def test_who_withholds_their_number_is_not_taken_for_another_one(desk: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine_on: Opens) -> None:
        async with engine_on() as engine:
            for _ in range(2):
                await call(pbx, caller("anonymous", "1"))
            assert [len(requests) for _, _, requests in (await hanging(engine)).values()] == [1, 1]

    in_virtual_time(desk, tmp_path, act)


def test_a_second_problem_in_one_call_has_a_request_of_its_own(desk: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine_on: Opens) -> None:
        async with engine_on() as engine:
            await call(pbx, caller(ANNA, "1", "2"))
            assert await hanging(engine) == {1: ("printer_jam", "open", [1]), 2: ("toner", "open", [2])}
            assert [one["priority"] for one in await engine.archive.work_orders()] == [5, 8]

    in_virtual_time(desk, tmp_path, act)


def test_closing_a_work_order_resolves_all_that_hangs_on_it_and_callers_hear_of_it(
    desk: Loaded, tmp_path: Path
) -> None:
    async def act(pbx: SimulatedAsterisk, engine_on: Opens) -> None:
        async with engine_on() as engine:
            for phone in (ANNA, BORIS):
                await call(pbx, caller(phone, "3"))
        async with engine_on() as engine:  # what was open before is known to another engine, too
            orders, now = engine.house.orders, engine.house.now
            assert list(orders.open) == [1] and await agrees(engine)
            await orders.move(1, {"state": "working", "by": "mila"}, now())
            await call(pbx, caller(ANNA, "9"))
            assert await heard(engine, ANNA) == ["please_hold", "connecting_sales"]
            done = await orders.move(1, {"state": "resolved", "by": "mila", "why": "new cable"}, now())
            assert done == {"number": 1, "state": "resolved", "requests": [1, 2]}
            assert orders.open == {} and await agrees(engine)
            await call(pbx, caller(BORIS, "9"))
            assert await heard(engine, BORIS) == ["please_hold", "message_thanks"]
            request = await engine.archive.request(2)
            assert request is not None and request["state"] == "resolved"
            told = await engine.archive.history_of_request(2, request["contact"])
            assert [(e.kind, e.data.get("state"), e.data["by"]) for e in told] == [
                ("request", None, f"phone {BORIS}"),
                ("request_state", "working", "mila"),
                ("request_state", "resolved", "mila"),
            ]
            await call(pbx, caller(ANNA, "3"))
            assert await hanging(engine) == {1: ("no_line", "resolved", [1, 2]), 2: ("no_line", "open", [3])}

    in_virtual_time(desk, tmp_path, act)


def test_a_request_joins_its_work_order_in_the_state_that_is_in(desk: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine_on: Opens) -> None:
        async with engine_on() as engine:
            await call(pbx, caller(ANNA, "3"))
            await engine.house.orders.move(1, {"state": "waiting", "by": "mila"}, engine.house.now())
            await call(pbx, caller(BORIS, "3"))
            assert [one["state"] for one in await engine.archive.all_requests()] == ["waiting", "waiting"]
            trace = Trace(desk.catalog, {flow.hash: flow for flow in desk.snapshot.flows.values()})
            contact = (await engine.archive.contacts())[1]["id"]
            lines = [line.text for e in await engine.archive.events(contact) for line in trace.feed(e)]
            assert "✎ request 2 of work order 1 is waiting, says mila" in lines

    in_virtual_time(desk, tmp_path, act)


def test_a_request_is_an_agents_and_a_queue_knows_whose(desk: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine_on: Opens) -> None:
        async with engine_on() as engine:
            await call(pbx, caller(ANNA, "1"))
            orders, archive, now = engine.house.orders, engine.archive, engine.house.now()
            (request,) = await archive.all_requests()
            whose = request["customer"], request["from_number"]
            agents = list(engine.house.site.settings.agents)
            assert await archive.owner(*whose) is None
            told = await orders.assign(1, {"owner": agents[0], "by": "mila"}, agents, now)
            assert told == {"number": 1, "state": "open", "owner": agents[0]}
            assert await archive.owner(*whose) == agents[0]
            with pytest.raises(SetupError, match=f"there is no agent 'mila': this site has {agents[0]}"):
                await orders.assign(1, {"owner": "mila"}, agents, now)
            with pytest.raises(SetupError, match="there is no request 7"):
                await orders.assign(7, {"owner": agents[0]}, agents, now)
            await orders.assign(1, {"owner": ""}, agents, now)
            assert await archive.owner(*whose) is None
            history = await archive.history_of_request(1, request["contact"])
            assert [e.data.get("owner") for e in history[1:]] == [agents[0], ""]

    in_virtual_time(desk, tmp_path, act)


def test_what_people_may_not_do_is_one_sentence(desk: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine_on: Opens) -> None:
        async with engine_on() as engine:
            await call(pbx, caller(ANNA, "1"))
            orders, now = engine.house.orders, engine.house.now()
            with pytest.raises(SetupError, match="there is no work order 7: `quietline work-orders list`"):
                await orders.move(7, {"state": "working"}, now)
            with pytest.raises(SetupError, match="request 1 hangs on work order 1 and follows it"):
                await orders.move_request(1, {"state": "working"}, now)
            with pytest.raises(SetupError, match="there is no request 7"):
                await orders.move_request(7, {"state": "working"}, now)
            with pytest.raises(SetupError, match="'done' is no state: open, working, waiting, resolved"):
                await orders.move(1, {"state": "done"}, now)
            with pytest.raises(SetupError, match="say who closes it"):
                await orders.move(1, {"state": "resolved"}, now)
            await orders.move(1, {"state": "resolved", "by": "mila"}, now)
            with pytest.raises(SetupError, match="work order 1 is resolved"):
                await orders.move(1, {"state": "open"}, now)

    in_virtual_time(desk, tmp_path, act)
