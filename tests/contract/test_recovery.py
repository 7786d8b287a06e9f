"""Every scenario, with the link to Asterisk lost or the engine killed at many moments of it: nobody notices more than they must.

The moments are every half second, and just before and after each thing the undisturbed engine wrote down: there the most is on its way.
A few of them are tried for each scenario, by a seed of its own; QUIETLINE_MOMENTS=all tries all (minutes), QUIETLINE_MOMENTS=100 a hundred.

What must hold, whenever it happens:

- Every caller who met an engine has exactly one contact, and it is closed; none is closed as a fault of ours.
- A caller who stays is never hung up on: their call ends where the flow ends it. One who presses nothing ends as scripted, or, since a
  phone may have to ring again, at most in the voicemail. A key pressed or a word said while nobody listens is lost, an agent's key, too.
- A caller who waits keeps place and time of entry, and a conversation lasts as long as agent and caller want.
- Every agent is where they would be without it, or ready.
- Nothing is left over in Asterisk, no offer rings, nobody waits, and the distributor's books are in order.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from disturbed import Aftermath, Kind, Trouble, play_disturbed

from engine.config import Loaded
from engine.core.event import Event
from engine.sim.scenario import AgentPlan, CallerPlan, Press, Say, Scenario, Stay, load_scenarios

SCENARIOS = load_scenarios(Path(__file__).parents[1] / "scenarios")
MOMENTS = os.environ.get("QUIETLINE_MOMENTS", "5")
#: Seconds the engine or the link is away; the longest is longer than most of what happens meanwhile.
GAPS = (0.0, 1.0, 4.0)
#: Seconds around an event at which something it caused is on its way: written, asked, answered.
AROUND = (-0.0005, 0.0005, 0.0015, 0.0025)
#: How a caller who stays may end who ends as the key without any trouble. Somebody outside who picks up while the engine is away has
#: hung up again when it is back; they are not rung twice.
ALSO = {"answered": {"timed_out"}, "voicemail": {"completed"}, "transferred": {"completed"}}
PRESSED = {"answered", "transferred", "voicemail", "completed", "refused", "timed_out"}


def troubles(calm: Aftermath, seed: str) -> list[Trouble]:
    """The moments to try."""
    events = [event for story in calm.told.events.values() for event in story]
    began = min((event.at for event in events), default=0.0)
    ends = max((event.at - began for event in events), default=0.0)
    times = {round(event.at - began + around, 5) for event in events for around in AROUND}
    times |= {half / 2 for half in range(int(ends * 2) + 1)}
    every = [
        Trouble(kind, at, gap)
        for kind in (Kind.CUT, Kind.KILL)
        for at in sorted(times)
        if at >= 0
        for gap in GAPS
    ]
    if MOMENTS == "all":
        return every
    return random.Random(seed).sample(every, min(int(MOMENTS), len(every)))


def wrong_ends(scenario: Scenario, calm: Aftermath, after: Aftermath) -> list[str]:
    """What a caller or an agent would complain about."""
    wrong = []
    for caller in scenario.callers:
        number = caller.known_as
        if caller.from_number in after.met_no_engine:
            continue
        if number not in after.told.records:
            wrong.append(f"{number}: no contact")
            continue
        wrong += [f"{number}: {line}" for line in complaints(scenario, caller, calm, after)]
    if not after.met_no_engine:
        wrong += [
            f"agent {name} is {state}, not {calm.agents[name]} or ready"
            for name, state in after.agents.items()
            if name in scenario.ready and state not in (calm.agents[name], "ready")
        ]
    return wrong


def complaints(scenario: Scenario, caller: CallerPlan, calm: Aftermath, after: Aftermath) -> list[str]:
    """What is wrong with one caller's contact."""
    number = caller.known_as
    record, events = after.told.records[number], after.told.events[number]
    (cause,) = {event.data["cause"] for event in events if event.kind == "ended"}
    scripted = calm.told.records[number]["outcome"]
    wrong = [f"{fault}" for fault in (*cut_talks(scenario, caller, events), *doubled(events))]
    if record["outcome"] == "failed" and scripted != "failed":
        wrong.append("failed")
    if isinstance(caller.does[-1], Stay) and not after.met_no_engine:
        pressed = any(
            isinstance(act, Press | Say) for one in (caller, *signing_in(scenario)) for act in one.does
        )
        allowed = {scripted} | (PRESSED if pressed else ALSO.get(scripted, set()))
        if cause not in ("flow", "unknown_number"):
            wrong.append(f"never hangs up, but ended by {cause}")
        if record["outcome"] not in allowed:
            wrong.append(f"{record['outcome']}, not {' or '.join(sorted(allowed))}")
    return wrong


def signing_in(scenario: Scenario) -> list[CallerPlan]:
    """Agents who ring in: a key of theirs that is lost lets callers go another way, too."""
    return [one for one in scenario.callers if "signed_in" in one.expect]


def cut_talks(scenario: Scenario, caller: CallerPlan, events: list[Event]) -> list[str]:
    """Conversations that ended before the agent had talked as long as they want, though the caller stayed."""
    by_phone = any(plan.does for plan in scenario.agents.values())
    if not isinstance(caller.does[-1], Stay) or scenario.orders or by_phone:
        return []  # who has been sent on talks no longer, and not as long as they would
    rings = {event.data["offer"]: event.at for event in events if event.kind == "offered"}
    rings |= {event.data["to"]: event.at for event in events if event.kind == "transferring"}
    outside = {name.partition("@")[0]: plan for name, plan in scenario.outside.items()}
    offer, wrong = "", []
    for event in events:
        if event.kind == "connected":
            offer = event.data["offer"]
        elif event.kind == "talk_ended" or ("by" in event.data and event.kind == "transfer_ended"):
            offer = event.data.get("to", offer)
            plan = outside[offer] if offer in outside else phone_of(scenario, str(event.agent))
            least = rings[offer] + plan.ring + (plan.talk or 0.0)
            if event.at < least - 0.01:
                wrong.append(f"talk ended {least - event.at:.1f} s too early")
    return wrong


def phone_of(scenario: Scenario, agent: str) -> AgentPlan:
    """What the phone of an agent does: their own, or the only one there is, where they sit at another desk."""
    if agent in scenario.agents:
        return scenario.agents[agent]
    (plan,) = scenario.agents.values()
    return plan


def doubled(events: list[Event]) -> list[str]:
    """Things that happened twice although they happen once."""
    wrong = [
        f"{events_of} {kind} events"
        for kind, most in (("arrived", 1), ("answered", 1), ("ended", 1))
        if (events_of := sum(event.kind == kind for event in events)) > most
    ]
    inside = False
    for event in events:
        if event.kind == "queued":
            if inside and event.data.get("moved_from") is None:
                wrong.append("entered a queue twice")
            inside = True
        elif event.kind == "left_queue":
            inside = False
    messages = [event.data for event in events if event.kind == "message"]
    left = {message["file"] for message in messages} - {message.get("replaces") for message in messages}
    if len(left) > 1:
        wrong.append(f"left {len(left)} messages")
    numbers = {event.data["number"] for event in events if event.kind == "request"}
    if len(numbers) > 1:
        wrong.append(f"has {len(numbers)} requests")
    return wrong


@pytest.mark.timeout(3600 if MOMENTS == "all" else 120)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_trouble_costs_nobody_their_call(scenario: Scenario, site: Loaded, tmp_path: Path) -> None:
    calm = play_disturbed(site, scenario, tmp_path / "calm")
    assert calm.wrong == []
    assert wrong_ends(scenario, calm, calm) == []
    wrong = {}
    for number, trouble in enumerate(troubles(calm, scenario.name)):
        after = play_disturbed(site, scenario, tmp_path / str(number), trouble)
        if found := after.wrong + wrong_ends(scenario, calm, after):
            wrong[str(trouble)] = found
    assert wrong == {}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_nor_does_trouble_after_trouble_with_late_messages(
    scenario: Scenario, site: Loaded, tmp_path: Path
) -> None:
    calm, chance = play_disturbed(site, scenario, tmp_path / "calm"), random.Random(scenario.name)
    twice = sorted(chance.sample(troubles(calm, scenario.name), 2), key=lambda one: one.at)
    after = play_disturbed(site, scenario, tmp_path / "twice", *twice, chance=chance)
    found = after.wrong + wrong_ends(scenario, calm, after)
    assert found == [], [str(one) for one in twice]
