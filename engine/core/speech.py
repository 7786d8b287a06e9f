"""From what a recogniser tells to what a caller has chosen: match, confirm, no match, or wait. How it is decided:

1. In the words, every phrase of the step is looked for, the longest first; what lies between counts as something else.
2. A choice's score is the mean confidence of its phrase's words. The margin is by how much it is ahead: of the second choice's
   score, and of what the recogniser itself leaves to all other words (1 less the score), whichever is nearer.
3. Cover is the share of the spoken time that the phrase takes: "sales" alone covers all, "I saw him sail away" little.
4. A final hypothesis is a match where score, margin and cover are good, one to confirm where they are fair, and else no match.
   One in which nothing was understood is nobody's attempt: a cough, a door.
5. A partial one is decided early where it has stood for a quarter of a second, is better than good, and no other choice's phrase
   begins with the same words.

All figures stand in `Trust`. Whatever is decided says why, and is plain data for an event. After `KEYS_ONLY_AFTER` attempts in vain the
caller is told keys only; words are heard all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from engine.core.heard import UNKNOWN, Hypothesis, Word
from engine.core.spoken_numbers import plain, readings

#: Attempts in vain after which a step speaks of keys only.
KEYS_ONLY_AFTER: Final = 2


@dataclass(frozen=True, slots=True)
class Trust:
    """From where on a recogniser is believed: shares from 0 to 1, and seconds."""

    good: float = 0.85
    fair: float = 0.45
    better: float = 0.9
    margin: float = 0.3
    cover: float = 0.5
    little_cover: float = 0.25
    steady: float = 0.25
    shortest: float = 0.2  # seconds of unknown speech that count as an attempt


TRUST: Final = Trust()


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be said in a step: each phrase, and the choice it stands for."""

    phrases: Mapping[str, str]

    @classmethod
    def of(cls, words: Mapping[str, Iterable[str]]) -> Choices:
        """From the phrases of each choice; a phrase of two choices stands for the first."""
        pairs = ((plain(phrase), choice) for choice, phrases in words.items() for phrase in phrases)
        known: dict[str, str] = {}
        for phrase, choice in pairs:
            if phrase:
                known.setdefault(phrase, choice)
        return cls(known)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """What a recogniser is limited to."""
        return tuple(self.phrases)


@dataclass(frozen=True, slots=True)
class Score:
    """How well one choice was heard."""

    choice: str
    phrase: str
    score: float
    cover: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from what was heard: `verdict` is match, confirm, no_match or wait; `choice` is empty with the last two."""

    verdict: str
    choice: str
    why: str
    scores: tuple[Score, ...] = ()

    def told(self) -> dict[str, Any]:
        """As JSON values, for an event."""
        return asdict(self) | {"scores": [asdict(one) for one in self.scores]}


def keys_only(failed: int) -> bool:
    """After so many attempts in vain, does the step speak of keys only?"""
    return failed >= KEYS_ONLY_AFTER


def decide(choices: Choices, heard: Hypothesis, trust: Trust = TRUST) -> Decision:
    """What a hypothesis means in a step."""
    scores = tuple(sorted(_scores(choices, heard.words), key=lambda one: -one.score))
    if not heard.final:
        return _early(choices, heard, scores, trust)
    if not scores:
        return _nothing(heard, trust)
    best, margin = scores[0], _margin(scores)
    if best.score >= trust.good and margin >= trust.margin and best.cover >= trust.cover:
        return Decision("match", best.choice, "clear", scores)
    if best.score >= trust.fair and best.cover >= trust.little_cover:
        return Decision("confirm", best.choice, _doubt(best, margin, trust), scores)
    return Decision("no_match", "", _doubt(best, margin, trust), scores)


def _doubt(best: Score, margin: float, trust: Trust) -> str:
    """Which figure was not good."""
    if best.score < trust.good:
        return "unsure"
    return "close" if margin < trust.margin else "among_other_words"


def _nothing(heard: Hypothesis, trust: Trust) -> Decision:
    """No phrase of the step was heard."""
    seconds = sum(word.end - word.start for word in heard.words)
    if seconds < trust.shortest:
        return Decision("wait", "", "nothing_understood")
    return Decision("no_match", "", "other_words")


def _early(choices: Choices, heard: Hypothesis, scores: tuple[Score, ...], trust: Trust) -> Decision:
    """What a partial hypothesis is enough for."""
    if not scores:
        return Decision("wait", "", "nothing_yet")
    best = scores[0]
    said = heard.text
    if any(
        phrase.startswith(f"{best.phrase} ") and choice != best.choice
        for phrase, choice in choices.phrases.items()
    ):
        return Decision("wait", "", "may_go_on", scores)
    clear = best.score >= trust.better and _margin(scores) >= trust.margin and said.endswith(best.phrase)
    if clear and best.cover >= trust.cover and heard.steady >= trust.steady:
        return Decision("match", best.choice, "early", scores)
    return Decision("wait", "", "not_steady" if clear else "unsure", scores)


def _margin(scores: Sequence[Score]) -> float:
    """By how much the best is ahead of the second, and of all that the recogniser holds possible besides."""
    best = scores[0].score
    second = scores[1].score if len(scores) > 1 else 0.0
    return min(best - second, best - (1 - best))


def _scores(choices: Choices, words: Sequence[Word]) -> Iterator[Score]:
    """The choices that were heard, each with its best phrase."""
    best: dict[str, Score] = {}
    spoken = sum(word.end - word.start for word in words)
    for phrase, found in _found(choices, words):
        choice = choices.phrases[phrase]
        score = sum(word.confidence for word in found) / len(found)
        cover = sum(word.end - word.start for word in found) / spoken if spoken > 0 else 1.0
        one = Score(choice, phrase, round(score, 3), round(cover, 3))
        if choice not in best or (best[choice].score, best[choice].cover) < (one.score, one.cover):
            best[choice] = one
    yield from best.values()


def _found(choices: Choices, words: Sequence[Word]) -> Iterator[tuple[str, Sequence[Word]]]:
    """The phrases in the words from left to right, at each place the longest."""
    longest = max((len(phrase.split()) for phrase in choices.phrases), default=0)
    place = 0
    while place < len(words):
        for count in range(min(longest, len(words) - place), 0, -1):
            found = words[place : place + count]
            phrase = " ".join(word.text for word in found)
            if phrase in choices.phrases:
                yield phrase, found
                place += count
                break
        else:
            place += 1


@dataclass(frozen=True, slots=True)
class Digits:
    """A number that is asked for: so many digits, in the words of a language."""

    language: str
    least: int
    most: int


#: What a caller has entered, in order: keys they pressed, or what they said.
Entered = str | Hypothesis


def decide_digits(
    digits: Digits, entered: Sequence[Entered], over: bool = False, trust: Trust = TRUST
) -> Decision:
    """What keys and words are together: a match or one to confirm once there are `most` digits, or at least `least` and it is `over`.

    `choice` is then the digits. Keys are certain; words are as certain as the least certain of them.
    """
    said = [piece for piece in entered if isinstance(piece, Hypothesis)]
    if said and not said[-1].final:
        return Decision("wait", "", "nothing_yet")
    sure = _surest(said)
    fitting = [one for one in _entered(digits, entered) if digits.least <= len(one) <= digits.most]
    whole = [one for one in fitting if len(one) == digits.most or over]
    if not whole:
        return _not_whole(digits, entered, over)
    choice = whole[0]
    scores = tuple(Score(one, one, sure, 1.0) for one in whole[:3])
    if said and len(whole) > 1:
        return Decision("confirm", choice, "close", scores)
    if sure >= trust.good:
        return Decision("match", choice, "clear", scores)
    return Decision(
        "confirm" if sure >= trust.fair else "no_match",
        choice if sure >= trust.fair else "",
        "unsure",
        scores,
    )


def _not_whole(digits: Digits, entered: Sequence[Entered], over: bool) -> Decision:
    """There are too few digits, too many, or words that are none."""
    known = list(_entered(digits, entered))
    if not known:
        return Decision("no_match", "", "other_words")
    if min(map(len, known)) > digits.most:
        return Decision("no_match", "", "too_many")
    if over and any(known):
        return Decision("no_match", "", "too_few")
    return Decision("wait", "", "more_to_come")


def _entered(digits: Digits, entered: Sequence[Entered]) -> list[str]:
    """Every string of digits that was entered, likelier ones first; none where words are no number."""
    known = [""]
    for piece in entered:
        known = [before + one for before in known for one in _readings(digits.language, piece)][:64]
    return list(dict.fromkeys(known))


def _readings(language: str, piece: Entered) -> tuple[str, ...]:
    """What one piece can be; words that are none of a number's around it do not count."""
    if isinstance(piece, str):
        return (piece,)
    words = [word.text for word in piece.words]
    while words and words[0] == UNKNOWN:
        words.pop(0)
    while words and words[-1] == UNKNOWN:
        words.pop()
    return readings(words, language) if words else ("",)


def _surest(said: Sequence[Hypothesis]) -> float:
    """The confidence of the least certain word; keys alone are certain."""
    return min((word.confidence for one in said for word in one.words if word.text != UNKNOWN), default=1.0)
