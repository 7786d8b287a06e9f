"""A contact's events -> every choice that was made for it, in words a supervisor understands: which queue, which agent, which caller.

for choice in choices(events):
    print("\\n".join(choice.lines))     # who was chosen and why, every candidate with its figures, ties and what decided them
    print_json(choice.as_json())
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any

from engine.config.trace import length
from engine.core.event import Event
from engine.core.ranking import FIGURES, WORDS
from engine.core.strategies import STRATEGIES

Row = Mapping[str, Any]

_LEFT_OUT = {
    "closed": "closed",
    "unstaffed": "nobody is there who could take this caller",
    "full": "full",
    "without_preferred": "a preferred agent is in another one",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: `what` was chosen (queue, agent or caller), by which rule; scores, candidates and ties as they stood at that moment.

    `also`: the agents who were rung together with the one chosen.
    """

    at: float
    what: str
    chosen: str | None
    rule: str
    tied: tuple[str, ...]
    candidates: tuple[dict[str, Any], ...]
    lines: tuple[str, ...]
    also: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The choice as JSON values."""
        return {
            "at": self.at,
            "choice": self.what,
            "chosen": self.chosen,
            "also": list(self.also),
            "rule": self.rule,
            "tied": list(self.tied),
            "candidates": list(self.candidates),
            "lines": list(self.lines),
        }


def choices(events: Iterable[Event]) -> list[Choice]:
    """Every choice that was made for the contact of these events, in their order."""
    return [_made(together) for together in _together(events)]


def _together(events: Iterable[Event]) -> Iterator[list[Event]]:
    """The events that tell of a choice, each alone, save those of agents who were all rung at once."""
    group: list[Event] = []
    for event in (event for event in events if event.data.get("decision")):
        if group and not (_rings_all(event) and _rings_all(group[0]) and event.at == group[0].at):
            yield group
            group = []
        group.append(event)
    if group:
        yield group


def _rings_all(event: Event) -> bool:
    decision = event.data["decision"]
    rule = STRATEGIES.get(decision.get("strategy", ""))
    return event.kind == "offered" and rule is not None and rule.all_at_once


def _made(together: list[Event]) -> Choice:
    event, decision = together[0], together[0].data["decision"]
    if event.kind != "offered":
        return _queue(event, decision)
    if decision["of"] == "caller":
        return _caller(event, decision)
    return _agent(event, decision, tuple(one.data["agent"] for one in together))


# --- which queue ---------------------------------------------------------------------------------


def _queue(event: Event, decision: Row) -> Choice:
    rule, chosen, rows = decision["rule"], decision["chosen"], decision["candidates"]
    scored = [{**row, "score": None if row["excluded"] else _score(rule, row)} for row in rows]
    tied = _level(rule, chosen, scored)
    group = f" of group {event.data['group']}" if event.data.get("group") else ""
    to = f"Queue {chosen}{group}" if chosen else f"No queue ({event.data.get('why')})"
    lines = [f"{_clock(event.at)}  {to}: {WORDS[rule]}", *(_queue_line(rule, chosen, row) for row in scored)]
    if tied:
        lines.append(f"    level: {', '.join(tied)}; decided by {FIGURES[rule].tie}")
    if event.data.get("prefer"):
        lines.append(f"    {_waits_for(event)}")
    return Choice(event.at, "queue", chosen, rule, tied, tuple(scored), tuple(lines))


def _waits_for(event: Event) -> str:
    """For whom they wait first, and for how long from this moment on; `patience` counts from when they came to the queue."""
    data = event.data
    came = float(data.get("entered_at", data["enqueued_at"]))
    left = length(max(0.0, came + data["patience"] - event.at))
    return f"waits for {' or '.join(data['prefer'])} first, {left} at most, and for nobody else meanwhile"


def _score(rule: str, row: Row) -> float | None:
    figure = FIGURES.get(rule)
    score = inf if figure is None else figure.score(row)
    return None if score in (inf, -inf) else score


def _level(rule: str, chosen: str | None, rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """The candidates whom the score alone did not tell apart; none where it did."""
    figure = FIGURES.get(rule)
    best = next((row["score"] for row in rows if row["queue"] == chosen), None)
    if figure is None or best is None:
        return ()
    scores = [row["score"] for row in rows if row["score"] is not None]
    least = max(scores) if figure.largest else min(scores)
    level = [r["queue"] for r in rows if r["score"] is not None and abs(r["score"] - least) <= figure.level]
    return tuple(level) if len(level) > 1 else ()


def _queue_line(rule: str, chosen: str | None, row: Row) -> str:
    mark = "→" if row["queue"] == chosen else " "
    if row["excluded"]:
        return f"  {mark} {row['queue']}: left out, {_LEFT_OUT.get(row['excluded'], row['excluded'])}"
    figure = FIGURES.get(rule)
    told = [] if figure is None else [f"{figure.name} {_figure(row['score'], figure.unit)}"]
    wait = "unknown" if row["wait"] is None else length(row["wait"])
    adjust = f" {'+' if row['adjust'] > 0 else '−'} {length(abs(row['adjust']))}" if row["adjust"] else ""
    told += [
        f"{row['ready']} ready",
        f"{row['waiting']} waiting",
        f"staff {row['active']:.3g}",
        f"place {row['place']}",
        f"estimated wait {wait}{adjust}",
    ]
    return f"  {mark} {row['queue']}: {', '.join(told)}"


# --- which agent, which caller -------------------------------------------------------------------


def _agent(event: Event, decision: Row, rung: tuple[str, ...]) -> Choice:
    rows, at, chosen = decision["candidates"], decision["at"], decision["chosen"]
    strategy = STRATEGIES.get(decision["strategy"])
    about = "" if strategy is None else f": {strategy.about}"
    who = f"Agent{'s' if len(rung) > 1 else ''} {', '.join(rung)}"
    lines = [f"{_clock(event.at)}  {who} in queue {event.data['queue']}{about}"]
    if decision.get("only"):
        lines.append(f"    this caller waits for {' or '.join(decision['only'])}, and for nobody else yet")
    for row in rows:
        mark = "→" if row["agent"] in rung else " "
        score = "" if strategy is None else f"{strategy.figure} {_figure(row['score'], strategy.unit, at)}"
        others = [f"{name} {row[name]}" for name in (strategy.inputs if strategy else ()) if strategy]
        idle = f"idle for {length(max(0.0, at - row['idle_since']))}"
        told = [score, *(other for other in others if strategy and strategy.unit == "plain"), idle]
        lines.append(f"  {mark} {row['agent']}: {', '.join(dict.fromkeys(filter(None, told)))}")
    resting, more = decision["resting"], decision["ready"] - len(rows)
    if more > 0:
        lines.append(f"    and {more} more, who come after them")
    if resting:
        lines.append(f"    left out: {', '.join(resting)}, who did not take this caller a moment ago")
    best = rows[0]["score"]
    tied = tuple(row["agent"] for row in rows if row["score"] == best)
    tied = tied if len(tied) > 1 and not (strategy and strategy.all_at_once) else ()
    if tied:
        lines.append(f"    level: {', '.join(tied)}; decided by longest idle, then the order of site.yaml")
    return Choice(event.at, "agent", chosen, decision["strategy"], tied, tuple(rows), tuple(lines), rung[1:])


def _caller(event: Event, decision: Row) -> Choice:
    at, agent, rows = decision["at"], event.data["agent"], decision["candidates"]
    turn = f"and of {decision['waiting']} in their lines it was this caller's turn"
    if "joins" in decision:
        turn = f"and rings along: nobody was in line for them, and {decision['joins']} rang for this caller"
    lines = [f"{_clock(event.at)}  Agent {agent} in queue {event.data['queue']}: became free, {turn}"]
    for row in rows:
        own = row["contact"] == decision["chosen"]
        waited = length(max(0.0, at - row["enqueued_at"]))
        name = "this caller" if own else row["contact"]
        reached = f", {row['reached']:.3g} by now" if "reached" in row else ""
        lines.append(
            f"  {'→' if own else ' '} {name}: queue {row['queue']}, priority {row['priority']}{reached}, waiting for {waited}"
        )
    rule = "priority, then the time they came"
    return Choice(event.at, "caller", decision["chosen"], rule, (), tuple(rows), tuple(lines))


def _figure(score: float | None, unit: str, now: float = 0.0) -> str:
    match unit, score:
        case _, None:
            return "endless"
        case "since", float():
            return f"{length(max(0.0, now - score))} ago"
        case "seconds", float():
            return length(score) if score >= 0 else f"−{length(-score)}"
        case "share", float():
            return f"{score:.0%}"
        case _:
            return f"{score:.3g}"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S")
