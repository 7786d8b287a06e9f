"""Callers for whom something else will do: another queue, because theirs has closed or is slower, or more agents than before."""

from __future__ import annotations

from typing import Any

from engine.core.choosing import candidate
from engine.core.facts import (
    CALLBACK,
    Arrived,
    Doors,
    Queued,
    Refused,
    TimedOut,
    Widened,
)
from engine.core.matching import ANYBODY, Matching
from engine.core.parties import Caller, Queue
from engine.core.ranking import LEAST_BUSY, Candidate, Choice, for_callback, pick, shorter
from engine.core.timers import (
    DRAINED,
)


class Moving(Matching):
    """A turn in which callers may be taken to another queue, or wait for more agents."""

    __slots__ = ()

    # --- closing time ---

    def doors(self, fact: Doors) -> None:
        """Know which queues are closed; who waits in one that has just closed may stay until it drains."""
        for queue in self.state.queues.values():
            drains_at = fact.closed.get(queue.name)
            if drains_at == queue.drains_at:
                continue
            queue.drains_at = drains_at
            if drains_at is not None:
                self.state.deserted[queue.name] = None  # where nobody is left, nobody is waited for
                if drains_at > self.now:
                    self.state.timers.set(drains_at, DRAINED, queue.name)

    def send_on(self) -> None:
        """Let callers go on whose queue is closed and who have nobody to wait for there any more: the end of every turn."""
        self._let_anybody()
        while self.state.deserted:
            names, self.state.deserted = self.state.deserted, {}
            for queue in [self.state.queues[name] for name in names if name in self.state.queues]:
                self._send_on(queue)

    def _send_on(self, queue: Queue) -> None:
        for key in list(queue.line) if queue.drains_at is not None else ():
            caller = self.state.callers[key[2]]
            if self._is_over(caller):
                self.state.step_out(caller)
                self._move(caller)

    def _is_over(self, caller: Caller) -> bool:
        """Has the caller's queue closed for them, too?"""
        lane, queue = caller.lane, caller.lane.queue
        if queue.drains_at is None:
            return False
        anybody = self.state.lane(queue, lane.skills) if lane.only else lane
        return self.now >= queue.drains_at or not anybody.staffed

    # --- another queue ---

    def _move(self, caller: Caller) -> None:
        """To an open queue of their group, with their place in time; out of line already."""
        old = caller.lane.queue
        choice = self._elsewhere(caller)
        if choice.candidate is None:
            self._drop(caller)
            self.commands.append(Refused(caller.contact, choice.refusal, choice.decision, old.name))
            return
        self._go_over(caller, choice.candidate, choice.decision)

    def _go_over(self, caller: Caller, chosen: Candidate, decision: dict[str, Any]) -> None:
        """Into the queue chosen, with the time they came; out of line already."""
        old, new = caller.lane.queue, self.state.queues[chosen.queue]
        old.release(caller)
        new.hold(caller)
        new.last_chosen = self.now
        was = caller.lane
        self.state.quit(caller)
        caller.key = new.key(caller.priority, caller.enqueued_at, caller.contact)
        self.state.join(
            caller, self.state.lane(new, was.skills, self.state.preferred(new, was.skills, was.only))
        )
        if was.only:
            self.state.await_change(caller)
        self.commands.append(
            Queued(
                caller.contact, new.name, caller.enqueued_at, chosen.place, chosen.wait, decision, old.name
            )
        )
        self._place(caller)

    def _elsewhere(self, caller: Caller) -> Choice:
        state, now = self.state, self.now
        state.learn(now)
        found, rule = self._in_group(caller), self._rule_of(caller.group)
        if caller.kind == CALLBACK:
            return for_callback(found, now, rule)
        return pick(found, now, rule, moving=True)

    def _in_group(self, caller: Caller) -> list[Candidate]:
        """The queues of the caller's group as they would find them now; their own one where it is in none."""
        state, queue = self.state, caller.lane.queue.name
        group = state.settings.groups.get(caller.group or "")
        names = group.queues if group else (queue,)
        fact = Arrived(caller.contact, names, skills=caller.lane.skills, priority=caller.priority)
        return [candidate(state, name, fact, caller.enqueued_at, self.now) for name in names]

    def _rule_of(self, group: str | None) -> str:
        known = self.state.settings.groups.get(group) if group is not None else None
        return LEAST_BUSY if known is None else known.choose

    def _rebalance(self, caller: Caller) -> None:
        """To a queue of their group in which they are served much sooner, if there is one."""
        state = self.state
        if not caller.offers:
            state.learn(self.now)
            found = self._in_group(caller)
            here = caller.lane.queue.name
            choice = shorter(found, self.now, here) if any(c.queue == here for c in found) else None
            if choice is not None and choice.candidate is not None:
                caller.moved = True
                state.step_out(caller)
                self._go_over(caller, choice.candidate, choice.decision)
        state.mind(caller, self.now)

    # --- more agents ---

    def _widen(self, caller: Caller, anybody: bool = False) -> None:
        """More agents will do from now on: fewer skills, or not only the preferred ones. In line or being offered alike."""
        skills, only = caller.lane.skills, caller.lane.only
        while caller.widen and caller.entered_at + caller.widen[0][0] <= self.now:
            skills, caller.widen = caller.widen[0][1], caller.widen[1:]
        only = self.state.preferred(caller.lane.queue, skills, only)
        if anybody or caller.patient_until <= self.now:
            only = ANYBODY
        self.state.step_out(caller)
        self._belong(caller, skills, only)
        if caller.offers:
            self._ring_more(caller)
        else:
            self._place(caller)

    def _belong(self, caller: Caller, skills: frozenset[str], only: frozenset[str]) -> None:
        state, queue = self.state, caller.lane.queue
        state.quit(caller)
        state.join(caller, state.lane(queue, skills, only))
        state.await_change(caller)
        if queue.drains_at is not None:  # nobody may be there who could take them now
            state.deserted[queue.name] = None
        self.commands.append(Widened(caller.contact, tuple(sorted(skills)), tuple(sorted(only))))

    def _let_anybody(self) -> None:
        """Nobody waits for preferred agents who have all gone."""
        while self.state.left_alone:
            lanes, self.state.left_alone = self.state.left_alone, {}
            for lane in lanes:
                for key in list(lane) if not lane.active else ():
                    self._widen(self.state.callers[key[2]], anybody=True)

    # --- the next agent ---

    def _to_another(self, caller: Caller) -> None:
        if caller.lane.only and not caller.lane.active:
            self._belong(caller, caller.lane.skills, ANYBODY)
        if caller.offers:
            self._ring_more(caller)
        elif self.now >= caller.deadline:
            self._time_out(caller)
        elif self._is_over(caller):
            self._move(caller)
        else:
            self._place(caller)

    def _time_out(self, caller: Caller) -> None:
        self._drop(caller)
        self.commands.append(TimedOut(caller.contact))
