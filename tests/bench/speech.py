"""How well callers' words are heard: `python -m tests.bench.speech` (or `make bench-speech`; MODEL=FOLDER for another model).

The fetched English model hears what voices say over a telephone (`tests.bench.spoken`), 20 ms at a time, as a listener's process does
it, and `engine.core.speech` decides. Measured are, clean, in babble and in noise 15 dB below the speech:

    menu       of 12 choices: right at once; right once the caller has confirmed it; a wrong choice taken
    unrelated  phrases that are none of the menu's: taken for a choice all the same
    digits     strings of 6: right at once, or once confirmed
    end        from the end of the words to the final hypothesis, in seconds of sound
    cpu        of a stream in which somebody speaks half of the time

Without a model there is nothing to measure, and it says so.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from engine.core.heard import Hypothesis
from engine.core.speech import Choices, Decision, Digits, decide, decide_digits
from engine.core.spoken_numbers import vocabulary
from engine.speech.decoder import VoskModel
from engine.speech.known import is_model
from engine.speech.listener import Listener
from engine.speech.models import fetched
from engine.speech.port import RATE
from tests.bench import spoken
from tests.bench.figure import Figure, show

LINES = ("", "babble", "noise")
#: Targets by line: right once confirmed, of menu and digits; phrases taken wrongly.
RIGHT = {"": 0.95, "babble": 0.85, "noise": 0.85}
DIGITS = 0.85
FALSE = 0.05
#: Streams a core that 25 callers leave of one, and what a final hypothesis may take.
CPU = 1 / 25
END = 0.4


@dataclass(slots=True)
class Tally:
    """What came of many tries: each verdict with whether it was the right choice, and what it cost."""

    results: list[tuple[str, bool]] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    def share(self, *wanted: tuple[str, bool]) -> float:
        """Which part of the tries came out as one of these."""
        return sum(one in wanted for one in self.results) / max(1, len(self.results))


def heard(model: VoskModel, phrases: Sequence[str], sound: bytes, tally: Tally) -> list[Hypothesis]:
    """The final hypotheses of some sound; notes what hearing it cost."""
    began = time.process_time()
    listener, found = Listener(model.decoder(phrases)), []
    for start in range(0, len(sound), RATE // 25):
        found += [
            one for one in listener.push(sound[start : start + RATE // 25]) if isinstance(one, Hypothesis)
        ]
    found += listener.finish()
    tally.cpu.append((time.process_time() - began) / (len(sound) / RATE / 2))
    finals = [one for one in found if one.final]
    tally.ends += [finals[-1].at - (len(sound) / RATE / 2 - 1)] if finals else []
    return finals


def menu(model: VoskModel, under: str) -> tuple[Tally, Tally]:
    """The menu's phrases in every voice, and phrases that are none of it."""
    choices, right, wrong = Choices.of(spoken.MENU), Tally(), Tally()
    for seed, (voice, text, choice) in enumerate(said()):
        tally = right if choice else wrong
        sound = spoken.line(spoken.spoken(voice, text), under=under, seed=seed)
        decision = first([decide(choices, one) for one in heard(model, choices.vocabulary, sound, tally)])
        tally.results.append((decision.verdict, decision.choice == choice))
    return right, wrong


def said() -> Iterator[tuple[str, str, str]]:
    """Voice, phrase, and the choice it stands for; empty: none."""
    for voice in spoken.voices():
        yield from ((voice, phrase, choice) for choice, phrases in spoken.MENU.items() for phrase in phrases)
        yield from ((voice, phrase, "") for phrase in spoken.UNRELATED)


def first(decisions: Sequence[Decision]) -> Decision:
    """What a call would act on: the first decision that is not to wait."""
    return next((one for one in decisions if one.verdict != "wait"), Decision("wait", "", "nothing"))


def digits(model: VoskModel, under: str) -> Tally:
    """Strings of six digits, said singly."""
    tally, asked = Tally(), Digits("en", 6, 6)
    for seed, (voice, string) in enumerate((v, s) for v in spoken.voices() for s in spoken.strings()):
        text = " ".join(spoken.WORDS[int(digit)] for digit in string)
        sound = spoken.line(spoken.spoken(voice, text), under=under, seed=seed)
        decision = decide_digits(asked, heard(model, vocabulary("en"), sound, tally), over=True)
        tally.results.append((decision.verdict, decision.choice == string))
    return tally


def figures(model: VoskModel, under: str) -> Iterator[Figure]:
    """All that is measured on one line."""
    name = under or "clean"
    (right, wrong), numbers = menu(model, under), digits(model, under)
    at_once, confirmed = right.share(("match", True)), right.share(("match", True), ("confirm", True))
    yield Figure(f"{name}: menu, right at once", "", [at_once])
    yield least(f"{name}: menu, right once confirmed", confirmed, RIGHT[under])
    yield Figure(f"{name}: menu, a wrong choice taken", "", [right.share(("match", False))])
    false = wrong.share(("match", False), ("match", True))
    yield Figure(f"{name}: unrelated, taken for a choice", "", [false], f"≤ {FALSE}", false <= FALSE)
    yield Figure(f"{name}: unrelated, asked whether", "", [wrong.share(("confirm", False))])
    yield Figure(f"{name}: 6 digits, right at once", "", [numbers.share(("match", True))])
    whole = numbers.share(("match", True), ("confirm", True))
    yield least(f"{name}: 6 digits, right once confirmed", whole, DIGITS)
    ends = sorted(right.ends)
    if ends:
        half = ends[len(ends) // 2]
        yield Figure(f"{name}: end of words to final", "s", ends, f"p50 ≤ {END}", half <= END)
    cpu = sum(right.cpu) / len(right.cpu)
    yield Figure(f"{name}: a stream's share of a core", "", right.cpu, f"mean ≤ {CPU}", cpu <= CPU)


def least(name: str, share: float, wanted: float) -> Figure:
    """A share that should be at least so much."""
    return Figure(name, "", [share], f"≥ {wanted}", share >= wanted)


def main() -> int:
    """Measure, print, and tell by the exit status whether a target was missed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.speech", description="How well words are heard."
    )
    parser.add_argument("--model", type=Path, help="the folder of an English model of Vosk's")
    folder, console = parser.parse_args().model or fetched("en"), Console()
    if folder is None or not is_model(folder):
        console.print(
            "There is no model to measure: run `make models`, or name the folder of an English one with --model."
        )
        return 0
    console.print(f"model {folder.name}, voices {', '.join(spoken.voices())}")
    model = VoskModel(str(folder))
    found = [figure for under in LINES for figure in figures(model, under)]
    show(found, console)
    return int(any(figure.met is False for figure in found))


if __name__ == "__main__":
    raise SystemExit(main())
