"""The verb by which agents sign in and out, pause, and say what a call was about, over any phone."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from engine.core.do import AskAgent, Choose, Collect, Do, Look, Outcome, Play, SignIn
from engine.core.entitlement import AGAIN, TRIES
from engine.core.flow import Action, Asking, DeskWord, DigitRange, PromptId, Seconds, StepName
from engine.core.resolution import NO, YES
from engine.core.way import Way

#: What a flow knows of the agent afterwards; the key that prompts of a choice speak; and what is asked for, by name.
AGENT, KEY, NUMBER, PIN = "agent.number", "agent.key", "agent.keyed", "agent.pin"
#: The keys of the menu. Any other one has it told again.
READY, PAUSE, CODE, STATE, SOMEBODY_ELSE, LOGOUT = "1", "2", "3", "4", "8", "9"
KEYS = (READY, PAUSE, CODE, STATE, SOMEBODY_ELSE, LOGOUT, "0")
#: Times the menu is told at most, and how often somebody may say nothing.
MOST_ROUNDS, MOST_SILENCE = 20, 2
#: Entries of a choice up to which one key is enough.
MOST_KEYS = 9


@dataclass(frozen=True, slots=True)
class AgentDesk(Action):
    """Let an agent be ready, pause, say what a call was about, hear how they stand, or log out.

    `menu` has all of it, told in the agent's own language; the others do one of these and go on. Agents are known by the phone they call
    from where it proves itself, or by number and PIN; a caller has three tries. Who is not signed in yet is, at the phone they call from.
    """

    silent_by: ClassVar[tuple[str, ...] | None] = None

    agent_desk: DeskWord
    _: KW_ONLY
    on_refused: StepName
    number: PromptId = PromptId("agent_number")
    number_digits: DigitRange = DigitRange(1, 8)
    pin: PromptId = PromptId("agent_pin")
    pin_digits: DigitRange = DigitRange(4, 8)
    wrong: PromptId = PromptId("agent_wrong")
    help: PromptId = PromptId("agent_menu")
    why: PromptId = PromptId("agent_why")
    about: PromptId = PromptId("agent_about")
    press: PromptId = PromptId("agent_press")
    resolved: PromptId = PromptId("agent_resolved")
    is_ready: PromptId = PromptId("agent_is_ready")
    is_paused: PromptId = PromptId("agent_is_paused")
    is_logged_out: PromptId = PromptId("agent_is_logged_out")
    is_in_wrap_up: PromptId = PromptId("agent_is_in_wrap_up")
    is_talking: PromptId = PromptId("agent_is_talking")
    is_in_own_call: PromptId = PromptId("agent_is_in_own_call")
    code_kept: PromptId = PromptId("agent_code_kept")
    code_wanted: PromptId = PromptId("agent_code_wanted")
    no_conversation: PromptId = PromptId("agent_no_conversation")
    no_phone: PromptId = PromptId("agent_no_phone")
    not_possible: PromptId = PromptId("agent_not_possible")
    timeout: Seconds = Seconds(6)

    def perform(self, way: Way) -> Asking:
        """Know them, then do what the word says."""
        way.set(AGENT, "")
        known = self._known(way, (yield SignIn(*way.here, "", "")))
        if not known and not (yield from self._prove(way)):
            return self.on_refused
        if self.agent_desk == "menu":
            return (yield from self._menu(way))
        yield from self._do(way, self.agent_desk)
        return None

    # --- who it is ---

    def _known(self, way: Way, came: Outcome) -> bool:
        """Is it an agent? Then they are spoken to in their language."""
        name, _, language = (came or "").partition(" ")
        if came is None or name in (REFUSED, BLOCKED, AGAIN):
            return False
        way.set(AGENT, name)
        if language in way.flow.languages:
            way.set("language", language)
        return True

    def _prove(self, way: Way) -> Generator[Do, Outcome, bool]:
        tries = TRIES
        while tries:
            number = yield from self._digits(way, self.number, self.number_digits, NUMBER)
            pin = (yield from self._digits(way, self.pin, self.pin_digits, PIN)) if number else None
            came = (yield SignIn(*way.here, number, PIN)) if number and pin else None
            if came == AGAIN:
                continue
            if self._known(way, came):
                return True
            if came == BLOCKED:
                return False
            tries -= 1
            yield from way.play(self.wrong)
        return False

    def _digits(
        self, way: Way, prompt: PromptId, digits: DigitRange, into: str
    ) -> Generator[Do, Outcome, str]:
        do = Collect(*way.here, prompt, digits.least, digits.most, self.timeout, into, into == PIN)
        came = way.heard((yield do)) or ""
        return came if len(came) >= digits.least else ""

    # --- what they want ---

    def _menu(self, way: Way) -> Generator[Do, Outcome, StepName | None]:
        yield from self._do(way, "state")
        quiet = 0
        for _ in range(MOST_ROUNDS):
            key = yield from way.choose(self.help, KEYS, self.timeout)
            quiet = 0 if key else quiet + 1
            if quiet == MOST_SILENCE:
                break
            if key == SOMEBODY_ELSE and not (yield from self._prove(way)):
                return self.on_refused
            if key in _WORDS:
                yield from self._do(way, _WORDS[key])
        return None

    def _do(self, way: Way, word: str) -> Generator[Do, Outcome, None]:
        value = resolved = ""
        if word in _LISTS:
            what, question = _LISTS[word], self.why if word == "pause" else self.about
            entries = json.loads((yield Look(*way.here, what, way.variables[AGENT])) or "[]")
            chosen = (yield from self._choice(way, question, entries)) if entries else {}
            if chosen is None:
                return
            value = str(chosen.get("name", ""))
            resolved = (yield from self._whether(way)) if chosen.get("ask") else ""
        came = yield AskAgent(*way.here, way.variables[AGENT], word, value, resolved)
        if word == "code" and came in STANDS:
            yield from way.play(self.code_kept)
        yield from way.play(self._says(came))

    def _choice(
        self, way: Way, question: PromptId, entries: Sequence[Mapping[str, Any]]
    ) -> Generator[Do, Outcome, Mapping[str, Any] | None]:
        """The entry that is chosen: each is told with its key, in the order of the file."""
        yield from way.play(question)
        *others, last = enumerate(entries, 1)
        for number, entry in others:
            way.set(KEY, str(number))
            yield Play(*way.here, (*filter(None, (entry["prompt"],)), self.press), True)
        way.set(KEY, str(last[0]))
        yield from way.play(last[1]["prompt"])
        came = way.heard((yield self._asked(way, len(entries)))) or ""
        index = int(came) - 1 if came.isdigit() else -1
        return entries[index] if 0 <= index < len(entries) else None

    def _whether(self, way: Way) -> Generator[Do, Outcome, str]:
        """Whether the matter is resolved, where the code asks; who presses nothing leaves that open."""
        key = yield from way.choose(self.resolved, tuple(_RESOLVED), self.timeout)
        return _RESOLVED.get(key or "", "")

    def _asked(self, way: Way, most: int) -> Do:
        if most <= MOST_KEYS:
            return Choose(*way.here, self.press, tuple(map(str, range(1, most + 1))), self.timeout)
        return Collect(*way.here, self.press, 1, len(str(most)), self.timeout, KEY)

    def _says(self, came: Outcome) -> PromptId:
        return {
            "ready": self.is_ready,
            "paused": self.is_paused,
            "logged_out": self.is_logged_out,
            "wrap_up": self.is_in_wrap_up,
            "talking": self.is_talking,
            "reserved": self.is_talking,
            "own_call": self.is_in_own_call,
            "code_wanted": self.code_wanted,
            "no_conversation": self.no_conversation,
            "no_phone": self.no_phone,
        }.get(came or "", self.not_possible)

    def gives(self) -> tuple[str, ...]:
        """Who it is; empty where that is not known."""
        return (AGENT,)

    def speaks(self) -> tuple[str, ...]:
        """The key of an entry of a choice."""
        return (KEY,)


#: Answers to a SignIn that let nobody in.
REFUSED, BLOCKED = "refused", "blocked"
#: How an agent can stand, and why something cannot be done: the answers to an AskAgent.
STANDS = ("ready", "paused", "logged_out", "wrap_up", "talking", "reserved", "own_call")
CANNOT = ("code_wanted", "no_conversation", "no_phone", "not_possible")
#: What is looked up before an agent can say which.
_LISTS = {"pause": "pause_reasons", "code": "wrap_up_codes"}
#: Keys that say whether the matter is resolved.
_RESOLVED = {"1": YES, "2": NO}
_WORDS = {READY: "ready", PAUSE: "pause", CODE: "code", STATE: "state", LOGOUT: "logout"}
