"""Who is on the floor: queues and their lanes, agents, callers, and the offers between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from heapq import heappop

from engine.core.agent import AgentState
from engine.core.facts import CALLBACK, Arrived
from engine.core.line import Key, Line, key_of
from engine.core.measures import SHARE_UNIT, Measures, Presence, Shares
from engine.core.site import AgentRule, QueueRule
from engine.core.strategies import STRATEGIES
from engine.core.timers import LONGEST_WHISPER, OVERDUE

LOGGED_OUT = AgentState.LOGGED_OUT


class Queue:
    """One queue: its rule, its line, its lanes and its measures.

    `gone`: removed from the site, kept until it is empty. `drains_at`: closed now, and until when those who wait may stay; None: open.
    """

    __slots__ = (
        "agents",
        "at_once",
        "callbacks",
        "drains_at",
        "gone",
        "held",
        "key",
        "lanes",
        "last_chosen",
        "last_rung",
        "line",
        "measures",
        "name",
        "overdue",
        "ringing",
        "rule",
        "strategy",
        "weight",
    )

    def __init__(self, rule: QueueRule, gone: bool = False) -> None:
        self.name = rule.name
        self.obey(rule)
        self.gone = gone
        self.drains_at: float | None = None
        self.agents: list[Agent] = []
        self.lanes: dict[tuple[frozenset[str], frozenset[str]] | frozenset[str], Lane] = {}
        self.line = Line()
        self.held = 0  # contacts waiting or being offered,
        self.callbacks = 0  # and how many of them are callbacks, which take nobody's line
        self.measures = Measures(rule.handle_time)
        self.weight = 0  # A in parts of 2⁴⁰
        self.last_chosen: float | None = None
        self.last_rung: str | None = None  # the agent whom this queue offered somebody last
        self.ringing: dict[str, Caller] = {}  # for whom phones ring, where several may; by contact

    def obey(self, rule: QueueRule) -> None:
        """Go by this rule from now on."""
        self.rule = rule
        self.strategy = STRATEGIES[rule.strategy]
        self.at_once = rule.ring_all_max if self.strategy.all_at_once else 1  # phones for one caller
        #: A contact's place in this queue's order, of priority, time of enqueueing and id.
        self.key: Callable[[int, float, str], Key] = partial(key_of, rule.ageing)
        #: Seconds beside the ringing after which an offer that nobody reports about is given up.
        self.overdue = OVERDUE + (LONGEST_WHISPER if rule.whisper else 0.0)

    def hold(self, caller: Caller) -> None:
        """Count somebody who belongs to this queue from now on."""
        self.held += 1
        self.callbacks += caller.kind == CALLBACK

    def release(self, caller: Caller) -> None:
        """Count them no longer."""
        self.held -= 1
        self.callbacks -= caller.kind == CALLBACK

    @property
    def open(self) -> bool:
        """Does it take anybody new? Not while it is closed, nor once the site names it no more."""
        return self.drains_at is None and not self.gone

    @property
    def active(self) -> float:
        """A: active agents, each weighted with the share of their time this queue gets."""
        return self.weight / SHARE_UNIT


class Lane(Line):
    """The line of a queue's callers who need the same skills, and the agents who have them.

    `only`: the agents these callers wait for, and nobody else; such a lane is there while it has `callers`.
    """

    __slots__ = ("active", "callers", "heap", "only", "queue", "ready", "signed_in", "skills")

    def __init__(self, queue: Queue, skills: frozenset[str], only: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.queue = queue
        self.skills = skills
        self.only = only
        self.callers = 0
        self.heap: list[tuple[float, int, int, Agent]] = []  # ready agents and stale entries
        self.ready = 0
        self.active = 0
        self.signed_in = 0

    def takes(self, agent: Agent) -> bool:
        """Can this agent of the queue take these callers?"""
        return self.skills <= agent.rule.skills and (not self.only or agent.name in self.only)

    def clear(self) -> None:
        """Drop stale entries from the head of the heap: agents who no longer stand by as they did then."""
        heap = self.heap
        while heap and heap[0][2] != heap[0][3].stamp:
            heappop(heap)

    @property
    def staffed(self) -> bool:
        """Is there anybody who could take these callers?"""
        return self.active > 0 or (self.queue.rule.count_paused and self.signed_in > 0)


class Agent:
    """One agent: state, the contact they are busy with, and their lanes."""

    __slots__ = (
        "active",
        "ages",
        "code",
        "connected_at",
        "contact",
        "cooling",
        "gone",
        "idle_since",
        "joins",
        "lanes",
        "name",
        "offer",
        "order",
        "own",
        "phone",
        "presence",
        "queue",
        "queues",
        "reason",
        "rule",
        "shares",
        "signed_in",
        "since",
        "stamp",
        "standing",
        "state",
        "then",
        "then_reason",
        "unreachable",
        "until",
        "weights",
    )

    def __init__(self, rule: AgentRule, order: int) -> None:
        self.name = rule.name
        self.rule = rule
        self.order = order  # place in the site's file, the last tie-break
        self.gone = False
        self.state = LOGGED_OUT
        self.reason = ""
        self.since = 0.0
        self.until: float | None = None  # when the state ends by itself
        self.idle_since = 0.0  # since when they have waited for a contact
        self.then = ""  # asked for while talking or in wrap-up: paused or logged_out
        self.then_reason = ""
        self.unreachable = False  # their phone is known to be gone
        self.contact: str | None = None  # reserved for, talking to, wrapping up
        self.offer: str | None = None
        self.queue: Queue | None = None  # of the conversation, wrap-up included
        self.connected_at = 0.0
        self.code = ""  # the wrap-up code of that conversation
        self.phone = ""  # where they are signed in; empty: at their own
        self.own = False  # it is in a call of their own
        self.cooling: dict[str, float] = {}  # contact -> until when it is not offered to this agent again
        self.shares = Shares()
        self.presence = Presence()
        self.queues: list[Queue] = []
        self.lanes: list[Lane] = []
        self.weights: dict[str, int] = {}  # what this agent adds to each queue's A now
        self.active = False
        self.signed_in = False
        self.ages = False  # serves a queue in which priority grows,
        self.joins = False  # or one that rings everybody at once
        self.standing = False  # among the ready agents of their lanes
        self.stamp = 0  # tells live heap entries from stale ones

    @property
    def seat(self) -> str:
        """The phone that rings for them; empty where there is none."""
        return self.phone or (self.name if self.rule.has_phone else "")

    @property
    def owes_code(self) -> bool:
        """Does their queue wait for the code of the conversation they had?"""
        return self.queue is not None and self.queue.rule.wrap_up_required and not self.code


class Caller:
    """One contact in a queue. One of the kind callback waits without a channel; its phone rings `dial` seconds at most in an offer."""

    __slots__ = (
        "contact",
        "cooled",
        "deadline",
        "dial",
        "enqueued_at",
        "entered_at",
        "group",
        "key",
        "kind",
        "lane",
        "look_at",
        "max_wait",
        "moved",
        "offers",
        "patience",
        "priority",
        "widen",
        "widens_at",
    )

    def __init__(self, fact: Arrived, since: float, lane: Lane) -> None:
        self.contact = fact.contact
        self.lane = lane
        self.priority = fact.priority
        self.enqueued_at = since
        self.key = lane.queue.key(fact.priority, since, fact.contact)
        self.max_wait = fact.max_wait
        self.entered_at = since if fact.entered_at is None else fact.entered_at
        self.deadline = self.entered_at + fact.max_wait
        self.widen = fact.widen  # what is still to come
        self.patience = fact.patience  # seconds, while the lane is of preferred agents
        self.widens_at: float | None = None  # when the next of both is due
        self.kind = fact.kind
        self.dial = fact.dial
        self.group = fact.group
        self.moved = fact.moved  # to another queue of their group while they waited
        self.look_at: float | None = None  # when it is looked whether another one is quicker
        self.offers: tuple[Ringing, ...] = ()  # the phones that ring for them; one, save with ring_all
        self.cooled: list[str] = []  # agents who failed an offer of this contact

    @property
    def patient_until(self) -> float:
        """Until when preferred agents are waited for, where there are some."""
        return self.entered_at + self.patience

    def wants_more(self, now: float) -> bool:
        """May one more phone ring beside those that do? Not for a callback, nor when somebody has picked up or their time is up."""
        offers = self.offers
        if len(offers) >= self.lane.queue.at_once or self.kind == CALLBACK or now >= self.deadline:
            return False
        return not any(ringing.picked_up for ringing in offers)

    def rank(self, now: float) -> tuple[float, float, str]:
        """What callers of different queues are compared by, the next one first: the priority reached by now, then the time they came."""
        ageing = self.lane.queue.rule.ageing
        reached = self.priority + (now - self.enqueued_at) / ageing if ageing else self.priority
        return (-reached, self.enqueued_at, self.contact)


class Ringing:
    """One live offer; `picked_up`: its agent has, and nobody else rings for this caller any more."""

    __slots__ = ("agent", "caller", "id", "offered_at", "picked_up", "ring")

    def __init__(self, offer: str, agent: Agent, caller: Caller, ring: float, offered_at: float) -> None:
        self.id = offer
        self.agent = agent
        self.caller = caller
        self.ring = ring
        self.offered_at = offered_at
        self.picked_up = False


class Asking:
    """An agent who is called into a conversation: their phone rings, or (`answered`) they are consulted; `at` is when that began."""

    __slots__ = ("agent", "answered", "at", "contact", "id", "queue", "ring")

    def __init__(self, ask: str, agent: Agent, contact: str, queue: Queue, ring: float, at: float) -> None:
        self.id = ask
        self.agent = agent
        self.contact = contact
        self.queue = queue
        self.ring = ring
        self.at = at
        self.answered = False
