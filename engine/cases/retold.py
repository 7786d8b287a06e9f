"""Where a call's way parts, in the words of people who wrote the flow."""

from __future__ import annotations

from engine.config.rehearse import said, wish
from engine.config.trace import length
from engine.core import do as d
from engine.core.entitlement import AGAIN, Answer
from engine.core.recorded import Told
from engine.core.retrace import Change, Parting, Passed, What
from engine.core.sayable import shown

_WAITED = {
    "done": "spoke with an agent",
    "timeout": "nobody was free",
    "full": "it was full",
    "unstaffed": "nobody was there",
    "closed": "it was closed",
}


def did(passed: Passed) -> str:
    """What the caller did, or what was found out, at the last thing that the flow asked for."""
    told, outcome = passed.told, passed.outcome
    match passed.do:
        case d.Choose() | d.Collect() if shown(outcome) not in (outcome, "silence"):
            return f"says {shown(outcome)}" if outcome and outcome[-1] == d.MISHEARD else shown(outcome)
        case d.Choose(keys=keys) if outcome is not None and outcome not in keys:
            nowhere = f"pressed {outcome}, which leads nowhere here"
            was_right = told is not None and isinstance(told.do, d.Choose) and outcome in told.do.keys
            return f"{nowhere} any more" if was_right else nowhere
        case d.Choose():
            return "pressed no key" if outcome is None else f"pressed {outcome}"
        case d.Collect(most=most) if len(outcome or "") > most:
            return f"keyed in {outcome}, and {most} digits are the most now"
        case d.Collect():
            return "keyed in nothing" if outcome is None else f"keyed in {outcome}"
        case d.Enqueue() as do:
            return _waiting(do, outcome, told)
        case d.Transfer(to=to, keys=keys) if outcome in keys:
            return f"pressed {outcome} while {to} rang"
        case d.Transfer(to=to):
            return f"{'spoke with' if outcome == 'answered' else 'did not reach'} {to}"
        case d.Look(what="article", name=name):
            return f"article {name}: {'told' if outcome else 'unknown'}"
        case d.Look(what="hours", name=name):
            was = (
                f" on this site, {told.outcome} then" if told is not None and told.outcome != outcome else ""
            )
            return f"hours {name}: {outcome}{was}"
        case d.Look(what="outbound", name=number):
            return f"{number or 'a withheld number'} may {'be' if outcome else 'not be'} rung"
        case d.Look(what=what):
            return f"{what} looked up"
        case d.Book(queue=queue):
            return f"place in {queue} {'kept' if outcome else 'not kept'}"
        case d.RingBack():
            return f"rung back: {outcome}"
        case d.Entitle(source=source, by=by):
            return f"{source} by {by}: {_standing(outcome)}"
        case d.Record(mailbox=mailbox):
            return f"left {'a' if outcome == 'left' else 'no'} message in {mailbox}"
        case d.Capture():
            return "said some words" if outcome else "said nothing"
        case d.Post(service=service):
            return f"service {service} {'failed' if outcome is None else 'answered'}"
        case d.Rule(schedule=schedule, word=word):
            return f"override {schedule} {word}: {outcome}"
        case d.SignIn():
            return f"agent: {(outcome or 'nobody').partition(' ')[0]}"
        case d.AskAgent() as asked:
            return f"agent {asked.agent} {wish(asked)}: {outcome}"
        case d.Recall():
            return f"language of an earlier call: {outcome or 'none'}"
        case do:
            return what_happens(do)


def _waiting(do: d.Enqueue, outcome: d.Outcome, told: Told | None) -> str:
    then = told.do if told is not None and isinstance(told.do, d.Enqueue) else do
    waited = length(told.waited) if told is not None and told.waited is not None else "some time"
    if told is not None and outcome == "timeout" != told.outcome:
        return f"waited {waited} in queue {do.queue}, and {length(do.max_wait)} is the most now"
    if outcome in then.keys:
        nowhere = "" if outcome in do.keys else ", which leads nowhere there any more"
        return f"pressed {outcome} while waiting in queue {do.queue}{nowhere}"
    if outcome == "timeout" and then.max_wait < do.max_wait:
        more = f"{length(do.max_wait)} is the most now"
        return f"waited {length(then.max_wait)} in queue {do.queue}, and {more}"
    return f"queue {do.queue}: {_WAITED.get(outcome or '', outcome)}"


def _standing(outcome: d.Outcome) -> str:
    if outcome == AGAIN:
        return "asked again"
    answer = Answer.read(outcome)
    return f"{answer.outcome} {answer.level}".strip()


def what_happens(do: d.Do) -> str:
    """What something asked for is to the caller."""
    match do:
        case d.Play(prompts=prompts):
            return f"hears {', '.join(prompts)}"
        case d.Choose(prompt=prompt):
            return f"is asked {prompt}"
        case d.Collect(prompt=prompt):
            return f"is asked for digits, {prompt}"
        case d.Look(what="hours", name=name):
            return f"hours {name} are looked up"
        case d.Look(what=what, name=name):
            return f"{' '.join([what, name]).strip()} looked up"
        case d.Entitle(source=source, by=by):
            return f"{source} is asked, by {by}"
        case d.Recall() | d.Remember():
            return "the language is remembered"
        case d.Enqueue(queue=queue):
            return f"waits in queue {queue}"
        case d.Transfer(to=to):
            return f"is transferred to {to}"
        case d.Book(queue=queue):
            return f"the place in {queue} is kept"
        case d.RingBack(queue=queue):
            return f"is rung back from {queue}"
        case d.Record(mailbox=mailbox):
            return f"is asked for a message, for {mailbox}"
        case d.Capture(prompt=prompt):
            return f"is asked for a few words, {prompt}"
        case d.Listen():
            return "hears what was recorded"
        case d.Post(service=service):
            return f"service {service} is asked"
        case d.Rule(schedule=schedule, word=word):
            return f"override {schedule} {word}"
        case d.SignIn(number=number):
            return f"is looked up as an agent, by {'PIN' if number else 'phone'}"
        case d.AskAgent():
            return f"agent {do.agent} asks for {wish(do)}"
        case d.Note(what=what, data=data):
            return f"{what} written down, {said(data)}"
        case d.End(prompt=prompt):
            return f"the call ends{f' with {prompt}' if prompt else ''}"
        case _:
            return type(do).__name__


def goes(do: d.Do | None) -> str:
    """Where the caller goes: the step, and the first thing there."""
    return "the call ended" if do is None else f"step '{do.step}': {what_happens(do)}"


def parts(parting: Parting) -> tuple[str, str]:
    """Where they went then, and where they would go now."""
    then = goes(parting.then.do if parting.then is not None else None)
    at = parting.at
    if parting.now is not None and at is not None and at.do is parting.now:
        return then, "nobody knows"
    return then, goes(parting.now)


def changed(change: Change) -> str:
    """Something that is heard, looked up or written otherwise."""
    then, now = change.then, change.now
    match change.what, now, then:
        case What.MORE, d.Do(), _:
            return f"step '{now.step}': now {what_happens(now)}"
        case What.LESS, _, Told():
            return f"step '{then.do.step}': no more: {what_happens(then.do)}"
        case What.ANSWER, d.Do(), Told():
            return f"step '{now.step}': {did(Passed(now, change.answer, then))}"
        case What.OTHER, d.Do(), Told():
            return f"step '{now.step}': {', '.join(_options(then.do, now)) or what_happens(now)}"
        case _:
            return ""


def _options(then: d.Do, now: d.Do) -> list[str]:
    """The options of one question that are others now."""
    names = (
        "prompt",
        "keys",
        "least",
        "most",
        "priority",
        "skills",
        "widen",
        "prefer",
        "max_wait",
        "request",
        "until",
        "why",
    )
    pairs = [(name, getattr(then, name, None), getattr(now, name, None)) for name in names]
    return [
        f"{name.replace('_', ' ')} {_text(new)} instead of {_text(old)}"
        for name, old, new in pairs
        if old != new
    ]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
