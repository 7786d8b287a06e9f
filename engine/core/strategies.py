"""Which ready agent of a queue is rung: every strategy is data and one function, and all of them stand here.

A strategy gives each agent who fits a score; the smallest is rung, ties by longest idle and then the order of the site's file. Agents who
cool down for this contact are left out before. What the checker allows, the editor's schema, the tables of the docs and `explain` read
this registry: whoever adds a strategy adds a function here, and nothing anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import log
from typing import NamedTuple


class Standing(NamedTuple):
    """A ready agent who fits, at the moment of a choice."""

    agent: str
    idle_since: float  # since when they have waited for a contact, seconds since the epoch
    order: int  # place in the site's file, from 0
    occupied: float  # share of their time they were busy, as measures.Presence tells; 0 where no input of the strategy
    weight: int


class Call(NamedTuple):
    """For whom an agent is chosen, when, and what the queue remembers."""

    contact: str
    now: float  # seconds since the epoch
    last: int  # order of the agent this queue rang last; -1: nobody yet
    agents: int  # how many agents the site has


Score = Callable[[Standing, Call], float]


@dataclass(frozen=True, slots=True)
class Strategy:
    """How agents are scored; `inputs` are the fields of Standing it goes by.

    `figure` is what the score is, in words, and `unit` how it is told: since (a moment), share (a part of 1), or plain.
    `by_idle_time`: the order is the one in which the floor keeps ready agents anyway, and no score is worked out on the way of a call.
    `all_at_once`: not only the first one is rung, but everybody, in this order, up to the queue's `ring_all_max`.
    """

    name: str
    about: str
    figure: str
    inputs: tuple[str, ...]
    score: Score
    unit: str = "plain"
    by_idle_time: bool = False
    all_at_once: bool = False


STRATEGIES: dict[str, Strategy] = {}


def strategy(
    about: str,
    figure: str,
    inputs: tuple[str, ...] = (),
    unit: str = "plain",
    *,
    by_idle_time: bool = False,
    all_at_once: bool = False,
) -> Callable[[Score], Score]:
    """Register a function as the strategy of its name."""

    def register(score: Score) -> Score:
        name = score.__name__
        STRATEGIES[name] = Strategy(name, about, figure, inputs, score, unit, by_idle_time, all_at_once)
        return score

    return register


def ranked(rule: Strategy, standing: Sequence[Standing], call: Call) -> list[tuple[float, Standing]]:
    """Everybody with their score, whoever is rung first."""
    scored = [(rule.score(agent, call), agent) for agent in standing]
    return sorted(scored, key=lambda pair: (pair[0], pair[1].idle_since, pair[1].order))


@strategy("who has waited longest for a contact", "last contact", unit="since", by_idle_time=True)
def longest_idle(agent: Standing, call: Call) -> float:
    """Since when they have waited, seconds since the epoch."""
    return agent.idle_since


@strategy("who was busy for the smallest share of the last 60 minutes", "busy share", ("occupied",), "share")
def least_occupied(agent: Standing, call: Call) -> float:
    """Their busy share since they signed in, at most of the last 60 minutes."""
    return agent.occupied


@strategy("the next one behind whom the queue rang last", "places behind", ("order",))
def round_robin(agent: Standing, call: Call) -> float:
    """How many places of the site's file they stand behind the agent who was rung last; from its end it goes on at its beginning."""
    return (agent.order - call.last - 1) % call.agents


@strategy("who comes first in the order of site.yaml", "place in the file", ("order",))
def linear(agent: Standing, call: Call) -> float:
    """Their place in the site's file."""
    return agent.order


@strategy(
    "everybody who is ready at once, up to ring_all_max, and whoever picks up first has the caller",
    "last contact",
    unit="since",
    by_idle_time=True,
    all_at_once=True,
)
def ring_all(agent: Standing, call: Call) -> float:
    """Since when they have waited, seconds since the epoch: where there are too many, the longest idle are rung."""
    return agent.idle_since


@strategy("anybody, by lot: an agent of weight 2 twice as often as one of weight 1", "lot", ("weight",))
def weighted_random(agent: Standing, call: Call) -> float:
    """A waiting time drawn with the agent's weight as its rate: each wins as often as its share of the weights says.

    The chance in it is a digest of contact, agent and moment, so the same events give the same choice, and anybody can check the draw.
    """
    drawn = blake2b(f"{call.contact} {agent.agent} {call.now:.6f}".encode(), digest_size=8).digest()
    return -log((int.from_bytes(drawn) + 0.5) / 2.0**64) / agent.weight
