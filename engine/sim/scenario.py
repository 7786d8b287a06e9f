"""Scenarios: what callers and agents do, on a time line, and what must come of it. One truth for both worlds.

    about: a caller presses a wrong key twice, then waits and is answered
    number: "100"                        # dialled
    from: "+359888000001"
    caller: [{wait: 2s}, {press: "9"}, {wait: 3s}, {press: "1"}, stay]
    agents:
      "2001": {ring: 1s, then: answer, talk: 3s}
    outside: {"400@provider": {ring: 1s, then: busy}}
    ready: ["2001"]
    expect: {outcome: answered, agent: "2001"}

A caller does one thing after the other, from the moment the call is answered:

    wait: 2s        is silent for so long        press: "12"     sends keys, a fifth of a second apart
    talk: 5s        makes sound for so long      hangup          puts the phone down
    say: "sales"    says words                   stay            stays until the other side ends the call

Words are heard as `say: sales (0.6)` tells with a confidence of 0.6, else as surely as can be.

The last thing is `hangup` or `stay`, and nothing follows either. Several callers: `callers:`, a list of mappings with `from`, `caller`,
`expect`, optionally `number` and `at` (when they dial, after the first); the same `from` twice is somebody who calls once more. An
agent's phone rings for `ring`, and `then` it
answers, rejects (603), is busy (486), or gives no_answer; after `talk` the agent hangs up, without `talk` the caller does. One that
answers may `press` keys two seconds later.
Instead of `talk` and `press` a phone that answers may have `does`, a list like a caller's, in which it can also

    hold, unhold             put the other side on hold (a re-INVITE), and take it back
    refer: "2003"            ask for the other side to be transferred there (a REFER)
    dial: "2003"             call somebody with a second call of its own, and wait until they answer
    join                     ask for the other sides of both calls to be brought together (a REFER with Replaces)
    drop                     put the second call down

A phone that dials registers with the password `phone-` and its name. `calls` are what such phones dial while they are in no call:
`{from: "2003", number: "*71", at: 9s, caller: [{wait: 4s}, hangup]}`.
A phone that is not mentioned is switched off. `outside` are phones that calls go out to, by number and trunk; one that is not mentioned
does not exist. `expect` names fields of the contact record; a list allows any of its values.
`orders` are what people ask of conversations by command, `at` so long after the first call:
`{at: 5s, who: "2001", do: transfer, to: "agent 2002"}`.
`race: yes` says that two things happen at the same moment, so that either world may order them differently.

`engine.sim.people` plays a scenario on the simulated Asterisk, `engine.sim.sipp` compiles it for a real one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml

from engine.errors import SetupError
from engine.speech.scripted import WORD

#: Seconds between the keys of one `press`. Asterisk takes a key for 100 ms and then wants a gap of 45 ms; keys that are sent whole, in one
#: packet, and faster than that reach the application twice (measured).
KEY_GAP: Final = 0.2
#: Seconds a caller who stays, or an agent who talks without an end, holds out at most.
LONGEST: Final = 120.0
#: Seconds after picking up at which a phone presses its keys.
PRESSED: Final = 2.0
#: Stands behind the number of somebody who calls once more.
AGAIN: Final = " again"
KEYS: Final = re.compile(r"[0-9*#]+")
_SAID: Final = re.compile(r"(?P<words>[^\W\d_]+(?: [^\W\d_]+)*)(?: \((?P<confidence>0(?:\.\d+)?|1)\))?")


@dataclass(frozen=True, slots=True)
class Wait:
    """Be silent."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Talk:
    """Make sound."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Press:
    """Send keys."""

    keys: str


@dataclass(frozen=True, slots=True)
class Say:
    """Say words, which a recogniser is so sure of."""

    words: str
    confidence: float = 1.0

    @property
    def seconds(self) -> float:
        """How long that takes."""
        return len(self.words.split()) * WORD


@dataclass(frozen=True, slots=True)
class HangUp:
    """Put the phone down."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Stay until the other side ends the call."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Put the other side on hold, or (`on` is False) take it back."""

    on: bool


@dataclass(frozen=True, slots=True)
class Refer:
    """Ask for the other side to be transferred to a number."""

    to: str


@dataclass(frozen=True, slots=True)
class Dial:
    """Call somebody with a second call, while the first one goes on."""

    to: str


@dataclass(frozen=True, slots=True)
class Join:
    """Ask for the other side of the first call to take this phone's place in the second one."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Put the second call down."""


Act = Wait | Talk | Press | Say | HangUp | Stay | Hold | Refer | Dial | Join | Drop


def password_of(phone: str) -> str:
    """The password with which a phone of the house proves itself."""
    return f"phone-{phone}"


class Then(StrEnum):
    """What becomes of a ringing phone."""

    ANSWER = "answer"
    REJECT = "reject"
    BUSY = "busy"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """How an agent's phone behaves, each time it is called. `talk` None: until the other side hangs up; `press`: keys it sends."""

    name: str
    ring: float = 0.0
    then: Then = Then.ANSWER
    talk: float | None = None
    press: str = ""
    does: tuple[Act, ...] = ()

    @property
    def dials(self) -> bool:
        """Does it make calls of its own?"""
        return any(isinstance(act, Dial) for act in self.does)

    @property
    def password(self) -> str:
        """That of a phone which registers."""
        return password_of(self.name)


@dataclass(frozen=True, slots=True)
class CallerPlan:
    """One caller: who dials what when, what they do, and what their contact record must say."""

    from_number: str
    number: str
    does: tuple[Act, ...]
    expect: Mapping[str, tuple[Any, ...]]
    at: float = 0.0
    #: They have called before in this scenario, once.
    again: bool = False

    @property
    def known_as(self) -> str:
        """By what this call is told from all others of the scenario."""
        return self.from_number + AGAIN if self.again else self.from_number


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """What somebody asks of a conversation by command, `at` seconds after the first caller dials."""

    at: float
    who: str
    do: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, checked."""

    name: str
    about: str
    callers: tuple[CallerPlan, ...]
    agents: Mapping[str, AgentPlan] = field(default_factory=dict)
    ready: tuple[str, ...] = ()
    race: bool = False
    outside: Mapping[str, AgentPlan] = field(default_factory=dict)
    orders: tuple[OrderPlan, ...] = ()
    #: What phones of the house dial that are in no call; they prove themselves.
    calls: tuple[CallerPlan, ...] = ()

    @property
    def speaks(self) -> bool:
        """Does anybody in it say words?"""
        return any(isinstance(act, Say) for caller in self.callers for act in caller.does)


def load_scenarios(folder: Path) -> list[Scenario]:
    """Every scenario of a folder, by name. Raises SetupError for the first that cannot be used."""
    return [load_scenario(path) for path in sorted(folder.glob("*.yaml"))]


def load_scenario(path: Path) -> Scenario:
    """Read one scenario. Raises SetupError with one sentence: what is wrong, where, what to write instead."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SetupError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}") from error
    return _Reader(str(path)).scenario(path.stem, document)


def differences(expect: Mapping[str, tuple[Any, ...]], record: Mapping[str, Any]) -> list[str]:
    """What a contact record says otherwise than expected, one sentence each."""
    return [
        f"{name} is {record.get(name)!r}, expected {' or '.join(map(repr, allowed))}"
        for name, allowed in expect.items()
        if record.get(name) not in allowed
    ]


_SECONDS: Final = re.compile(r"(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?|(\d+)ms")
_SCENARIO: Final = (
    "about",
    "number",
    "from",
    "caller",
    "expect",
    "callers",
    "agents",
    "outside",
    "orders",
    "calls",
    "ready",
    "race",
)
_ACTS: Final = ("wait", "talk", "press", "say", "hangup", "stay")
_PHONE_ACTS: Final = ("hold", "unhold", "refer", "dial", "join", "drop")
_CALLER: Final = ("from", "number", "caller", "expect", "at")
_CALL: Final = ("from", "number", "caller", "at")


class _Reader:
    """Builds a scenario; every complaint names its file and place."""

    def __init__(self, file: str) -> None:
        self._file = file

    def wrong(self, where: str, what: str) -> SetupError:
        return SetupError(f"{self._file}: {where}: {what}")

    def scenario(self, name: str, document: Any) -> Scenario:
        given = self._mapping("the file", document, _SCENARIO)
        about = given.get("about")
        if not isinstance(about, str):
            raise self.wrong("about", "say in one sentence what happens")
        plans, outside = self._phones("agents", given), self._phones("outside", given)
        for phone in outside:
            if not re.fullmatch(r"\+?\d+@\w+", phone):
                raise self.wrong(f"outside.{phone}", 'write number and trunk, such as "400@provider"')
        return Scenario(
            name,
            about,
            tuple(self._callers(given)),
            plans,
            tuple(map(str, self._list("ready", given.get("ready") or []))),
            given.get("race") is True,
            outside,
            tuple(self._orders(given.get("orders") or [])),
            tuple(self._calls(given.get("calls") or [])),
        )

    def _calls(self, given: Any) -> Iterable[CallerPlan]:
        for index, one in enumerate(self._list("calls", given)):
            where = f"calls[{index}]"
            call = self._mapping(where, one, _CALL)
            yield self._caller(f"{where}.", {**call, "expect": {}}, None)

    def _orders(self, given: Any) -> Iterable[OrderPlan]:
        for index, one in enumerate(self._list("orders", given)):
            where = f"orders[{index}]"
            order = self._mapping(where, one, ("at", "who", "do", "to"))
            for key in ("who", "do"):
                if not isinstance(order.get(key), str):
                    raise self.wrong(f"{where}.{key}", "is missing, or no text")
            at = self._seconds(f"{where}.at", order.get("at"))
            yield OrderPlan(at, order["who"], order["do"], str(order.get("to") or ""))

    def _phones(self, section: str, given: Mapping[str, Any]) -> dict[str, AgentPlan]:
        plans = self._mapping(section, given.get(section) or {})
        return {str(name): self._agent(section, str(name), plan) for name, plan in plans.items()}

    def _callers(self, given: Mapping[str, Any]) -> Iterable[CallerPlan]:
        if "callers" not in given:
            yield self._caller("", {key: given[key] for key in _CALLER if key in given}, None)
            return
        for key in ("caller", "from", "expect"):
            if key in given:
                raise self.wrong(key, "write it inside `callers`, for each caller")
        before: set[str] = set()
        for index, one in enumerate(self._list("callers", given["callers"])):
            where = f"callers[{index}]."
            plan = self._caller(where, self._mapping(where.rstrip("."), one, _CALLER), given.get("number"))
            yield replace(plan, again=plan.from_number in before)
            before.add(plan.from_number)

    def _caller(self, where: str, given: Mapping[str, Any], number: Any) -> CallerPlan:
        for key in ("from", "caller", "expect"):
            if key not in given:
                raise self.wrong(where + key, "is missing")
        number = given.get("number", number)
        for key, value in (("from", given["from"]), ("number", number)):
            if not isinstance(value, str) or not re.fullmatch(r"[+*]?[\w.-]+", value):
                raise self.wrong(where + key, f'{value!r} is no number; write it in quotes, such as "100"')
        expect = self._mapping(where + "expect", given["expect"])
        return CallerPlan(
            given["from"],
            str(number),
            self._acts(where + "caller", given["caller"]),
            {name: tuple(v) if isinstance(v, list) else (v,) for name, v in expect.items()},
            self._seconds(where + "at", given.get("at", "0s")),
        )

    def _acts(self, where: str, given: Any, phone: bool = False) -> tuple[Act, ...]:
        acts = tuple(self._act(f"{where}[{n}]", one, phone) for n, one in enumerate(self._list(where, given)))
        ends = [isinstance(act, HangUp | Stay) for act in acts]
        if not acts or not ends[-1] or any(ends[:-1]):
            raise self.wrong(where, "end with `hangup` or `stay`, and let nothing follow")
        return acts

    def _act(self, where: str, given: Any, phone: bool) -> Act:
        if isinstance(given, str):
            given = {given: None}
        one = self._mapping(where, given, (*_ACTS, *(_PHONE_ACTS if phone else ())))
        if len(one) != 1:
            raise self.wrong(where, "write one thing to do")
        ((what, value),) = one.items()
        match what:
            case "wait":
                return Wait(self._seconds(where, value))
            case "talk":
                return Talk(self._seconds(where, value))
            case "press":
                if not isinstance(value, str) or not KEYS.fullmatch(value):
                    raise self.wrong(where, f'{value!r} is no row of keys; write such as press: "1"')
                return Press(value)
            case "say":
                said = _SAID.fullmatch(value) if isinstance(value, str) else None
                if said is None:
                    raise self.wrong(where, f"{value!r} is no row of words; write such as say: sales please")
                return Say(said["words"], float(said["confidence"] or 1.0))
            case "hold" | "unhold":
                return Hold(what == "hold")
            case "refer" | "dial":
                if not isinstance(value, str) or not re.fullmatch(r"[+*]?\w+", value):
                    raise self.wrong(where, f'{value!r} is no number; write such as {what}: "2003"')
                return Refer(value) if what == "refer" else Dial(value)
            case "join":
                return Join()
            case "drop":
                return Drop()
            case "hangup":
                return HangUp()
        return Stay()

    def _agent(self, section: str, name: str, given: Any) -> AgentPlan:
        where = f"{section}.{name}"
        plan = self._mapping(where, given, ("ring", "then", "talk", "press", "does"))
        try:
            then = Then(plan.get("then", "answer"))
        except ValueError:
            allowed = ", ".join(Then)
            raise self.wrong(f"{where}.then", f"{plan['then']!r} is none of {allowed}") from None
        if "talk" in plan and then is not Then.ANSWER:
            raise self.wrong(f"{where}.talk", "only a phone that answers talks")
        press = plan.get("press", "")
        if press and (then is not Then.ANSWER or not isinstance(press, str) or not KEYS.fullmatch(press)):
            raise self.wrong(f"{where}.press", 'a phone that answers may press keys, such as press: "1"')
        if "does" in plan and (then is not Then.ANSWER or "talk" in plan or press):
            raise self.wrong(
                f"{where}.does", "only a phone that answers does things, and then without talk and press"
            )
        return AgentPlan(
            name,
            self._seconds(f"{where}.ring", plan.get("ring", "0s")),
            then,
            self._seconds(f"{where}.talk", plan["talk"]) if "talk" in plan else None,
            press,
            self._acts(f"{where}.does", plan["does"], phone=True) if "does" in plan else (),
        )

    def _seconds(self, where: str, value: Any) -> float:
        found = _SECONDS.fullmatch(value) if isinstance(value, str) and value else None
        if found is None:
            raise self.wrong(where, f"{value!r} is no time; write such as 2s, 500ms or 1m30s")
        minutes, seconds, milliseconds = found.groups(default="0")
        return int(minutes) * 60 + float(seconds) + int(milliseconds) / 1000

    def _list(self, where: str, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.wrong(where, f"{value!r} is no list")
        return value

    def _mapping(self, where: str, value: Any, known: tuple[str, ...] = ()) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(where, f"{value!r} holds no names with values")
        for key in value:
            if known and key not in known:
                raise self.wrong(where, f"{key!r} is not known; known: {', '.join(known)}")
        return value
