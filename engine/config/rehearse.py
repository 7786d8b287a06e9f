"""Walk a flow without telephony, with the interpreter that real calls use, and tell what the caller hears.

Inputs are words in the order in which the flow asks:

    1          a key                                -          silence
    sales      words of prompts/<language>.yaml for a key, a number, yes, no, repeat, operator; "sales?" where they are not surely
               understood, ? for words that nobody understands
    471188     digits, where digits are asked       open, closed, holiday, override, emergency    opening hours
    done, timeout, full, unstaffed, closed, a key   waiting in a queue
    answered, failed, a key                         a transfer; a number that is not allowed fails without being asked
    left, none                                      the voicemail
    said                                            a few words, such as a name
    agreed, refused                                 keeping a place to be rung back
    done, unreached, timeout, cancelled             being rung back: inputs left when the call has ended go on there
    none, outage_mail                               known outages, by their prompts
    none, 17:open, 17:open,12:waiting:3             the caller's requests: number, state, work order
    known                                           at a request: its problem was reported before (new, or no input: it was not)
    failed, ok, state=late,eta=9                    what a service answers; or as JSON: {"state":"late, but sure"}
    entitled, entitled:gold, expired, unknown, blocked, unreachable     what a customer is entitled to; again: the PIN was lost
    phone:2010, stranger                            whether the phone says which agent it is; without one of them it does not
    let_in, refused, blocked                        an agent's number and PIN; without one of them an agent of the site is let in
    ready, paused, wrap_up, talking, …              how an agent stands then, or why not: code_wanted, no_conversation, no_phone
    hangup     the caller hangs up, at a choice, at digits, in a queue or at the tone
    hangup:welcome         the caller hangs up while this prompt is played

`silence` is the same as `-`.
When the inputs run out the caller stays silent to the end: every office is open, nobody is known and nobody answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.config.prompts import Catalog
from engine.core import do as d
from engine.core import hours
from engine.core import interpreter as i
from engine.core.entitlement import AGAIN, Answer, Standing
from engine.core.flow import Flow
from engine.core.hours import Door
from engine.core.outbound import way_out
from engine.core.request import REQUEST_STATES, Noted
from engine.core.resolution import in_words, meaning
from engine.core.sayable import said_for, shown
from engine.core.site import Settings
from engine.core.verbs.manning import BLOCKED, CANNOT, REFUSED, STANDS
from engine.errors import EngineError

_MOST_LINES = 2000
_SLOT = re.compile(r"\{\{\s*([\w.]+)\s*(?:\|\s*(\w+)\s*)?\}\}")
_UNITS = {"minutes": " min"}
#: What words come to that stand for no key, and the doubt about one.
_SAID = rf"(\?)?|\?|{d.REPEAT}|{d.OPERATOR}"
#: The input by which the caller leaves, and where they can.
HANGUP = "hangup"
AT_THE_PHONE = (d.Choose, d.Collect, d.Enqueue, d.Transfer, d.Record, d.Capture)


#: How an agent stands when they got what they asked for.
_BECOMES = {"pause": "paused", "logout": "logged_out"}


class RehearsalError(EngineError):
    """An input makes no sense where it was given; `lines` is the rehearsal up to there."""

    def __init__(self, text: str, lines: Sequence[str]) -> None:
        super().__init__(text)
        self.lines = tuple(lines)


@dataclass(frozen=True, slots=True)
class Given:
    """What the world knows beforehand.

    With `at`, seconds since the epoch, hours are looked up in the site instead of asked for; `remembered` is the language of an
    earlier call.
    """

    at: float | None = None
    remembered: str | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """One thing a flow asked for: what came of it, what the caller heard, and the line that tells it; `gone`: the caller hung up at it."""

    do: d.Do
    outcome: d.Outcome
    heard: str
    line: str
    gone: bool = False


def rehearse(
    flow: Flow, settings: Settings, catalog: Catalog, inputs: Iterable[str], from_number: str = ""
) -> list[str]:
    """What a caller hears and does, a line each; raises RehearsalError for an input that fits nowhere."""
    lines, walk = list[str](), i.replay(flow, (), {"from_number": from_number})
    try:
        told = Columns(flow)
        for passed in passing(walk, settings, catalog, inputs, Given()):
            lines += told.shown(passed)
    except RehearsalError as error:
        raise RehearsalError(str(error), lines) from None
    return lines


class Columns:
    """Lines with the step before them, where that changes."""

    def __init__(self, flow: Flow) -> None:
        self._width = max(len(step) for step in flow.steps)
        self._step = ""

    def shown(self, passed: Passed) -> list[str]:
        """The line of one thing; what only looks something up of itself has none."""
        if untold(passed.do):
            return []
        step = "" if passed.do.step == self._step else passed.do.step
        self._step = passed.do.step
        return [f"{step:<{self._width}}  {passed.line}".rstrip()]


def passing(
    walk: i.Walk, settings: Settings, catalog: Catalog, inputs: Iterable[str], given: Given
) -> Iterator[Passed]:
    """Walk on, one thing at a time, to the call's end; raises RehearsalError for an input that fits nowhere.

    Inputs that are left when a call has ended which asked to be rung back are for the callback.
    """
    left = ["-" if word == "silence" else word for word in inputs]
    going: i.Walk | None = walk
    while going is not None:
        back = None
        for one in _to_the_end(going, settings, catalog, left, given):
            if isinstance(one.do, d.Book) and one.outcome is not None:
                back = _ringing_back(going, one.do)
            yield one
        going = back if left else None
    if left:
        raise RehearsalError(f"the call has ended, but '{left[0]}' is still to be answered", ())


def _to_the_end(
    walk: i.Walk, settings: Settings, catalog: Catalog, left: list[str], given: Given
) -> Iterator[Passed]:
    for _ in range(_MOST_LINES):
        if walk.do is None:
            return
        do = walk.do
        text = heard(do, catalog, walk.way.variables)
        if left and _leaves(left[0], do):
            left.pop(0)
            told = line(do, None if isinstance(do, d.Capture) else HANGUP, text, settings)
            yield Passed(do, None, text, told if told.endswith("✕") else f"{told}  ✕", gone=True)
            return
        words = _words(do, left, catalog, walk.way.variables["language"])
        outcome = (
            _known(do, settings, given) if is_known(do, settings, given) else _answer(do, left, settings)
        )
        told = line(do, outcome, text, settings)
        yield Passed(do, outcome, text, f"{told} (“{words}”)" if words else told)
        walk.send(outcome)


def _words(do: d.Do, left: list[str], catalog: Catalog, language: str) -> str:
    """The words of the next input, where it is something that can be said here; it becomes what comes of them."""
    if not isinstance(do, d.Choose | d.Collect) or not left:
        return ""
    doubt = d.MISHEARD if left[0].endswith(d.MISHEARD) else ""
    phrase = left[0].removesuffix(d.MISHEARD)
    meant = said_for(do, phrase, catalog.words(language), language)
    if meant is None or phrase == meant:
        return ""
    left[0] = meant + doubt
    return phrase


def _ringing_back(walk: i.Walk, do: d.Book) -> i.Walk:
    """The walk of the contact that will ring this caller back."""
    flow, step = walk.way.flow.holding(do.step)
    variables = {**walk.way.variables, "from_number": do.number}
    return i.replay(flow, (), variables, (step, do.index), walk.way.caller.secret)


def _leaves(word: str, do: d.Do) -> bool:
    """Whether the caller hangs up here."""
    before, _, prompt = word.partition(":")
    if before != HANGUP or not prompt:
        return word == HANGUP and isinstance(do, AT_THE_PHONE)
    return prompt in (do.prompts if isinstance(do, d.Play) else (getattr(do, "prompt", None),))


def line(do: d.Do, outcome: d.Outcome, text: str, settings: Settings) -> str:
    """One line about something done and what came of it; `text` is what the caller hears."""
    match do:
        case d.Play():
            return f"♪ {text}"
        case d.Choose() | d.Collect():
            return f"♪ {text}  ← {shown(outcome)}"
        case d.Look(what="outbound"):
            return f"? may {do.name or 'a withheld number'} be rung → {'yes' if outcome else 'no'}"
        case d.Book():
            return f"↩ place in {do.queue} kept for {do.number} → {'agreed' if outcome else 'refused'}"
        case d.RingBack():
            first = "the agent" if do.first == "agent" else "the caller"
            return f"↩ rung back from {do.queue}, {first} first → {outcome}"
        case d.Look(what="article"):
            return f"? article {do.name}" + ("" if outcome else " → unknown")
        case d.Look():
            return f"? {' '.join([do.what, do.name]).strip()} → {outcome}"
        case d.Post():
            return f"⇢ {do.service} {said(do.data)}".rstrip() + f" → {outcome or 'failed'}"
        case d.Entitle():
            answer = Answer.read(outcome)
            return f"? {do.source} by {do.by} → {' '.join([answer.outcome, answer.level]).strip()}"
        case d.Listen():
            return f"♪ ({'their own words' if do.recording else 'the message'})"
        case d.Capture():
            return f"● {text} → {'some words' if outcome else 'none'}"
        case d.Rule():
            return f"⚑ {do.schedule} {do.word}{f' until {do.until}' if do.until else ''} → {outcome}"
        case d.SignIn():
            who = (outcome or "").partition(" ")[0]
            return f"? agent by {'PIN' if do.number else 'phone'} → {who or 'stranger'}"
        case d.AskAgent():
            return f"⚑ agent {do.agent} {wish(do)} → {outcome}"
        case d.Note(what="request"):
            noted = Noted.read(outcome)
            order = (
                f", {'known' if noted.known else 'new'} work order {noted.work_order}"
                if noted.work_order
                else ""
            )
            return f"✎ request {noted.number}{order}, {said(do.data)}"
        case d.Note(what="survey", data=data):
            return answered(data)
        case d.Note():
            return f"✎ {do.what} {said(do.data)}"
        case d.Enqueue():
            group = settings.groups.get(do.queue)
            among = f" ({', '.join(group.queues)})" if group else ""
            return f"⏳ queue {do.queue}{among}, priority {do.priority} → {outcome}"
        case d.Transfer():
            allowed = "" if way_out(settings.outbound, do.to) else ", not allowed by outbound of site.yaml"
            return f"☎ {do.to} → {outcome}{allowed}"
        case d.Record():
            return f"● voicemail {do.mailbox}: {text} → {outcome}"
        case d.End():
            return f"♪ {text}  ✕" if text else "✕"
        case _:
            return type(do).__name__


def answered(data: Mapping[str, Any]) -> str:
    """An answer to a question of a survey."""
    resolved = in_words(data.get("resolved"))
    return f"✎ survey {data['survey']}: {data['question']} {data['answer']}{resolved}"


def wish(do: d.AskAgent) -> str:
    """What an agent asks for over the phone, or says of a conversation."""
    return f"{' '.join([do.word, do.value]).strip()}{in_words(meaning(do.resolved))}"


def said(data: Mapping[str, Any]) -> str:
    """Fields of something noted, in words; those without a value are left out."""
    flat = {name: value for name, value in data.items() if not isinstance(value, Mapping)}
    flat |= {
        name: value for more in data.values() if isinstance(more, Mapping) for name, value in more.items()
    }
    words = {True: "yes", False: "no"}
    told = {name: words[value] if isinstance(value, bool) else value for name, value in flat.items()}
    return ", ".join(f"{name} {value}" for name, value in told.items() if value not in (None, ""))


def heard(do: d.Do, catalog: Catalog, variables: dict[str, str]) -> str:
    """The words a caller hears: the prompts' texts in the caller's language, with the variables in them."""
    languages: tuple[str, ...] = ()
    match do:
        case d.Play():
            prompts: tuple[str, ...] = do.prompts
        case d.Choose(languages=spoken) if spoken:
            prompts, languages = (do.prompt,), spoken
        case d.Choose() | d.Collect() | d.Record() | d.Capture():
            prompts = (do.prompt,)
        case d.End(prompt=str(prompt)):
            prompts = (prompt,)
        case _:
            prompts = ()
    own = languages or (variables["language"],)
    return " ".join(_spoken(catalog, variables, one, prompt) for one in own for prompt in prompts)


def _spoken(catalog: Catalog, variables: dict[str, str], language: str, prompt: str) -> str:
    text = catalog.text(language, prompt) or f"[{prompt}]"
    return _SLOT.sub(lambda slot: variables.get(slot[1], f"[{slot[1]}]") + _UNITS.get(slot[2], ""), text)


def _answer(do: d.Do, left: list[str], settings: Settings) -> d.Outcome:
    """The outcome the next input gives; silence when there is none."""
    quiet, words, pattern = _answers(do, settings)
    if isinstance(do, d.Note) and (not left or left[0] not in words):
        return quiet  # nobody needs to say whether a problem is new
    if isinstance(do, d.SignIn | d.AskAgent) and not (
        left and (left[0] in words or (pattern and re.fullmatch(pattern, left[0])))
    ):
        return quiet  # nor who is an agent, and that they get what they ask for
    if not words and not pattern:
        return None
    if not left:
        return quiet
    word = left.pop(0)
    looks = isinstance(do, d.Look | d.Entitle)
    if word == "-" and not looks:
        return quiet
    if (
        word in words
        or (pattern and re.fullmatch(pattern, word))
        or (isinstance(do, d.Post) and _is_json(word))
    ):
        return _outcome(do, word, settings)
    wanted = [*words, *([] if looks else ["- for silence"])]
    digits = [f"up to {do.most} digits"] if isinstance(do, d.Collect) else []
    what = f"step '{do.step}', action {do.index + 1} ({_name(do)})"
    raise RehearsalError(f"'{word}' is no answer at {what}; give {', '.join([*digits, *wanted])}", ())


def untold(do: d.Do) -> bool:
    """Does it look something up, or keep it, without anybody hearing of it? Then it has no line."""
    return isinstance(do, d.Recall | d.Remember)


def is_known(do: d.Do, settings: Settings, given: Given) -> bool:
    """Whether the site itself answers, not the person who rehearses."""
    match do:
        case d.Look(what="hours"):
            return given.at is not None
        case d.Note(what="request", data=data):
            problem = settings.problems.get(data.get("code") or "")
            return problem is None or not problem.work_order or data["kind"] != "action"
        case d.Transfer(to=to):
            return way_out(settings.outbound, to) is None
        case d.Look(what="article" | "outbound" | "pause_reasons" | "wrap_up_codes") | d.Note() | d.Recall():
            return True
        case _:
            return False


def _known(do: d.Do, settings: Settings, given: Given) -> d.Outcome:
    match do:
        case d.Look(what="hours", name=name):
            return str(hours.verdict(settings, name, given.at or 0.0).state)
        case d.Transfer():
            return "failed"
        case d.Look(what="outbound", name=number):
            out = way_out(settings.outbound, number)
            return None if out is None else out.number
        case d.Look(what="pause_reasons" | "wrap_up_codes" as what, name=agent):
            return json.dumps(_choices(what, agent, settings))
        case d.Look(name=name):
            article = settings.articles.get(name)
            return None if article is None else json.dumps(asdict(article))
        case d.Note(what="request"):
            return Noted("1").text()
        case d.Recall(languages=languages) if given.remembered in languages:
            return given.remembered
        case _:
            return None


def _choices(what: str, agent: str, settings: Settings) -> Sequence[Mapping[str, str | bool | None]]:
    """What an agent chooses from; of the codes those of the first of their queues that has some."""
    if what == "pause_reasons":
        return [{"name": one.name, "prompt": one.prompt} for one in settings.pause_reasons.values()]
    queues = settings.agents[agent].queues if agent in settings.agents else ()
    codes = next((rule.wrap_up_codes for name in queues if (rule := settings.queues[name]).wrap_up_codes), ())
    return [settings.wrap_up_codes[code].choice for code in codes]


def _let_in(agent: str, settings: Settings) -> d.Outcome:
    """An agent of the site, and the language they are spoken to in."""
    rule = settings.agents.get(agent)
    return REFUSED if rule is None else f"{agent} {rule.language or ''}".strip()


def silence(do: d.Do, settings: Settings) -> d.Outcome:
    """What comes of something asked for where the caller does nothing and nobody answers."""
    given = Given()
    return _known(do, settings, given) if is_known(do, settings, given) else _answer(do, [], settings)


def _outcome(do: d.Do, word: str, settings: Settings) -> d.Outcome:
    """What an input stands for."""
    match do:
        case d.Collect(secret=True):
            return d.hidden(word)
        case d.Capture():
            return "their-own-words"
        case d.Post():
            return None if word == "failed" else _answered(do, word)
        case d.Entitle() if word == AGAIN:
            return AGAIN
        case d.Entitle(source=source, number=number):
            outcome, _, level = word.partition(":")
            rule = settings.entitlement.get(source)
            opened = outcome == Standing.UNREACHABLE and rule is not None and rule.on_failure == "open"
            known = number if outcome == Standing.ENTITLED else ""
            return Answer(Standing(outcome), opened or outcome == Standing.ENTITLED, known, "", level).text()
        case d.SignIn() if word == "let_in" or word.startswith("phone:"):
            return _let_in(do.number or word.partition(":")[2], settings)
        case d.SignIn():
            return None if word == "stranger" else word
        case d.Book():
            return "booked" if word == "agreed" else None
        case d.Look(what="bulletins"):
            prompts = [] if word == "none" else word.split(",")
            return json.dumps([{"name": prompt, "prompt": prompt, "scope": {}} for prompt in prompts])
        case d.Look(what="requests"):
            return json.dumps([_request(one) for one in word.split(",") if one != "none"])
        case d.Note():
            return Noted("1", "1", word == "known").text()
        case _:
            return word


def _request(word: str) -> dict[str, Any]:
    """`17:open` or `17:open:3` as one of a caller's requests."""
    number, state, *order = word.split(":")
    return {"number": int(number), "state": state, "work_order": int(order[0]) if order else None}


def _answered(do: d.Post, word: str) -> d.Outcome:
    """`state=on its way,eta=14:00` as a service's answer; fields that are not given are empty."""
    given = json.loads(word) if word.startswith("{") else dict(_pairs(word))
    return json.dumps({name: given.get(name, "") for name in do.fields})


def _pairs(word: str) -> Iterator[list[str]]:
    return (pair.split("=", 1) for pair in word.split(",") if "=" in pair)


def _is_json(word: str) -> bool:
    """Whether this is an object of texts."""
    try:
        told = json.loads(word)
    except ValueError:
        return False
    return isinstance(told, dict) and all(isinstance(value, str) for value in told.values())


def _answers(do: d.Do, settings: Settings) -> tuple[d.Outcome, tuple[str, ...], str]:
    """What silence gives at this point, the words that can be given, and a pattern for others."""
    match do:
        case d.Choose():
            return None, do.keys, f"[0-9*#]{_SAID if do.says else ''}"
        case d.Collect():
            return None, (), f"[0-9]{{1,{do.most}}}{_SAID if do.says else ''}"
        case d.Book():
            return None, ("agreed", "refused"), ""
        case d.RingBack():
            return "unreached", ("done", "unreached", "timeout", "cancelled"), ""
        case d.Look(what="bulletins"):
            return "[]", ("none",), r"[a-z]\w*(,[a-z]\w*)*"
        case d.Look(what="requests"):
            one = f"[0-9]{{1,9}}:({'|'.join(REQUEST_STATES)})(:[0-9]{{1,9}})?"
            return "[]", ("none",), f"{one}(,{one})*"
        case d.Post():
            return None, ("failed",), r"\w+=.*" if do.fields else "ok"
        case d.Look():
            return Door.OPEN.value, tuple(door.value for door in Door), ""
        case d.Entitle(source=source):
            rule = settings.entitlement.get(source)
            levels = rule.levels if rule else ()
            granted = [f"{Standing.ENTITLED}:{level}" for level in levels]
            others = f"(expired|blocked):({'|'.join(map(re.escape, levels))})" if levels else ""
            lost = [f"({AGAIN})"] if do.by == "pin" else []
            pattern = "|".join([*lost, *filter(None, [others])])
            return Answer(Standing.UNKNOWN, False).text(), (*map(str, Standing), *granted), pattern
        case d.Enqueue():
            return "timeout", ("done", "timeout", "full", "unstaffed", "closed", *do.keys), ""
        case d.Transfer():
            return "failed", ("answered", "failed", *do.keys), ""
        case d.Record():
            return "none", ("left", "none"), ""
        case d.Rule():
            return "refused", ("set", "refused"), ""
        case d.SignIn(number=""):
            return None, ("stranger",), f"phone:({'|'.join(map(re.escape, settings.agents))})"
        case d.SignIn(number=number):
            return _let_in(number, settings), ("let_in", REFUSED, BLOCKED, AGAIN), ""
        case d.AskAgent(word=word):
            return _BECOMES.get(word, "ready"), (*STANDS, *CANNOT), ""
        case d.Note():
            return Noted("1", "1").text(), ("known", "new"), ""
        case d.Capture():
            return None, ("said",), ""
        case _:
            return None, (), ""


def _name(do: d.Do) -> str:
    match do:
        case d.Choose():
            return f"a choice, prompt '{do.prompt}'"
        case d.Collect():
            return f"digits, prompt '{do.prompt}'"
        case d.Post():
            return f"service '{do.service}'"
        case d.Book():
            return f"keeping a place in '{do.queue}'"
        case d.RingBack():
            return f"being rung back from '{do.queue}'"
        case d.Look(what="bulletins"):
            return "the known outages"
        case d.Look(what="requests"):
            return "the caller's requests"
        case d.Look():
            return f"hours '{do.name}'"
        case d.Entitle():
            return f"entitlement '{do.source}'"
        case d.Enqueue():
            return f"waiting in queue '{do.queue}'"
        case d.Transfer():
            return f"the transfer to '{do.to}'"
        case d.Rule():
            return f"overriding '{do.schedule}'"
        case d.SignIn():
            return "signing in as an agent"
        case d.AskAgent():
            return f"what agent '{do.agent}' asks for"
        case _:
            return "the voicemail"
