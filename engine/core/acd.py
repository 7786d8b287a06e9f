"""The distributor: who waits where, who is offered to whom. Pure: `decide(state, fact, now) -> commands`.

The shell turns reports into facts, calls `decide`, writes the resulting events, and only then carries out the commands. `now` is seconds
since the epoch and never runs backwards. Decisions depend on nothing but the state, the fact and `now`; feeding the same facts again
gives the same state (law 2).

How a turn goes: the fact is taken in (a Tick is the fact that time has passed: whatever is due by `now` happens), and every freed agent is
matched with a caller, every caller with an agent, before the turn ends. So two callers of one tick never both get the single idle seat.

- An agent is reserved before the offer leaves. An offer ends in exactly one way: connected, failed, or cancelled; a report about an offer
  that has ended already is ignored. If no report comes, the offer is cancelled `OVERDUE` seconds after its ring time.
- A caller whose offer fails keeps place and enqueue time, and that agent is not offered to them again until `cool_down` has passed.
- `no_answer` pauses the agent (unless `rona: ready`): nobody seems to sit there. `busy` and `unreachable` pause them for `cool_down`
  only, so a phone that comes back needs nobody's help. Where somebody watches the phones (PhoneReachable), an agent whose phone is gone is
  paused (`unreachable`) from that moment until it is back. `rejected` leaves them ready: they are at their desk and said no to this caller.
- When `max_wait` passes while a phone rings for the caller, that offer may still be answered; only if it fails has the caller timed out.
- When a queue closes (Doors), callers in it stay while agents do, at most until it drains; then they move to the least busy open queue of
  their group with their place in time, whatever its capacity. Where none is open they are refused. A ringing phone may still be answered.
- A queue that rings everybody at once (`ring_all`) makes an offer to each agent who is ready, up to its `ring_all_max`; the first one who
  picks up (PickedUp) has the caller, and the others are free as if they had not been rung. Who becomes ready meanwhile rings along,
  unless somebody in line is theirs to take. A callback has one agent, here as anywhere.
- A callback is a place kept for somebody who has hung up. It stands in line like a caller, is counted in everybody's place, takes no
  room of `capacity`, and waits where nobody is signed in. The agent is reserved from before anybody's phone rings until both speak, so
  there are never more callbacks in the air than agents who are ready for them.
- An agent whose phone is in a call of their own is not rung; an offer that rings as it begins is withdrawn, and the caller goes to somebody
  else. Where that call ends nobody else has to report, they are ready again.
- An agent is at one phone, and nobody else is: who signs in at a phone logs out whoever was there before.
- An agent who is called into a conversation by name is reserved before their phone rings, too (asking.py).
- Skills: an agent takes a caller if they have every skill the caller needs.
"""

from __future__ import annotations

from engine.core.asking import Conversing, why_not
from engine.core.board import estimate, expected, overview, position
from engine.core.facts import (
    CALLBACK,
    CALLER,
    UNREACHABLE,
    AgentChanged,
    AgentSet,
    Arrived,
    Ask,
    AskAnswered,
    AskCalledOff,
    Asked,
    AskEnded,
    Cancel,
    Coded,
    Command,
    Connected,
    Doors,
    Fact,
    HandedOver,
    Joined,
    Left,
    Offer,
    OfferFailed,
    OwnCall,
    PhoneReachable,
    PickedUp,
    Queued,
    Refused,
    Released,
    TalkEnded,
    Tick,
    TimedOut,
    Widened,
)
from engine.core.floor import State, next_due
from engine.core.measures import Handled, Waited
from engine.core.rebuild import Consult, CoolDown, Rows, Talk, reload, restore, summary
from engine.core.turn import rest_until

__all__ = [
    "CALLBACK",
    "CALLER",
    "UNREACHABLE",
    "AgentChanged",
    "AgentSet",
    "Arrived",
    "Ask",
    "AskAnswered",
    "AskCalledOff",
    "AskEnded",
    "Asked",
    "Cancel",
    "Coded",
    "Command",
    "Connected",
    "Consult",
    "CoolDown",
    "Doors",
    "Fact",
    "HandedOver",
    "Handled",
    "Joined",
    "Left",
    "Offer",
    "OfferFailed",
    "OwnCall",
    "PhoneReachable",
    "PickedUp",
    "Queued",
    "Refused",
    "Released",
    "Rows",
    "State",
    "Talk",
    "TalkEnded",
    "Tick",
    "TimedOut",
    "Waited",
    "Widened",
    "decide",
    "estimate",
    "expected",
    "next_due",
    "overview",
    "position",
    "reload",
    "rest_until",
    "restore",
    "summary",
    "why_not",
]


def decide(state: State, fact: Fact, now: float) -> list[Command]:
    """Take in a fact and say what must be done, in this order.

    A fact about a contact, offer or agent that is not (or no longer) here changes nothing. What is due by `now` happens on a Tick.
    ValueError for an agent state nobody can ask for.
    """
    turn = Conversing(state, now)
    match fact:  # the frequent ones first
        case Tick():
            turn.run_due()
        case Arrived():
            turn.arrived(fact)
        case PickedUp():
            turn.picked_up(fact.offer)
        case Connected():
            turn.connected(fact.offer)
        case TalkEnded():
            turn.talk_ended(fact.contact, fact.seen)
        case OfferFailed():
            turn.offer_failed(fact.offer, fact.why)
        case Left():
            turn.left(fact.contact, fact.reason, fact.seen)
        case AgentSet():
            turn.agent_set(fact)
        case Coded():
            turn.coded(fact)
        case OwnCall():
            turn.own_call(fact)
        case Ask():
            turn.ask(fact)
        case AskAnswered():
            turn.ask_answered(fact.contact)
        case AskEnded():
            turn.ask_ended(fact.contact, fact.why)
        case HandedOver():
            turn.handed_over(fact.contact)
        case Joined():
            turn.joined(fact.contact, fact.other)
        case Released():
            turn.released(fact.contact)
        case PhoneReachable():
            turn.phone(fact)
        case Doors():
            turn.doors(fact)
    if state.deserted or state.left_alone:
        turn.send_on()
    return turn.commands
