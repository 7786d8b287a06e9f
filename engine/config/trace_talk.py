"""What the events of a conversation say to a person who reads a trace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from engine.core.contact import Contact
from engine.core.conversation import AGENT, EXTENSION, JOINED, QUEUE
from engine.core.event import Event
from engine.core.quality import CALLER

_FOR = {
    "consult": "is rung to be consulted",
    "blind": "is rung for the caller",
    "back": "is rung again for the caller, who comes back",
    "retrieve": "is rung for the caller, who is parked",
}
#: What became of somebody who was called in.
CALLED_IN_ENDS = {
    "no_answer": "does not answer",
    "rejected": "rejects the call",
    "busy": "is busy",
    "unreachable": "cannot be reached",
    "not_allowed": "is not rung: outbound of site.yaml does not allow it",
    "cancelled": "is let go again",
    "caller": "is let go: the caller has hung up",
    "lost": "is let go: the caller was gone when engine and Asterisk were together again",
    "stopped": "is let go: Quietline is taken down",
    "failed": "is let go: the call failed",
    "paused": "stops ringing: the agent paused",
    "logged_out": "stops ringing: the agent logged out",
    "own_call": "stops ringing: their phone is in a call of their own",
    "agent": "is let go: the agent ended the conversation",
}
_RELEASED = {
    "blind": "is free; the caller hears music",
    "parked": "is free; the caller is parked",
    "agent": "has hung up; the caller hears music",
}


def talk_told(before: Contact, event: Event) -> list[str] | None:
    """The lines; None for an event of another kind."""
    data, with_ = event.data, before.talk.to if before.talk is not None else "somebody"
    match event.kind:
        case "held":
            return [f"⏸ on hold{_by(data)}"]
        case "phone_held":
            return [f"☎ {data['to']}'s phone holds already"]
        case "phone_resumed":
            return [f"☎ {data['to']}'s phone holds no more"]
        case "resumed":
            return [f"▶ back from hold{_by(data)}"]
        case "calling":
            return [f"☎ {_who(data)} {_FOR.get(data['how'], data['how'])}"]
        case "calling_answered":
            return [f"⇄ {with_} speaks with {data['to']}; the caller hears music"]
        case "calling_ended":
            answered = (
                before.talk is not None and before.talk.asked is not None and before.talk.asked.answered
            )
            ends = (
                "has hung up"
                if answered and data["why"] == "target"
                else CALLED_IN_ENDS.get(data["why"], data["why"])
            )
            return [f"☎ {data['to']} {ends}"]
        case "conferenced":
            return [f"⇄ all three speak with each other{_by(data)}"]
        case "released":
            return [f"⇄ {with_} {_RELEASED.get(data['why'], data['why'])}"]
        case "parked":
            at = f" at {data['slot']}" if data.get("slot") else ""
            return [
                f"⏸ parked{at} until {datetime.fromtimestamp(data['until'], UTC):%H:%M:%S} UTC{_by(data)}"
            ]
        case "transferred" if data["kind"] == QUEUE:
            return (
                [f"⇄ {data['from']} sends the caller into queue {data['to']}{_instead(data)}"]
                if data["how"] != "back"
                else [f"⇄ nobody has come: back into queue {data['to']}, in front of all others"]
            )
        case "transferred" if data["kind"] == EXTENSION:
            return [f"⇄ {data['from']} sends the caller to {data['to']}: flow {data['flow']}{_instead(data)}"]
        case "joined":
            return [f"⇄ the caller of {data['contact']} is in this call's place from now on"]
        case "transferred" if data["how"] == JOINED:
            return [f"⇄ {data['from']} joins the caller with {_who(data)}{_instead(data)}{_held(data)}"]
        case "transferred":
            return [f"⇄ connected with {_who(data)} ({data['how']}), after {data['from']}{_held(data)}"]
        case "voice":
            return [_voice(data)]
    return None


def _voice(data: Mapping[str, Any]) -> str:
    """How well a leg's two directions arrived; what nobody reported is not told."""
    trip = data["round_trip_ms"]
    ways = {"spoken": "their voice arrived", "heard": "they heard"}
    told = [f"{way} {_sound(data[name])}" for name, way in ways.items() if data[name] is not None]
    whom = "the caller" if data["kind"] == CALLER else f"{data['kind']} {data['who']}".strip()
    told += [f"round trip {trip:g} ms"] if trip is not None else []
    told += ["as if by G.711: the codec is not known"] if data.get("codec", "") is None else []
    return f"♬ {whom}: " + ", ".join(told)


def _sound(one: Mapping[str, Any]) -> str:
    return f"MOS {one['mos']:.1f} (loss {one['loss_percent']:g} %, jitter {one['jitter_ms']:g} ms)"


def _who(data: Mapping[str, Any]) -> str:
    return f"agent {data['to']}" if data["kind"] == AGENT else str(data["to"])


def _held(data: Mapping[str, Any]) -> str:
    """Whoever the caller comes to has them on hold from the first moment."""
    return "; on hold" if data.get("held") else ""


def _instead(data: Mapping[str, Any]) -> str:
    """The second call, a contact of its own, in whose place the caller is."""
    return f", in the place of {data['joined']}" if "joined" in data else ""


def _by(data: Mapping[str, Any]) -> str:
    return f", by {data['by']}" if data.get("by") else ""
