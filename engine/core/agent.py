"""Agent states as one transition table.

An agent is in exactly one state; what happens to them (a cause) leads to the next one, and whatever is not in the table does
not happen. Causes come from three sides: the agent asks (ready, pause, log out), the distributor acts (an offer is sent,
withdrawn, given up), and the call reports (connected, ended).

Nobody is torn out of a conversation: a pause or log-out asked for while talking is remembered, shown at once, and honoured when
wrap-up is over; the last word counts, so who signs in again before that is not logged out (a pause stands then). In wrap-up a pause
waits for its end too, but logging out ends it (they are leaving), and so does asking for ready.
While a phone rings, a pause or log-out withdraws the offer; the caller goes to somebody else.

Whoever would become ready without a phone that can be reached is paused instead, until it is back.
Whoever comes to ready while their phone is in a call that is none of ours goes on to a call of their own at once, and comes back when
it is over. Where the queue wants a wrap-up code, wrap-up goes on until it is given, for a while; then they are paused: nobody seems to
be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class AgentState(StrEnum):
    """What an agent is doing."""

    LOGGED_OUT = "logged_out"
    READY = "ready"
    PAUSED = "paused"
    RESERVED = "reserved"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    OWN_CALL = "own_call"

    # Looked up in every decision: str's own hash takes a fifth of Enum's, which is written in Python.
    __hash__ = str.__hash__


class Cause(StrEnum):
    """What leads from one state to another; the values are the words on the diagram's arrows."""

    LOGS_IN = "logs in"
    ASKS_READY = "asks for ready"
    ASKS_PAUSE = "asks for a pause"
    ASKS_LOGOUT = "logs out"
    OFFERED = "an offer is sent"
    WITHDRAWN = "the offer is withdrawn"
    DECLINED = "the offer is declined, or unanswered where rona is ready"
    UNANSWERED = "the offer is unanswered, or the phone is busy or unreachable"
    CONNECTED = "both legs are bridged"
    TALK_ENDED = "the conversation ends"
    CALLED_BACK = "the caller they sent on comes back"
    WRAPPED = "wrap-up is over"
    WRAPPED_PAUSE = "wrap-up is over and a pause was asked for"
    WRAPPED_LOGOUT = "wrap-up is over and a log-out was asked for"
    CODE_OWED = "wrap-up is over and its code is missing"
    CODE_LATE = "the missing code does not come"
    RESTED = "a timed pause is over"
    PHONE_GONE = "the phone is gone"
    PHONE_BACK = "the phone is back, and only that was missing"
    OWN_CALL = "their phone is in a call of their own"
    OWN_CALL_ENDED = "their own call is over"

    __hash__ = str.__hash__


_S = AgentState
_C = Cause

TABLE: Mapping[AgentState, Mapping[Cause, AgentState]] = {
    _S.LOGGED_OUT: {_C.LOGS_IN: _S.READY, _C.ASKS_READY: _S.READY, _C.ASKS_PAUSE: _S.PAUSED},
    _S.READY: {
        _C.OFFERED: _S.RESERVED,
        _C.PHONE_GONE: _S.PAUSED,
        _C.ASKS_PAUSE: _S.PAUSED,
        _C.ASKS_LOGOUT: _S.LOGGED_OUT,
        _C.OWN_CALL: _S.OWN_CALL,
    },
    _S.PAUSED: {
        _C.ASKS_READY: _S.READY,
        _C.RESTED: _S.READY,
        _C.PHONE_BACK: _S.READY,
        _C.ASKS_PAUSE: _S.PAUSED,
        _C.ASKS_LOGOUT: _S.LOGGED_OUT,
    },
    _S.RESERVED: {
        _C.CONNECTED: _S.TALKING,
        _C.WITHDRAWN: _S.READY,
        _C.DECLINED: _S.READY,
        _C.UNANSWERED: _S.PAUSED,
        _C.PHONE_GONE: _S.PAUSED,
        _C.ASKS_PAUSE: _S.PAUSED,
        _C.ASKS_LOGOUT: _S.LOGGED_OUT,
        _C.OWN_CALL: _S.OWN_CALL,
    },
    _S.TALKING: {
        _C.TALK_ENDED: _S.WRAP_UP,
        _C.LOGS_IN: _S.TALKING,
        _C.ASKS_READY: _S.TALKING,
        _C.ASKS_PAUSE: _S.TALKING,
        _C.ASKS_LOGOUT: _S.TALKING,
    },
    _S.WRAP_UP: {
        _C.CALLED_BACK: _S.RESERVED,
        _C.WRAPPED: _S.READY,
        _C.WRAPPED_PAUSE: _S.PAUSED,
        _C.WRAPPED_LOGOUT: _S.LOGGED_OUT,
        _C.CODE_OWED: _S.WRAP_UP,
        _C.CODE_LATE: _S.PAUSED,
        _C.LOGS_IN: _S.WRAP_UP,
        _C.ASKS_READY: _S.READY,
        _C.ASKS_PAUSE: _S.WRAP_UP,
        _C.ASKS_LOGOUT: _S.LOGGED_OUT,
    },
    _S.OWN_CALL: {
        _C.OWN_CALL_ENDED: _S.READY,
        _C.ASKS_PAUSE: _S.PAUSED,
        _C.ASKS_LOGOUT: _S.LOGGED_OUT,
    },
}

#: Asks to be signed in, in whatever state one is: who is logged out becomes ready, who was to be logged out later stays.
LOGGED_IN = "logged_in"

#: What an agent can ask for, and the cause each request is.
REQUESTS: Mapping[str, Cause] = {
    LOGGED_IN: _C.LOGS_IN,
    _S.READY: _C.ASKS_READY,
    _S.PAUSED: _C.ASKS_PAUSE,
    _S.LOGGED_OUT: _C.ASKS_LOGOUT,
}

#: Why an agent is still in wrap-up whose queue waits for a code, and why they are paused when none came.
CODE_MISSING, NO_CODE = "code_missing", "no_code"
#: Why agents are logged out whose phone somebody else has taken, or whom the site has no such phone for any more.
PHONE_TAKEN, PHONE_GONE = "phone_taken", "phone_gone"

#: Reasons that nobody gives: those for which agents are paused or logged out without having asked.
OWN_REASONS = frozenset(
    {
        "no_answer",
        "busy",
        "unreachable",
        "rejected",
        "restored",
        CODE_MISSING,
        NO_CODE,
        PHONE_TAKEN,
        PHONE_GONE,
    }
)

#: What the end of wrap-up means, by what was asked for meanwhile.
AFTER_WRAP_UP: Mapping[str, Cause] = {
    "": _C.WRAPPED,
    _S.PAUSED: _C.WRAPPED_PAUSE,
    _S.LOGGED_OUT: _C.WRAPPED_LOGOUT,
}


def step(state: AgentState, cause: Cause) -> AgentState | None:
    """The next state, or None where the cause changes nothing in this state."""
    return TABLE[state].get(cause)


def diagram() -> str:
    """The table as a Mermaid state diagram; a request that is only remembered is an arrow back to its own state."""
    lines = ["stateDiagram-v2", "    [*] --> logged_out"]
    for state, arrows in TABLE.items():
        lines += [f"    {state} --> {to} : {_label(state, to, cause)}" for cause, to in arrows.items()]
    return "\n".join(lines)


def _label(state: AgentState, to: AgentState, cause: Cause) -> str:
    remembered = state == to and cause in REQUESTS.values() and state in (_S.TALKING, _S.WRAP_UP)
    return f"{cause} (remembered)" if remembered else str(cause)
