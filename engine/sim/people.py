"""The people of a scenario, played on the simulated Asterisk's own time line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from engine.core.phones import endpoint_of_phone
from engine.sim.asterisk import Phone, SimulatedAsterisk
from engine.sim.line import Line
from engine.sim.scenario import (
    KEY_GAP,
    LONGEST,
    PRESSED,
    Act,
    AgentPlan,
    CallerPlan,
    Dial,
    Drop,
    HangUp,
    Hold,
    Join,
    Press,
    Refer,
    Say,
    Scenario,
    Stay,
    Talk,
    Then,
    Wait,
)
from engine.speech.scripted import Said, voiced


def endpoint_of(agent: str) -> str:
    """The name of an agent's endpoint in the rendered configuration."""
    return f"agent-{agent}"


def plug_in(pbx: SimulatedAsterisk, scenario: Scenario, agents: list[str]) -> None:
    """Give every agent of the site a phone, the scenario's or one that is switched off; and those outside whom the scenario names."""
    for name in agents:
        plan = scenario.agents.get(name)
        pbx.phones[endpoint_of(name)] = _switched_off if plan is None else phone(pbx, plan)
    for name, plan in scenario.agents.items():
        if name not in agents:  # a desk's phone
            pbx.phones[endpoint_of_phone(name)] = phone(pbx, plan)
    for name, plan in scenario.outside.items():
        number, _, trunk = name.partition("@")
        pbx.phones[f"{number}@trunk-{trunk}"] = phone(pbx, plan)


def phone(pbx: SimulatedAsterisk, plan: AgentPlan) -> Phone:
    """A phone that does what the plan says, each time it is called."""

    def called(line: Line) -> None:
        line.ring()
        match plan.then:
            case Then.ANSWER:
                pbx.later(plan.ring, lambda: pick_up(line))
            case Then.REJECT:
                pbx.later(plan.ring, lambda: line.reject(603))
            case Then.BUSY:
                pbx.later(plan.ring, lambda: line.reject(486))
            case Then.NO_ANSWER:
                pass

    def pick_up(line: Line) -> None:
        if not line.over:
            line.answer()
            for n, key in enumerate(plan.press):
                pbx.later(PRESSED + n * KEY_GAP, partial(line.press, key))
            if plan.does:
                tasks.add(task := asyncio.get_running_loop().create_task(use(pbx, line, plan.does)))
                task.add_done_callback(tasks.discard)
            else:
                pbx.later(LONGEST if plan.talk is None else plan.talk, line.hang_up)

    tasks: set[asyncio.Task[None]] = set()
    return called


async def use(pbx: SimulatedAsterisk, line: Line, acts: tuple[Act, ...]) -> None:
    """What somebody does with a phone that has been picked up."""
    over = asyncio.Event()
    line.on_over = over.set
    await _do(line, over, acts, pbx)


async def play(pbx: SimulatedAsterisk, scenario: Scenario) -> None:
    """Let all callers of the scenario call, and wait until every one of them is done."""
    async with asyncio.TaskGroup() as callers:
        for plan in scenario.callers:
            callers.create_task(call(pbx, plan), name=f"caller {plan.from_number}")
        for plan in scenario.calls:
            endpoint = endpoint_of(plan.from_number)
            callers.create_task(call(pbx, plan, endpoint), name=f"phone {plan.from_number}")


async def call(pbx: SimulatedAsterisk, plan: CallerPlan, endpoint: str = "trunk") -> None:
    """One caller, from dialling to the end of the call; `endpoint` is theirs."""
    await asyncio.sleep(plan.at)
    line = pbx.call(plan.from_number, plan.number, endpoint)
    up, over = asyncio.Event(), asyncio.Event()
    line.on_up = up.set
    line.on_over = _all(up.set, over.set)
    if not line.up:
        await up.wait()
    await _do(line, over, plan.does, pbx)


async def dial(pbx: SimulatedAsterisk, line: Line, to: str) -> Line:
    """A second call of the same phone, once it is answered or over."""
    second = pbx.call(line.channel.endpoint.rpartition("-")[2], to, line.channel.endpoint)
    up = asyncio.Event()
    second.on_up = second.on_over = up.set
    if not second.up:
        await up.wait()
    return second


async def _do(line: Line, over: asyncio.Event, acts: tuple[Act, ...], pbx: SimulatedAsterisk) -> None:
    second = line
    for act in acts:
        if line.over:
            break
        match act:
            case Wait(seconds):
                await _pause(over, seconds)
            case Talk(seconds):
                line.speak(True)
                await _pause(over, seconds)
                line.speak(False)
            case Say(words, confidence):
                for frame in filter(any, voiced(Said(words, confidence))):  # the rest of it is silence
                    line.sound(frame)
                await _pause(over, act.seconds)
            case Press(keys):
                for key in keys:
                    line.press(key)
                    await _pause(over, KEY_GAP)
            case Hold(on):
                line.hold(on)
            case Refer(to):
                line.refer(to)
            case Dial(to):
                second = await dial(pbx, line, to)
            case Join():
                line.refer(second.dialled, second)
            case Drop():
                second.hang_up()
            case HangUp():
                line.hang_up()
            case Stay():
                await _pause(over, LONGEST)
                line.hang_up()
    second.hang_up()  # nobody keeps the second call who has put the first one down


async def _pause(over: asyncio.Event, seconds: float) -> None:
    """Let time pass, but no longer than the call lasts."""
    try:
        async with asyncio.timeout(seconds):
            await over.wait()
    except TimeoutError:
        return


def _all(*acts: Callable[[], None]) -> Callable[[], None]:
    def do() -> None:
        for act in acts:
            act()

    return do


def _switched_off(_: Line) -> None:
    """A phone that answers nothing at all."""
