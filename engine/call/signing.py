"""An agent on the phone: who they are, and what they want; the rules of that are those of every other way (engine/call/agents.py).

Known without a PIN is who calls from a phone that proves itself: the agent who is signed in there, or whose own it is. Where an agent signs
in is the phone they call from, if that has a name here: by its endpoint, or by the number it shows, which an agent who has proved
who they are is believed. A number outside is rung only where `outbound` allows it, and only for agents who have no phone of their own.
"""

from __future__ import annotations

from typing import Any

import structlog

from engine.call.house import House
from engine.core.agent import AgentState
from engine.core.contact import Contact
from engine.core.do import AskAgent, Outcome, SignIn
from engine.core.entitlement import AGAIN
from engine.core.event import Event
from engine.core.phones import phone_named
from engine.core.verbs.manning import BLOCKED, REFUSED
from engine.entitle.desk import TOO_BUSY, Question
from engine.entitle.limits import LIMITS
from engine.errors import BadWord

log = structlog.get_logger()

#: The source that agents' tries are counted under.
SOURCE = "agents"
#: The words of a flow, and what they ask for.
_STATES = {"ready": "ready", "pause": "paused", "logout": "logged_out"}
#: What the flow is told by why nobody is let in; too many PINs at once is nobody's fault, and this one is asked for again.
_OUTCOMES = {"": "let_in", TOO_BUSY: AGAIN, **dict.fromkeys(LIMITS, BLOCKED)}
#: Why something cannot be done, by what the refusal is about.
_CANNOT = {"phone": "no_phone"}


async def sign_in(house: House, contact: Contact, do: SignIn, pin: str | None) -> Outcome:
    """Who it is; every try of a PIN is written down before anybody hears of it."""
    if not do.number:
        name = at_phone(house, contact.phone)
        why = ""
    elif pin is None:
        return AGAIN
    else:
        name = do.number
        rule = house.site.settings.agents.get(name)
        asked = Question(contact.id, SOURCE, "pin", contact.from_number, name, pin)
        why = await house.desk.agent(asked, rule.pin if rule else None)
    if name is None:
        return None
    known = house.site.settings.agents.get(name)
    if known is None:
        why = why or "gone"  # the site has lost them while their PIN was looked at
    outcome = _OUTCOMES.get(why, REFUSED)
    data = {
        "source": SOURCE,
        "by": "pin" if do.number else "phone",
        "outcome": outcome,
        "why": why,
        "account": name,
        "caller": contact.from_number,
        "phone": contact.phone,
        "failed_pin": outcome == REFUSED and why != "gone",
    }
    await house.ledger.append(Event("agent_sign_in", house.now(), contact.id, name, data))
    if why or known is None:
        log.warning("somebody could not sign in as an agent", contact=contact.id, agent=name, why=why)
        return outcome
    house.own_calls.begun(
        contact.id, contact.phone, name
    )  # before they can ask to be ready: this phone is in use
    return f"{name} {known.language or ''}".strip()


def at_phone(house: House, phone: str) -> str | None:
    """The agent whom a phone that proves itself belongs to now: who is signed in there; else whose own it is."""
    agents = house.distributor.state.agents
    there = [a for a in agents.values() if a.seat == phone and not a.gone]
    here = [a.name for a in there if a.state is not AgentState.LOGGED_OUT]
    own = [phone] if phone in agents and agents[phone].rule.has_phone else []
    return next(iter([*here, *own]), None) if phone else None


def ask_agent(house: House, contact: Contact, do: AskAgent) -> Outcome:
    """Ask it; how they stand then, or why it cannot be done."""
    agent = house.distributor.state.agents.get(do.agent)
    if agent is None:
        return "not_possible"
    if do.word == "state":
        return str(agent.state)
    asked: dict[str, Any] = {"by": f"phone {contact.from_number}".strip()}
    if do.word == "code":
        asked |= {"code": do.value, "resolved": do.resolved}
    else:
        asked |= {"state": _STATES[do.word], "reason": do.value}
        if do.word != "logout" and (phone := sits_at(house, contact, do.agent)) is not None:
            asked["phone"] = phone
    try:
        told, _ = house.agents.ask(do.agent, asked)
    except BadWord as error:
        log.info("an agent asks for what cannot be", agent=do.agent, word=do.word, why=str(error))
        conversation = "no_conversation" if do.word == "code" else "code_wanted"
        return conversation if error.about == "code" else _CANNOT.get(error.about, "not_possible")
    return str(told["state"])


def sits_at(house: House, contact: Contact, name: str) -> str | None:
    """The phone an agent is at who calls; None: where they were, for what they call from is no phone of the house."""
    settings = house.site.settings
    shown = contact.from_number
    own = shown in settings.agents and settings.agents[shown].has_phone
    if contact.phone or shown in settings.phones or own:
        return contact.phone or shown
    agent = house.distributor.state.agents[name]
    return None if agent.rule.has_phone or agent.seat else phone_named(settings, shown)
