"""A contact's events -> lines a person reads: what the caller heard and pressed, where they were sent and why.

    flow = compile_flow(source, name, settings)          # archive.flow_source(hash) gives name and source
    trace = Trace(catalog, {flow.hash: flow})            # one for each contact; the mapping may grow while events come
    for event in events:                                 # in the order of the log, all at once or as they happen
        for line in trace.feed(event):
            print(line)                                  #  0:06.2  main_menu   ← 1 → support
        print(trace.as_json(event, lines))               # seq, at, kind, agent, data, line: values for one JSON line

An event tells what has come of something; what comes next is known from the flow at that very moment. So a line about a prompt is given
when the prompt begins, not when it is over: a follower sees what the caller is hearing now. Where the flow's version is not known, every
event still tells its own part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.config.prompts import Catalog
from engine.config.rehearse import answered, heard, said, wish
from engine.config.report import printable
from engine.config.trace_talk import talk_told
from engine.core import do as d
from engine.core import flow as f
from engine.core import interpreter as i
from engine.core.contact import Contact, Outcome, apply
from engine.core.entitlement import AGAIN
from engine.core.event import Event
from engine.core.ranking import REBALANCED, WORDS
from engine.core.resolution import in_words
from engine.core.sayable import shown

_OFFER_ENDS = {
    "no_answer": "does not answer",
    "rejected": "rejects the call",
    "busy": "is busy",
    "unreachable": "cannot be reached",
    "abandoned": "stops ringing: the caller has hung up",
    "key": "stops ringing: the caller has pressed a key",
    "failed": "stops ringing: the call failed",
    "crashed": "stops ringing: Asterisk had ended",
    "lost": "rings no more: nobody saw why, for engine or Asterisk was away",
    "stopped": "stops ringing: Quietline is taken down",
    "unreached": "is free again: the caller was not reached",
    "paused": "stops ringing: the agent paused",
    "moved": "stops ringing: the agent is at another phone now",
    "own_call": "stops ringing: the agent's phone is in a call of their own",
    "logged_out": "stops ringing: the agent logged out",
    "taken": "stops ringing: somebody else has picked up",
}
_TRANSFER_ENDS = {
    "no_answer": "does not answer",
    "rejected": "rejects the call",
    "busy": "is busy",
    "unreachable": "cannot be reached",
    "abandoned": "stops ringing: the caller has hung up",
    "failed": "stops ringing: the call failed",
    "stopped": "stops ringing: Quietline is taken down",
    "lost": "stops ringing: the caller was gone when engine and Asterisk were together again",
}
_DIAL_ENDS = {
    "no_answer": "the caller does not answer",
    "rejected": "the caller rejects the call",
    "busy": "the caller's phone is busy",
    "unreachable": "the caller cannot be reached",
    "not_confirmed": "somebody answers, and does not press 1",
    "agent_gone": "the agent has gone: another one will be rung first",
    "lost": "taken back: engine or Asterisk had gone",
    "called_off": "stops ringing",
}
_CAUSES = {
    "caller": "the caller hung up",
    "flow": "the flow came to its end",
    "joined": "somebody else has their place",
    "failed": "a fault ended the call",
    "lost": "the caller was gone when engine and Asterisk were together again",
    "crashed": "Asterisk ended, and the call with it",
    "stopped": "Quietline was taken down",
    "unknown_number": "the number leads to no flow",
}


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One line: seconds since the contact arrived, the flow's step where it has changed, and what happened."""

    offset: float
    step: str
    text: str
    width: int = 0

    def __str__(self) -> str:
        return printable(f"{clock(self.offset):>9}  {self.step:<{self.width}}  {self.text}")


class Trace:
    """One contact's story so far; `flows` are the versions known, by hash, and the one needed is looked up on arrival."""

    def __init__(self, catalog: Catalog, flows: Mapping[str, f.Flow]) -> None:
        self._catalog = catalog
        self._flows = flows
        self._contact = Contact("")
        self._walk: i.Walk | None = None
        self._width = 10
        self._shown = ""
        #: The offer whose agent has picked up the phone.
        self._up: object = None

    def feed(self, event: Event) -> list[TraceLine]:
        """The lines about one more event; the contact's own, in their order."""
        before = self._contact
        self._contact = apply(before, event)
        match event.kind:
            case "arrived":
                said = self._arrived(event)
            case "answered":
                said = [("", "answered"), *self._begin()]
            case "step":
                said = self._step(event)
            case "announced" | "comforted" | "bulletin_told":
                said = self._announced(event)
            case _:
                said = [(self._here, text) for text in self._events(before, event)]
        offset = event.at - self._contact.arrived_at
        return [TraceLine(offset, self._column(step), text, self._width) for step, text in said]

    def _events(self, before: Contact, event: Event) -> list[str]:
        """What events say that are not the flow's; who has picked up cannot reject the call any more."""
        offer = event.data.get("offer")
        if event.kind == "picked_up":
            self._up = offer
        if event.kind == "offer_ended" and event.data["why"] == "rejected" and offer == self._up is not None:
            return [f"☎ agent {event.agent} has hung up"]
        talk = talk_told(before, event)
        return _told(before, self._contact, event) if talk is None else talk

    def as_json(self, event: Event, lines: Iterable[TraceLine]) -> dict[str, Any]:
        """The event and its lines as JSON values."""
        return {
            "seq": event.seq,
            "at": event.at,
            "kind": event.kind,
            "agent": event.agent,
            "data": event.data,
            "line": "\n".join(line.text for line in lines),
        }

    # --- the flow -----------------------------------------------------------------------------

    def _arrived(self, event: Event) -> list[tuple[str, str]]:
        c = self._contact
        flow = self._flows.get(c.flow_hash)
        if flow is not None:
            self._walk = i.Beginning.of(event.data).walk(flow)
            self._width = max(len(step) for step in flow.steps)
        leads = f"flow {c.flow}, version {c.flow_hash[:8]}" if c.flow else "no flow"
        if c.callback_of is not None:
            asked = datetime.fromtimestamp(c.kept_since, UTC)
            kept = f"their place in {c.wanted} since {asked:%H:%M:%S} UTC is kept"
            return [("", f"↩ {c.from_number} is to be rung back, asked for by {c.callback_of}: {kept}")]
        how = "taken by the fallback, no engine was there" if c.via == "fallback" else leads
        return [("", f"☏ {c.from_number or 'unknown caller'} calls {c.to_number}: {how}")]

    def _begin(self) -> list[tuple[str, str]]:
        """What begins now, if the flow is known and there is something to hear."""
        if self._walk is None or self._walk.do is None:
            return []
        return self._heard(self._walk.do, self._walk.way.variables)

    def _heard(self, do: d.Do, variables: dict[str, str]) -> list[tuple[str, str]]:
        if isinstance(do, d.Listen):
            return [(do.step, f"♪ ({'their own words' if do.recording else 'the message'})")]
        text = heard(do, self._catalog, variables)
        return [(do.step, f"♪ {text}")] if text else []

    def _step(self, event: Event) -> list[tuple[str, str]]:
        """What came of the thing begun before, and what begins now."""
        do, outcome = d.asked(event.data), event.data["outcome"]
        said: list[tuple[str, str]] = []
        if self._walk is None or self._walk.do != do:
            self._walk = None  # not the way this flow would have gone: the events alone are right
            said += self._heard(do, {"language": event.data["language"]})
            to = ""
        else:
            after = self._walk.send(outcome)
            to = f" → {after.step}" if after is not None and after.step != do.step else ""
        came = _came(do, outcome, to, unheard=event.data.get("playing_at", event.at) is None)
        words = [(do.step, _heard(one)) for one in event.data.get("said", ())]
        return [*said, *words, *([(do.step, came)] if came else []), *self._begin()]

    @property
    def _here(self) -> str:
        """The step the call is in, if the flow is known."""
        return self._walk.do.step if self._walk is not None and self._walk.do is not None else ""

    def _announced(self, event: Event) -> list[tuple[str, str]]:
        data = event.data
        values = {name: str(data[name]) for name in ("position", "minutes") if data.get(name) is not None}
        known = self._walk.way.variables if self._walk is not None else {}
        said = d.Play(self._here, 0, tuple(data["prompts"]), interrupt=True)
        return self._heard(said, {**known, "language": self._contact.language, **values})

    def _column(self, step: str) -> str:
        if not step or step == self._shown:
            return ""
        self._shown = step
        return step


def _heard(said: Mapping[str, Any]) -> str:
    """One hypothesis of a caller's words, how sure it was, and what was made of it."""
    words, decision = said["words"], said["decision"]
    sure = min((word[1] for word in words), default=0.0)
    meant = {"match": decision["choice"], "confirm": f"{decision['choice']}?", "no_match": "not understood"}
    why = decision["why"].replace("_", " ")
    told = ", ".join(filter(None, [meant.get(decision["verdict"], ""), why]))
    return f"“{' '.join(word[0] for word in words)}” {sure:.2f}: {told}"


def _came(do: d.Do, outcome: d.Outcome, to: str, unheard: bool) -> str:
    """What came of something the flow asked for; nothing where other events have told it already."""
    match do:
        case d.Play(interrupt=True) if unheard:
            return "(not heard: a key was there before)"
        case d.Choose() | d.Collect() if unheard and outcome is not None:
            return f"(not heard) {_came(do, outcome, to, unheard=False)}"
        case d.Choose() | d.Collect() if shown(outcome) != outcome:
            return f"← {shown(outcome)}{to}"
        case d.Choose(keys=keys) if outcome not in keys:
            return f"← {outcome}, not one of {' '.join(keys)}{to}"
        case d.Collect(least=least) if len(outcome or "") < least:
            return f"← {outcome}, fewer than {least} digits{to}"
        case d.Choose() | d.Collect():
            return f"← {outcome}{to}"
        case d.Look(what="outbound"):
            return f"? may {do.name or 'a withheld number'} be rung: {'yes' if outcome else 'no'}"
        case d.Book():
            return (
                f"↩ a place in {do.queue} is kept: {outcome} rings {do.number} back{to}"
                if outcome
                else f"↩ no place can be kept{to}"
            )
        case d.RingBack():
            return f"↩ {outcome}{to}" if outcome != "done" else to.strip()
        case d.Look(what="article"):
            return f"? article {do.name}" + ("" if outcome else f": unknown{to}")
        case d.Look():
            return f"? {' '.join([do.what, do.name]).strip()}: {outcome}{to}"
        case d.Post():
            return f"⇢ {do.service} {said(do.data)}".rstrip() + f": {outcome or 'failed'}{to}"
        case d.Capture():
            return f"● {'some words' if outcome else 'nothing'} recorded{to}"
        case d.Entitle() if outcome == AGAIN:
            return "? the PIN was lost in a restart: it is asked for again"
        case d.Recall() if outcome is not None:
            return f"? {outcome} was chosen in an earlier call"
        case d.Entitle() if to:
            return to.strip()
        case d.Rule():
            return "" if outcome == "set" else f"⚑ override {do.schedule}: {outcome}{to}"
        case d.SignIn(number=""):
            return "" if outcome else "? nobody is signed in at this phone"
        case d.SignIn() if outcome == AGAIN:
            return "? the PIN was lost in a restart: it is asked for again"
        case d.AskAgent():
            return f"⚑ agent {do.agent} {wish(do)}: {(outcome or '').replace('_', ' ')}{to}"
        case d.Enqueue(keys=keys) if to:
            return f"{to.strip()} ({'key ' if outcome in keys else ''}{outcome})"
        case d.Transfer(keys=keys) if to:
            return f"{to.strip()} ({'key ' if outcome in keys else ''}{outcome})"
        case d.Record() if to:
            return f"{to.strip()} (no message)"
        case _:
            return ""


# --- what waiting, ringing, talking and recording say ------------------------------------------------


def _asked_by(data: Mapping[str, Any]) -> str:
    """By whose word something was done to a recording, where it was a person's."""
    return "" if data["by"] in ("queue", "conversation") else f", by the word of {data['by'] or 'somebody'}"


def _told(before: Contact, after: Contact, event: Event) -> list[str]:
    data, agent = event.data, f"agent {event.agent}"
    match event.kind:
        case "queued":
            return _queued(data)
        case "widened":
            skills = ", ".join(data["skills"]) or "anybody"
            return [
                f"⏳ from now on {skills} will do"
                + (f", of {', '.join(data['prefer'])}" if data["prefer"] else "")
            ]
        case "offered":
            return [f"☎ {agent} rings, for {length(data['ring'])} at most"]
        case "offer_ended":
            return [f"☎ {agent} {_OFFER_ENDS.get(data['why'], data['why'])}"]
        case "picked_up":
            heard = ", ".join(data.get("prompts", ()))
            return [f"☎ {agent} picks up" + (f", and is told: {heard}" if heard else "")]
        case "connected":
            waited = (after.wait_s or 0.0) - (before.wait_s or 0.0)
            return [f"⇄ connected with {agent} of {data['queue']} after waiting {length(waited)}"]
        case "talk_ended":
            talked = (after.talk_s or 0.0) - (before.talk_s or 0.0)
            ends = {
                "caller": "the caller ends the conversation",
                "stopped": "the conversation ends with Quietline",
                "lost": "the conversation ended while nobody saw it, at the earliest",
            }
            other = f"{agent if event.agent else before.talk.to if before.talk else 'nobody'} ends the conversation"
            return [f"⇄ {ends.get(data['by'], other)} after {length(talked)}"]
        case "consent":
            return [
                "● the caller agrees to be recorded"
                if data["given"]
                else "● the caller does not want to be recorded"
            ]
        case "supervision_asked":
            return [f"◉ {data['phone']} rings, to {data['mode']}, by the word of {data['by'] or 'somebody'}"]
        case "supervision_began":
            return [f"◉ {data['phone']} hears {agent}: {data['mode']}"]
        case "supervision_changed":
            return [f"◉ {data['phone']} goes over to {data['mode']}"]
        case "supervision_ended":
            return [f"◉ {data['phone']} listens no more ({data['why'].replace('_', ' ')})"]
        case "recording_started":
            return ["● the conversation is recorded" + _asked_by(data)]
        case "recording_paused":
            return ["● the recording pauses" + _asked_by(data)]
        case "recording_resumed":
            return ["● the recording goes on" + _asked_by(data)]
        case "recording_ended":
            return ["● the recording ends" + _asked_by(data)]
        case "recording_kept":
            return [f"● {length(data['seconds'])} are kept as {data['file']}"]
        case "recording_deleted":
            return [
                "● nothing was recorded"
                if data["file"] is None
                else f"● {data['file']} is deleted: {data['why']}"
            ]
        case "transferring":
            return [f"☎ {data['to']} rings through trunk {data['trunk']}, for {length(data['ring'])} at most"]
        case "transfer_answered":
            return [f"☎ {data['to']} picks up"]
        case "transfer_connected":
            return [f"⇄ connected with {data['to']}"]
        case "transfer_ended":
            return [_transfer_ended(before, after, data)]
        case "dialled":
            return [f"☎ {data['number']} is rung, try {data['try']}"]
        case "confirmed":
            return ["← 1: wants to be connected"]
        case "dial_ended":
            again = (
                f"; again in {length(data['again_at'] - event.at)}"
                if data["again_at"] and data["counts"]
                else ""
            )
            return [f"☎ {_DIAL_ENDS.get(data['why'], data['why'])}{again}"]
        case "callback_cancelled":
            by, why = data["by"], data["why"]
            return [f"↩ called off{f' by {by}' if by else ''}{f': {why}' if why else ''}"]
        case "override":
            until = (
                f" until {datetime.fromtimestamp(data['until'], UTC):%Y-%m-%d %H:%M} UTC"
                if data["until"]
                else ""
            )
            return [f"⚑ {data['schedule']}: {data['set']}{until}, by {data['by']}"]
        case "left_queue":
            return _left(before, data, data.get("seen", event.at))
        case "pressed":
            return [f"← {data['key']} while waiting"]
        case "recording":
            return [f"● recording a message for {data['mailbox']}"]
        case "message":
            return [f"● a message of {length(data['seconds'])} for {data['mailbox']} is kept"]
        case "no_message":
            return ["● nothing was recorded"]
        case "request":
            told = {k: v for k, v in data.items() if k not in ("number", "by", "known", "work_order")}
            return [f"✎ request {data['number']}{_hangs(data)}: {said(told)}"]
        case "request_state":
            return [f"✎ request {data['number']}{_hangs(data)} is {data['state']}{_says(data)}"]
        case "request_owner":
            whose = f"of agent {data['owner']}" if data["owner"] else "of nobody"
            return [f"✎ request {data['number']} is {whose}{_says(data)}"]
        case "work_order":
            due = (
                f", due {datetime.fromtimestamp(data['due_at'], UTC):%Y-%m-%d %H:%M} UTC"
                if data["due_at"]
                else ""
            )
            return [f"✎ work order {data['number']} is {data['state']}: {data['title']}{due}{_says(data)}"]
        case "article":
            return [f"✎ article {data['article']} {'helped' if data['solved'] else 'did not help'}"]
        case "survey":
            return [answered(data)]
        case "entitled":
            return [_entitled(data)]
        case "agent_sign_in":
            why = data["why"].replace("_", " ")
            return [
                f"? {agent} by {data['by']}: {data['outcome'].replace('_', ' ')}{f', {why}' if why else ''}"
            ]
        case "wrap_up_code":
            note, by, resolved = data["note"], data["by"], in_words(data.get("resolved"))
            return [
                f"✎ {agent} says: {data['code']}{resolved}{f', {note}' if note else ''}{f' ({by})' if by else ''}"
            ]
        case "remembered":
            return [f"✎ {data['language']} is remembered for the next call"]
        case "ended":
            return [_ended(after)]
        case _:
            return []


def _hangs(data: Mapping[str, Any]) -> str:
    """The work order a request hangs on, where there is one."""
    return f" of work order {data['work_order']}" if data.get("work_order") else ""


def _says(data: Mapping[str, Any]) -> str:
    """Who changed something, and why."""
    why = f": {data['why']}" if data["why"] else ""
    return f", says {data['by']}{why}" if data["by"] else ""


def _transfer_ended(before: Contact, after: Contact, data: Mapping[str, Any]) -> str:
    to = data["to"] or "what the flow gives"
    match data:
        case {"why": "not_allowed"}:
            return f"☎ {to} is not rung: outbound of site.yaml does not allow it"
        case {"why": "key", "key": key}:
            return f"← {key} while {to} rings"
        case {"why": why}:
            return f"☎ {to} {_TRANSFER_ENDS.get(why, why)}"
    talked = length((after.talk_s or 0.0) - (before.talk_s or 0.0))
    ends = {
        "target": f"{to} ends the conversation",
        "stopped": "the conversation ends with Quietline",
        "failed": "the conversation ends with the call, which failed",
        "lost": "the conversation ended while nobody saw it, at the earliest",
    }
    return f"⇄ {ends.get(data['by'], 'the caller ends the conversation')} after {talked}"


def _entitled(data: Mapping[str, Any]) -> str:
    who = f"customer {data['customer']}" if data["customer"] else "nobody"
    level = f", level {data['level']}" if data["level"] else ""
    let_in = " (let in all the same)" if data["granted"] and data["outcome"] == "unreachable" else ""
    why = data["why"].replace("_", " ")
    return (
        f"? {data['source']} by {data['by']}: {data['outcome']}{let_in}, {who}{level}, {why}, {data['ms']} ms"
    )


def _queued(data: Mapping[str, Any]) -> list[str]:
    group = f" of group {data['group']}" if data["group"] else ""
    wait = f", about {length(data['estimate'])} to wait" if data["estimate"] else ""
    quicker = data["decision"].get("rule") == REBALANCED
    why_moved = f"quicker than {data.get('moved_from')}" if quicker else f"{data.get('moved_from')} is closed"
    moved = f"{why_moved}: now " if data.get("moved_from") else ""
    kept = (
        f", their place since {datetime.fromtimestamp(data['enqueued_at'], UTC):%H:%M:%S} UTC is kept"
        if "entered_at" in data
        else ""
    )
    lines = [
        f"⏳ {moved}number {data['position']} in queue {data['queue']}{group}, priority {data['priority']}{wait}{kept}"
    ]
    return [*lines, *_why(data["decision"])]


def _why(decision: Mapping[str, Any]) -> list[str]:
    """Why this queue and no other; nothing where there was no choice."""
    rows = decision.get("candidates", [])
    if len(rows) < 2:
        return []
    rule = decision["rule"]
    return [f"  {WORDS[rule]}: {'; '.join(_candidate(row, rule, decision['chosen']) for row in rows)}"]


def _candidate(row: Mapping[str, Any], rule: str, chosen: str | None) -> str:
    name = f"{row['queue']} (chosen)" if row["queue"] == chosen else row["queue"]
    if row["excluded"]:
        return f"{name} {row['excluded']}"
    if rule == "agent_surplus":
        return f"{name} {row['ready']} free, {row['waiting']} waiting, staff {row['active']:.3g}"
    wait = "unknown" if row["wait"] is None else length(row["wait"])
    adjust = f" {'+' if row['adjust'] > 0 else '−'} {length(abs(row['adjust']))}" if row["adjust"] else ""
    return f"{name} {wait}{adjust}, {row['waiting']} waiting"


def _left(before: Contact, data: Mapping[str, Any], at: float) -> list[str]:
    since = before.queued.data["enqueued_at"] if before.queued is not None else at
    waited = f"after waiting {length(max(0.0, at - since))}"
    match data["outcome"]:
        case "answered" | "unreached":
            return []  # told when they were connected
        case "refused" if data.get("queue"):
            why = [f"⏳ queue {data['queue']} is closed, and no other can take the call: leaves {waited}"]
            return [*why, *_why(data["decision"])]
        case "refused":
            queues = ", ".join(row["queue"] for row in data["decision"].get("candidates", []))
            return [f"⏳ not taken into queue {queues}: {data['why']}", *_why(data["decision"])]
        case "timed_out":
            return [f"⏳ nobody was free: leaves queue {data['queue']} {waited}"]
        case "abandoned" | "short_abandoned":
            return [f"⏳ the caller gives up {waited}"]
        case "failed":
            return [f"⏳ the call is cut off {waited}"]
        case _:
            return [f"⏳ leaves queue {data['queue']} {waited}"]


def _ended(c: Contact) -> str:
    times = [("waited", c.wait_s), ("talked", c.talk_s)]
    told = "".join(f", {word} {length(seconds)}" for word, seconds in times if seconds is not None)
    to = f" to {c.transferred_to}" if c.outcome == Outcome.TRANSFERRED else ""
    without = c.via == "fallback" and c.cause == "flow"
    why = "the fallback ended the call" if without else _CAUSES.get(c.cause or "", c.cause)
    return f"✕ {why}: {c.outcome}{to}{told}"


def clock(seconds: float) -> str:
    """Seconds as `0:06.2`, and `1:02:03.4` from an hour on."""
    tenths = max(0, round(seconds * 10))
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{f'{hours}:{minutes:02d}' if hours else minutes}:{rest // 10:02d}.{rest % 10}"


def length(seconds: float) -> str:
    """A length of time to read: `4.2 s`, `48 s`, `3 min 05 s`, from two hours on `2 h 30 min`."""
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole >= 7200:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60:02d} s"
