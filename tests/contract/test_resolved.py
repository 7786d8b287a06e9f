"""Whether a matter was resolved, from the call to the report: said by agents with their codes, and by callers in a survey."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulated import simulate
from test_agents_asked import ANSWERS, CALLER, ask, refusal, stands

from engine.app import Engine
from engine.config import Loaded
from engine.config.trace import Trace
from engine.core import flow as f
from engine.core.intervals import grid
from engine.core.reports import Wanted, report
from engine.core.tally import Row
from engine.core.verbs import Hangup, Queue, Survey
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.people import phone
from engine.store.books import books_of

SURVEY = Survey(
    f.Variable("afterwards"),
    questions={f.Variable("settled"): f.PromptId("main_menu")},
    scale=f.DigitRange(1, 5),
    resolved=f.Question("settled"),
    timeout=f.Seconds(3),
)


def asking(site: Loaded, **resolved: str | None) -> Loaded:
    """The site, with what these codes say of it; callers of the claims desk are asked, too, when their agent has hung up."""
    settings, flows = site.snapshot.settings, site.snapshot.flows
    codes = {
        name: replace(code, resolved=resolved.get(name)) for name, code in settings.wrap_up_codes.items()
    }
    claims = flows["claims"]
    waits, *_ = claims.steps[f.StepName("waiting")]
    assert isinstance(waits, Queue)
    steps = {**claims.steps, f.StepName("waiting"): (waits, SURVEY, Hangup(f.PromptId("goodbye")))}
    known = replace(
        site.snapshot,
        settings=replace(settings, wrap_up_codes=codes),
        flows={**flows, "claims": replace(claims, steps=steps)},
    )
    return replace(site, snapshot=known)


async def told(engine: Engine, about: str) -> Row:
    """The whole of a report, as it is told now; the site's codes are asked for nothing."""
    now = engine.house.now()
    books = await books_of(engine.archive, now - 3600.0, now)
    settings = replace(engine.house.site.settings, wrap_up_codes={})
    grids = grid(now - 3600.0, now, "total", ZoneInfo("UTC"))
    return report(books, (), settings, Wanted(about, grids), now).total


def shares(row: Row) -> tuple[object, ...]:
    return tuple(row[f"fcr_{name}"] for name in ("agent", "agent_marked", "survey", "survey_answered"))


async def call(pbx: SimulatedAsterisk, engine: Engine, key: str, number: str = CALLER) -> None:
    """A caller speaks with the agent for three seconds, and then answers with this key."""
    pbx.phones["agent-2007"] = phone(pbx, ANSWERS)
    line = pbx.call(number, "140")
    while stands(engine)[0] != "wrap_up":  # noqa: ASYNC110 - virtual time
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    line.press(key)


def test_what_agents_and_callers_say_of_it_stands_in_every_report(site: Loaded, tmp_path: Path) -> None:
    found: dict[str, tuple[object, ...]] = {}

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        await ask(engine, "2007", state="ready")
        await call(pbx, engine, "1")
        await ask(engine, "2007", code="settled")
        await asyncio.sleep(10.0)
        await call(pbx, engine, "2", "+359888000002")
        await asyncio.sleep(30.0)  # the code was forgotten, and comes late
        assert stands(engine) == ("paused", "no_code")
        found["before"] = shares(await told(engine, "queues"))
        await ask(engine, "2007", code="open_still", state="ready")
        for about in ("queues", "agents", "sites", "calls"):
            found[about] = shares(await told(engine, about))

    made = simulate(asking(site, settled="yes", open_still="no"), tmp_path, act)
    assert found.pop("before") == (1.0, 1, 0.5, 2)
    assert found == dict.fromkeys(("queues", "agents", "sites", "calls"), (0.5, 2, 0.5, 2))
    trace = Trace(site.catalog, {})
    lines = [line.text for event in made.events[CALLER] for line in trace.feed(event)]
    assert "✎ agent 2007 says: settled, resolved" in lines
    assert "✎ survey afterwards: settled 1, resolved" in lines


def test_a_code_put_right_counts_in_reports_that_were_made_before(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        await ask(engine, "2007", state="ready")
        await call(pbx, engine, "7")
        await asyncio.sleep(30.0)
        await ask(engine, "2007", code="settled")
        assert shares(await told(engine, "queues"))[:2] == (1.0, 1)
        await asyncio.sleep(600.0)
        await ask(engine, "2007", code="open_still")
        assert shares(await told(engine, "queues"))[:2] == (0.0, 1)

    simulate(asking(site, settled="yes", open_still="no"), tmp_path, act)


def test_of_a_code_that_asks_the_agent_says_it_or_leaves_it_open(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        await ask(engine, "2007", state="ready")
        await call(pbx, engine, "7")
        assert refusal(engine, "2007", code="open_still", resolved="perhaps") == (
            "'perhaps' does not say whether it is resolved: yes or no"
        )
        assert refusal(engine, "2007", code="settled", resolved="no") == (
            "code settled says itself that it is resolved: leave it out, or give another code"
        )
        assert refusal(engine, "2007", resolved="yes") == (
            "resolved is said of a conversation, beside its code: give a code too"
        )
        await ask(engine, "2007", code="settled", resolved="yes")
        assert shares(await told(engine, "queues")) == (1.0, 1, None, 0)
        await ask(engine, "2007", code="open_still")  # a slip, and then the whole truth
        assert shares(await told(engine, "queues")) == (None, 0, None, 0)
        await ask(engine, "2007", code="open_still", resolved="no", state="ready")
        assert shares(await told(engine, "agents")) == (0.0, 1, None, 0)

    made = simulate(asking(site, settled="yes", open_still="ask"), tmp_path, act)
    said = [event.data.get("resolved") for event in made.events[CALLER] if event.kind == "wrap_up_code"]
    assert said == [True, None, False]


def test_a_code_that_says_nothing_of_it_marks_no_contact(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        await ask(engine, "2007", state="ready")
        await call(pbx, engine, "7")
        assert refusal(engine, "2007", code="settled", resolved="yes") == (
            "code settled says nothing of whether it is resolved, and asks nobody: leave it out, or give another code"
        )
        await ask(engine, "2007", code="settled")
        assert shares(await told(engine, "calls")) == (None, 0, None, 0)

    simulate(asking(site), tmp_path, act)


def test_over_the_phone_a_code_that_asks_is_followed_by_the_question(site: Loaded, tmp_path: Path) -> None:
    presses: Mapping[float, str] = {0.5: "2007#", 2.0: "1357#", 5.0: "1", 7.0: "2"}

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        await ask(engine, "2007", state="ready")
        await call(pbx, engine, "7")
        line = pbx.call("+359888000007", "153")
        began = asyncio.get_running_loop().time()
        for at, keys in presses.items():
            await asyncio.sleep(began + at - asyncio.get_running_loop().time())
            for key in keys:
                line.press(key)
        await asyncio.sleep(15.0)
        assert shares(await told(engine, "queues"))[:2] == (0.0, 1)

    made = simulate(asking(site, settled="ask"), tmp_path, act)
    asked: list[dict[str, Any]] = [
        event.data for event in made.events["+359888000007"] if event.data.get("do") == "AskAgent"
    ]
    assert [(one["value"], one["resolved"]) for one in asked] == [("settled", "no")]
