"""A base run, and a what-if beside it: days lived, counted, compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.core.tally import Terms
from engine.staffing.figures import Day, Means, day_of, differences, means
from engine.staffing.formulas import Formula, formulas
from engine.staffing.plan import Plan
from engine.staffing.run import lived


@dataclass(frozen=True, slots=True)
class Side:
    """One run: a plan, its days, their means, and what the formulas say of its queues."""

    plan: Plan
    days: Sequence[Day]
    means: Means
    formulas: Mapping[str, Mapping[str, Formula]]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A base run and, where one is asked, a what-if with the differences of each pair of days."""

    queues: tuple[str, ...]
    base: Side
    changed: Side | None
    difference: Means | None


def experiment(
    base: Plan,
    changed: Plan | None,
    days: int,
    seed: str,
    terms: Terms,
    lived_one: Callable[[], None] = lambda: None,
) -> Experiment:
    """Live so many days of each plan, with the same callers in both; `lived_one` is called behind each day."""
    plans = [base] if changed is None else [base, changed]
    queues = tuple(dict.fromkeys(q for plan in plans for s in plan.streams for q in s.queues))
    first = _side(base, queues, days, seed, terms, lived_one)
    if changed is None:
        return Experiment(queues, first, None, None)
    second = _side(changed, queues, days, seed, terms, lived_one)
    return Experiment(queues, first, second, differences(first.days, second.days, queues))


def _side(
    plan: Plan, queues: tuple[str, ...], days: int, seed: str, terms: Terms, lived_one: Callable[[], None]
) -> Side:
    found = []
    for number in range(1, days + 1):
        found.append(day_of(lived(plan, number, seed), plan.settings, plan.start, plan.end, terms))
        lived_one()
    said = {queue: formulas(plan, queue, terms.within) for queue in queues}
    return Side(plan, found, means(found, queues), said)
