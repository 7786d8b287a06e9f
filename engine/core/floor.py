"""The floor: queues, agents, callers and live offers, indexed so that no decision walks through them.

- Every queue has one *line* of the callers who wait and are not being offered; it answers places.
- Callers of a queue who need the same skills form a *lane*. A lane knows the agents who can serve it: how many are ready (a lazy
  heap by idle time gives the next one), how many are active, how many signed in.
- Every agent knows their lanes, so an agent who becomes free compares the heads of those few lines.
- A_q is a sum of whole numbers carried along whenever an agent's share or presence changes.

A flow's `queue` actions name the skill sets, so lanes are few (tens), however many callers and agents there are.

One thing always holds between two decisions: a caller stands in line only if no ready agent fits who is not cooling down
for them. So whoever arrives, or whoever becomes free, only has to look at the other side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from engine.core import ranking, reasons
from engine.core.agent import AgentState
from engine.core.line import NOBODY, Key, Line
from engine.core.measures import SHARE_WINDOW, micro
from engine.core.parties import Agent, Asking, Caller, Lane, Queue, Ringing
from engine.core.reasons import Reason, Scored
from engine.core.site import QueueRule, Settings
from engine.core.strategies import Call, Standing, ranked
from engine.core.timers import (
    DRAINED,
    LOOK_AGAIN,
    MAX_WAIT,
    OFFER_OVERDUE,
    REBALANCE,
    REBALANCE_EVERY,
    WIDENS,
    WRAP_UP_ENDS,
    Timer,
    Timers,
)

#: Those who work, or will when what they are in is over.
ACTIVE = frozenset(
    {
        AgentState.READY,
        AgentState.RESERVED,
        AgentState.TALKING,
        AgentState.WRAP_UP,
        AgentState.OWN_CALL,
    }
)
LOGGED_OUT, READY = AgentState.LOGGED_OUT, AgentState.READY


#: An offer, what was chosen among (the agents of a lane, or the callers of an agent), since when its agent had been idle, and scores.
Open = tuple[Ringing, "Lane | Agent", float, Scored]


#: Queue, agent, connected_at, wrapped_at of a contact that an agent is done with.
Finished = tuple[Queue, str, float, float]


class State:
    """Everything the distributor knows. All agents start logged out; change it through `acd.decide` only."""

    __slots__ = (
        "agents",
        "asks",
        "callers",
        "deserted",
        "finished",
        "left_alone",
        "offers",
        "open",
        "queues",
        "reasons",
        "recent",
        "scored",
        "serial",
        "settings",
        "talks",
        "timers",
    )

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.queues = {name: Queue(rule) for name, rule in settings.queues.items()}
        self.agents = {name: Agent(rule, i) for i, (name, rule) in enumerate(settings.agents.items())}
        self.callers: dict[str, Caller] = {}
        self.offers: dict[str, Ringing] = {}
        self.talks: dict[str, Agent] = {}
        self.asks: dict[str, Asking] = {}  # by contact
        self.timers = Timers()
        self.recent: deque[tuple[float, str, str, int]] = deque()  # wrapped_at, agent, queue, microseconds
        self.finished: list[Finished] = []  # not yet learned from
        self.deserted: dict[
            str, None
        ] = {}  # closed queues that somebody has left: their callers may have to move
        #: The offer made last in this turn while nobody has joined or left since.
        self.open: Open | None = None
        self.scored: Scored = ()  # all agents of the last choice, where a strategy has scored them
        self.reasons: dict[str, Reason] = {}  # of this turn's earlier offers
        self.left_alone: dict[Lane, None] = {}  # lanes whose preferred agents have all gone
        self.serial = 0
        self.rewire()

    # --- who belongs where ------------------------------------------------------------------

    def rewire(self) -> None:
        """Build every index anew from agents and callers: after a rebuild and after the site's files have changed."""
        for queue in self.queues.values():
            queue.agents, queue.lanes, queue.line, queue.ringing = [], {}, Line(), {}
            queue.weight = queue.held = queue.callbacks = 0
        for agent in self.agents.values():
            self._assign(agent)
        for caller in self.callers.values():
            was, queue = caller.lane, caller.lane.queue
            caller.key = queue.key(caller.priority, caller.enqueued_at, caller.contact)
            self.join(caller, self.lane(queue, was.skills, was.only))
            queue.hold(caller)
            if not caller.offers:
                self.stand(caller)
            elif queue.at_once > 1:
                queue.ringing[caller.contact] = caller
        for agent in self.agents.values():
            if agent.state is READY:
                self.stand_by(agent)

    def _assign(self, agent: Agent) -> None:
        # A queue that is being emptied keeps the agents it had: its callers must not be stranded.
        kept = [q for q in agent.queues if q.gone and self.queues.get(q.name) is q]
        named = [self.queues[n] for n in agent.rule.queues if n in self.queues]
        agent.queues = named + [q for q in kept if q not in named]
        for queue in agent.queues:
            queue.agents.append(agent)
        agent.ages = any(queue.rule.ageing for queue in agent.queues)
        agent.joins = any(queue.at_once > 1 for queue in agent.queues)
        agent.lanes, agent.weights = [], {}
        agent.active = agent.signed_in = agent.standing = False
        agent.stamp += 1
        self.refresh(agent)

    def queue(self, name: str) -> Queue:
        """The queue of that name; one the site no longer has is made anew with nobody in it, so its callers can time out."""
        if name not in self.queues:
            self.queues[name] = Queue(QueueRule(name), gone=True)
        return self.queues[name]

    def lane(self, queue: Queue, skills: frozenset[str], only: frozenset[str] = frozenset()) -> Lane:
        """The lane of a queue for a set of skills (and of callers for whom only some agents will do), made when it is first asked for."""
        name = (skills, only) if only else skills
        lane = queue.lanes.get(name)
        if lane is None:
            lane = queue.lanes[name] = Lane(queue, skills, only)
            for agent in queue.agents:
                if lane.takes(agent):
                    self._join(lane, agent)
        return lane

    def join(self, caller: Caller, lane: Lane) -> None:
        """Let a caller belong to this lane."""
        caller.lane = lane
        if lane.only:
            lane.callers += 1

    def quit(self, caller: Caller) -> None:
        """Let a caller, out of line already, belong to their lane no more; one of preferred agents is gone with its last caller."""
        lane = caller.lane
        if not lane.only:
            return
        lane.callers -= 1
        if not lane.callers:
            lane.queue.lanes.pop((lane.skills, lane.only), None)
            for agent in lane.queue.agents:
                if lane in agent.lanes:
                    agent.lanes.remove(lane)

    def preferred(self, queue: Queue, skills: frozenset[str], names: Iterable[str]) -> frozenset[str]:
        """Those of the preferred agents who could take such a caller in a queue, being there now."""
        known = [self.agents[name] for name in names if name in self.agents]
        return frozenset(a.name for a in known if a.active and queue in a.queues and skills <= a.rule.skills)

    def await_change(self, caller: Caller) -> None:
        """Set the timer of the next moment at which more agents will do for a caller."""
        due = [caller.entered_at + seconds for seconds, _ in caller.widen[:1]]
        due += [caller.patient_until] if caller.lane.only else []
        caller.widens_at = min(due, default=None)
        if caller.widens_at is not None:
            self.timers.set(caller.widens_at, WIDENS, caller.contact)

    def _join(self, lane: Lane, agent: Agent) -> None:
        agent.lanes.append(lane)
        lane.active += agent.active
        lane.signed_in += agent.signed_in
        if agent.standing:
            lane.ready += 1
            heappush(lane.heap, (*ranking.idle_key(agent.idle_since, agent.order), agent.stamp, agent))

    # --- agents -----------------------------------------------------------------------------

    def refresh(self, agent: Agent) -> None:
        """Bring an agent's presence into A and into their lanes; one who has asked to go counts as gone."""
        active = agent.state in ACTIVE and not agent.then
        if active and agent.active:
            return
        signed_in = LOGGED_OUT not in (agent.state, agent.then)
        if active != agent.active or signed_in != agent.signed_in:
            for lane in agent.lanes:
                lane.active += active - agent.active
                lane.signed_in += signed_in - agent.signed_in
                if lane.only and not lane.active:
                    self.left_alone[lane] = None
            agent.active, agent.signed_in = active, signed_in
            self.reweigh(agent)
            self.deserted |= {q.name: None for q in agent.queues if q.drains_at is not None}

    def reweigh(self, agent: Agent) -> None:
        """Carry an agent's shares into A of their queues."""
        if not agent.active:
            for queue in agent.queues:
                queue.weight -= agent.weights.pop(queue.name, 0)
            return
        weights = agent.shares.weights([queue.name for queue in agent.queues])
        for queue, weight in zip(agent.queues, weights, strict=True):
            queue.weight += weight - agent.weights.get(queue.name, 0)
            agent.weights[queue.name] = weight

    def dismiss(self, agent: Agent) -> None:
        """Drop a logged-out agent from the floor for good."""
        del self.agents[agent.name]
        for queue in agent.queues:
            queue.agents.remove(agent)

    def stand_by(self, agent: Agent) -> None:
        """Put a ready agent among those who can be offered a caller."""
        if self.open is not None:
            self.settle()
        agent.standing = True
        agent.stamp += 1
        entry = (*ranking.idle_key(agent.idle_since, agent.order), agent.stamp, agent)
        for lane in agent.lanes:
            lane.ready += 1
            heappush(lane.heap, entry)
            if len(lane.heap) > 2 * lane.ready + 64:
                lane.heap = [e for e in lane.heap if e[2] == e[3].stamp]
                heapify(lane.heap)

    def stand_down(self, agent: Agent) -> None:
        """Take an agent from those who can be offered a caller."""
        if self.open is not None:
            self.settle()
        agent.standing = False
        agent.stamp += 1
        for lane in agent.lanes:
            lane.ready -= 1

    def next_agent(self, lane: Lane, contact: str, now: float) -> Agent | None:
        """The fitting ready agent who is rung, by the queue's strategy, and is not cooling down for this contact."""
        if lane.queue.strategy.by_idle_time:
            return self.idlest(lane, contact, now)
        self.scored = found = self.ranked(lane, contact, now)
        return self.agents[found[0][1].agent] if found else None

    def ranked(self, lane: Lane, contact: str, now: float) -> list[tuple[float, Standing]]:
        """All fitting ready agents but those cooling down, with the scores of the queue's strategy, whoever is rung first."""
        queue = lane.queue
        last = self.agents.get(queue.last_rung or "")
        call = Call(contact, now, -1 if last is None else last.order, len(self.agents))
        ready = [e[3] for e in lane.heap if e[2] == e[3].stamp and e[3].cooling.get(contact, 0.0) <= now]
        busy = "occupied" in queue.strategy.inputs  # to work this out takes longest
        standing = [
            Standing(a.name, a.idle_since, a.order, a.presence.occupied(now) if busy else 0.0, a.rule.weight)
            for a in ready
        ]
        return ranked(queue.strategy, standing, call)

    def idlest(self, lane: Lane, contact: str, now: float) -> Agent | None:
        """The fitting ready agent who has been idle longest and is not cooling down for this contact."""
        lane.clear()
        if lane.heap and not lane.heap[0][3].cooling:
            return lane.heap[0][3]
        return self._next_not_cooling(lane, contact, now)

    def _next_not_cooling(self, lane: Lane, contact: str, now: float) -> Agent | None:
        aside = []
        while lane.heap and lane.heap[0][3].cooling.get(contact, 0.0) > now:
            aside.append(heappop(lane.heap))
            lane.clear()
        found = lane.heap[0][3] if lane.heap else None
        for entry in aside:
            heappush(lane.heap, entry)
        return found

    def best_caller(self, agent: Agent, now: float) -> Caller | None:
        """The contact whose turn is next among all lines this agent can serve; with nobody in line, one for whom they ring along."""
        if agent.ages:
            return self._best_aged(agent, now)
        best = NOBODY
        if agent.cooling:
            best = self._best_not_cooling(agent, now)
        else:
            for lane in agent.lanes:
                if lane.first < best:
                    best = lane.first
        if best is NOBODY:
            return self._ringing_for(agent, now) if agent.joins else None
        return self.callers[best[2]]

    def _ringing_for(self, agent: Agent, now: float) -> Caller | None:
        """For whom this agent's phone may ring along, where a queue of theirs rings everybody: the one whose turn comes first."""
        found = [
            caller
            for queue in agent.queues
            for caller in queue.ringing.values()
            if caller.wants_more(now)
            and caller.lane.takes(agent)
            and agent.cooling.get(caller.contact, 0.0) <= now
        ]
        return min(found, key=lambda caller: caller.rank(now), default=None)

    def _best_aged(self, agent: Agent, now: float) -> Caller | None:
        """By the priority reached by now: queues in which it grows at different rates are only comparable at a moment."""
        heads = []
        for lane in agent.lanes:
            for key in lane:
                if agent.cooling.get(key[2], 0.0) <= now:
                    heads.append(self.callers[key[2]])
                    break
        if not heads:
            return self._ringing_for(agent, now) if agent.joins else None
        return min(heads, key=lambda caller: caller.rank(now))

    def _best_not_cooling(self, agent: Agent, now: float) -> Key:
        best = NOBODY
        for lane in agent.lanes:
            for key in lane:
                if key > best:
                    break
                if agent.cooling.get(key[2], 0.0) <= now:
                    best = key
                    break
        return best

    # --- callers ----------------------------------------------------------------------------

    def stand(self, caller: Caller) -> None:
        """Put a caller in line; the deadline is watched only while nobody's phone rings for them."""
        if self.open is not None:
            self.settle()
        caller.lane.queue.line.add(caller.key)
        caller.lane.add(caller.key)
        self.timers.set(caller.deadline, MAX_WAIT, caller.contact)

    def step_out(self, caller: Caller) -> None:
        """Take a caller out of line, if they stand there: not while a phone rings for them."""
        if self.open is not None:
            self.settle()
        if caller.offers:
            return
        caller.lane.queue.line.remove(caller.key)
        caller.lane.remove(caller.key)

    def mind(self, caller: Caller, now: float) -> None:
        """Set when it is looked next whether another queue of the caller's group is quicker, where the group has it so."""
        group = self.settings.groups.get(caller.group or "")
        caller.look_at = None
        if group is not None and group.rebalance and not caller.moved:
            since = caller.enqueued_at
            looks = max(0, int((now - since) // REBALANCE_EVERY)) + 1
            caller.look_at = since + REBALANCE_EVERY * looks
            if caller.look_at <= now:  # a rounding of the division
                caller.look_at = since + REBALANCE_EVERY * (looks + 1)
            self.timers.set(caller.look_at, REBALANCE, caller.contact)

    def forget(self, caller: Caller) -> None:
        """Drop a caller who is out of line and not being offered."""
        lane = caller.lane
        del self.callers[caller.contact]
        if lane.only:
            self.quit(caller)
        lane.queue.release(caller)
        for name in caller.cooled:
            if name in self.agents:
                self.agents[name].cooling.pop(caller.contact, None)

    # --- reasons ----------------------------------------------------------------------------

    def settle(self) -> None:
        """Write down among whom the last offer was decided, before that changes."""
        if self.open is None:
            return
        ringing, among, idle_since, scored = self.open
        self.open = None
        agent, caller, now = ringing.agent, ringing.caller, ringing.offered_at
        self.reasons[ringing.id] = (
            reasons.of_callers(agent, caller, self.callers, now)
            if isinstance(among, Agent)
            else reasons.of_agents(among, caller, agent, idle_since, now, scored, self.agents)
        )

    def reason(self, offer: str) -> Reason:
        """Why an offer of this turn was made; to be asked before the next turn, which forgets it."""
        self.settle()
        return self.reasons[offer]

    # --- time -------------------------------------------------------------------------------

    def is_live(self, timer: Timer) -> bool:
        """Does this timer still mean anything?"""
        due, kind, name, contact = timer
        if kind == MAX_WAIT:
            caller = self.callers.get(name)
            return caller is not None and not caller.offers and caller.deadline == due
        if kind == WRAP_UP_ENDS:  # or a timed pause
            return name in self.agents and self.agents[name].until == due
        if kind == OFFER_OVERDUE:
            return name in self.offers
        if kind == WIDENS:
            return name in self.callers and self.callers[name].widens_at == due
        if kind == REBALANCE:
            return name in self.callers and self.callers[name].look_at == due
        if kind == DRAINED:
            return name in self.queues and self.queues[name].drains_at == due
        agent = self.agents.get(name)
        if agent is None:
            return False
        return agent.standing if kind == LOOK_AGAIN else agent.cooling.get(contact) == due

    # --- measures ---------------------------------------------------------------------------

    def learn(self, now: float) -> None:
        """Take finished contacts into H and the shares, and let the shares forget those older than their window.

        Whoever reads H or A calls this first. It is put off when an agent gets their next caller: that one has waited long enough.
        """
        if self.finished:
            for done in self.finished:
                self._learn(*done)
            self.finished.clear()
        while self.recent and self.recent[0][0] <= now - SHARE_WINDOW:
            _, name, queue, spent = self.recent.popleft()
            if name in self.agents:
                self.agents[name].shares.expire(queue, spent)
                self.reweigh(self.agents[name])

    def _learn(self, queue: Queue, name: str, connected_at: float, wrapped_at: float) -> None:
        spent = wrapped_at - connected_at
        queue.measures.handled(spent)
        self.recent.append((wrapped_at, name, queue.name, micro(spent)))
        if name in self.agents:
            self.agents[name].shares.add(queue.name, micro(spent))
            self.reweigh(self.agents[name])


def next_due(state: State) -> float | None:
    """When the next Tick is wanted: the end of a wrap-up, a timed pause, a cool-down, an overdue offer, a drain, a longest wait."""
    timer = state.timers.first(state.is_live)
    return None if timer is None else timer[0]
