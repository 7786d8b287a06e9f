"""From what a recogniser tells to what a caller has chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.heard import UNKNOWN, Hypothesis, Word, hypothesis
from engine.core.speech import TRUST, Choices, Digits, decide, decide_digits, keys_only
from engine.core.spoken_numbers import numbers, plain, readings, vocabulary

MENU = Choices.of(
    {
        "sales": ["sales", "buy"],
        "message": ["leave a message"],
        "customer": ["customer"],
        "newcomer": ["customer to be", "new customer"],
        "yes": ["yes"],
        "operator": ["operator", "a person"],
        "repeat": ["repeat", "say it again"],
    }
)


def said(text: str, confidence: float = 1.0, *, final: bool = True, steady: float = 0.0) -> Hypothesis:
    """Words of 0.4 s each; `?` is an unknown one, `word*` is heard with half the confidence, `word~3` lasts three times as long."""
    words, at = [], 1.0
    for piece in text.split():
        bare, _, long = piece.partition("~")
        seconds = 0.4 * float(long or 1)
        half = bare.endswith("*")
        name = UNKNOWN if bare == "?" else bare.rstrip("*")
        words.append(Word(name, confidence / 2 if half else confidence, at, at + seconds))
        at += seconds
    return Hypothesis(tuple(words), final, at, steady)


CASES = [
    ("sales", 1.0, "match", "sales", "clear"),
    ("leave a message", 0.9, "match", "message", "clear"),
    ("? sales", 1.0, "match", "sales", "clear"),
    ("a person", 1.0, "match", "operator", "clear"),
    ("say it again", 1.0, "match", "repeat", "clear"),
    ("customer", 1.0, "match", "customer", "clear"),
    ("new customer", 1.0, "match", "newcomer", "clear"),
    ("sales sales", 0.9, "match", "sales", "clear"),
    ("buy sales", 0.9, "match", "sales", "clear"),
    ("sales", 0.6, "confirm", "sales", "unsure"),
    ("sales", 0.3, "no_match", "", "unsure"),
    ("leave a message*", 0.8, "confirm", "message", "unsure"),
    ("?~2 sales", 1.0, "confirm", "sales", "among_other_words"),
    ("?~9 sales", 1.0, "no_match", "", "among_other_words"),
    ("sales yes", 0.9, "confirm", "sales", "close"),
    ("leave a", 1.0, "no_match", "", "other_words"),
    ("?", 1.0, "no_match", "", "other_words"),
    ("?~0.3", 1.0, "wait", "", "nothing_understood"),
    ("", 1.0, "wait", "", "nothing_understood"),
]


@pytest.mark.parametrize(("words", "confidence", "verdict", "choice", "why"), CASES)
def test_what_was_said_is_a_match_one_to_confirm_or_none(
    words: str, confidence: float, verdict: str, choice: str, why: str
) -> None:
    decision = decide(MENU, said(words, confidence))
    assert (decision.verdict, decision.choice, decision.why) == (verdict, choice, why)


EARLY = [
    ("sales", 1.0, 0.3, "match", "early"),
    ("sales", 1.0, 0.1, "wait", "not_steady"),
    ("sales", 0.8, 0.3, "wait", "unsure"),
    ("customer", 1.0, 0.9, "wait", "may_go_on"),
    ("new customer", 1.0, 0.3, "match", "early"),
    ("sales ?", 1.0, 0.9, "wait", "unsure"),
    ("sales yes", 1.0, 0.9, "wait", "unsure"),
    ("leave a", 1.0, 0.9, "wait", "nothing_yet"),
    ("", 1.0, 0.9, "wait", "nothing_yet"),
]


@pytest.mark.parametrize(("words", "confidence", "steady", "verdict", "why"), EARLY)
def test_a_partial_hypothesis_is_enough_where_it_stands_and_nothing_else_begins_so(
    words: str, confidence: float, steady: float, verdict: str, why: str
) -> None:
    decision = decide(MENU, said(words, confidence, final=False, steady=steady))
    assert (decision.verdict, decision.why) == (verdict, why)


def test_a_decision_and_its_scores_are_plain_data_from_which_it_is_decided_again() -> None:
    heard = said("? sales", 0.91)
    told = json.loads(json.dumps({"heard": heard.told(), "decision": decide(MENU, heard).told()}))
    assert told["decision"]["scores"] == [{"choice": "sales", "phrase": "sales", "score": 0.91, "cover": 0.5}]
    assert decide(MENU, hypothesis(told["heard"])).told() == told["decision"]


def test_two_attempts_in_vain_are_enough_to_speak_of_keys_only() -> None:
    assert [keys_only(failed) for failed in range(4)] == [False, False, True, True]


WORDS = st.sampled_from([UNKNOWN, *sorted({word for phrase in MENU.phrases for word in phrase.split()})])
SHARES = st.floats(0, 1, allow_nan=False).map(lambda share: round(share, 3))


@st.composite
def hypotheses(draw: st.DrawFn) -> Hypothesis:
    """Any words, confidences and lengths."""
    words, at = [], 0.0
    for text in draw(st.lists(WORDS, max_size=6)):
        end = round(at + draw(st.integers(0, 200)) / 100, 2)
        words.append(Word(text, draw(SHARES), at, end))
        at = end
    return Hypothesis(tuple(words), draw(st.booleans()), at, draw(SHARES))


@given(hypotheses())
def test_whatever_is_heard_a_choice_is_one_whose_words_were_heard(heard: Hypothesis) -> None:
    decision = decide(MENU, heard)
    if decision.verdict in ("match", "confirm"):
        best = decision.scores[0]
        assert best.choice == decision.choice == MENU.phrases[best.phrase]
        assert f" {best.phrase} " in f" {heard.text} "
        assert best.score >= TRUST.fair
    else:
        assert decision.choice == "" and decision.verdict in ("no_match", "wait")
    assert heard.final or decision.verdict in ("match", "wait")


@given(hypotheses(), SHARES)
def test_more_confidence_in_the_only_choice_never_makes_less_of_it(heard: Hypothesis, more: float) -> None:
    ranks = ["no_match", "confirm", "match"]
    lifted = replace(
        heard, words=tuple(replace(word, confidence=max(more, word.confidence)) for word in heard.words)
    )
    before, after = decide(MENU, heard), decide(MENU, lifted)
    if heard.final and len(before.scores) == 1:
        assert ranks.index(after.verdict) >= ranks.index(before.verdict)


@given(st.lists(st.sampled_from(sorted(MENU.phrases)), min_size=1, max_size=1), st.floats(0.9, 1))
def test_every_phrase_of_a_step_said_clearly_is_its_choice(phrases: list[str], confidence: float) -> None:
    decision = decide(MENU, said(phrases[0], round(confidence, 3)))
    assert (decision.verdict, decision.choice) == ("match", MENU.phrases[phrases[0]])


SPOKEN = [
    ("four seven one one", ["4711"]),
    ("four seven double one", ["4711"]),
    ("forty seven eleven", ["4711", "40711"]),
    ("oh eight hundred", ["0800"]),
    ("nineteen eighty four", ["1984", "19804"]),
    ("three hundred and five", ["305"]),
    ("twelve thousand thirty", ["12030", "1200030"]),
    ("triple zero one", ["0001"]),
    ("twenty twenty six", ["2026", "20206"]),
    ("double", []),
    ("hundred", []),
    ("four please seven", []),
]


@pytest.mark.parametrize(("words", "digits"), SPOKEN)
def test_digits_are_read_as_people_say_them(words: str, digits: list[str]) -> None:
    assert list(readings(words.split(), "en")) == digits


@pytest.mark.parametrize(
    ("language", "words", "digits"),
    [
        ("bg", "четири седем единадесет", "4711"),
        ("bg", "четиридесет и седем", "47"),
        ("fa", "چهل و هفت یازده", "4711"),
        ("ar", "أربعة سبعة واحد صفر", "4710"),
    ],
)
def test_other_languages_are_read_with_the_words_their_own_recordings_say(
    language: str, words: str, digits: str
) -> None:
    assert readings(plain(words).split(), language)[0] == digits


@given(st.text("0123456789", min_size=1, max_size=10), st.sampled_from(["en", "bg", "fa", "ar"]))
def test_digits_said_singly_are_themselves_in_every_language(digits: str, language: str) -> None:
    known = numbers(language)
    assert known is not None
    words = {worth: word for word, worth in reversed(known.small.items())}
    assert digits in readings([words[int(digit)] for digit in digits], language)


@given(st.integers(0, 99_999))
def test_a_number_read_out_by_the_engine_is_read_back_as_itself(number: int) -> None:
    assert str(number) in readings(spelled(number).split(), "en")


def spelled(number: int) -> str:
    """A number in English words."""
    known = numbers("en")
    assert known is not None
    words = {worth: word for word, worth in reversed([*known.small.items(), *known.tens.items()])}
    if number >= 1000:
        rest = f" {spelled(number % 1000)}" if number % 1000 else ""
        return f"{spelled(number // 1000)} thousand{rest}"
    if number >= 100:
        rest = f" and {spelled(number % 100)}" if number % 100 else ""
        return f"{spelled(number // 100)} hundred{rest}"
    return words[number] if number in words else f"{words[number // 10 * 10]} {words[number % 10]}"


def test_a_long_string_of_ambiguous_words_is_read_at_once() -> None:
    assert len(readings(["forty", "seven"] * 500, "en")) == 64
    assert readings([*["forty", "seven"] * 500, "please"], "en") == ()


def test_a_recogniser_for_digits_knows_every_two_in_a_row() -> None:
    assert {"seven", "forty", "double", "seven oh", "one one"} <= set(vocabulary("en"))
    assert vocabulary("xx") == ()


SIX = Digits("en", 6, 6)
ANY = Digits("en", 2, 4)
ENTERED: list[tuple[Digits, Sequence[str | Hypothesis], bool, str, str, str]] = [
    (SIX, [said("four seven one one zero eight")], False, "match", "471108", "clear"),
    (SIX, [said("forty seven eleven oh eight")], False, "match", "471108", "clear"),
    (SIX, [said("four seven one"), said("one oh eight")], False, "match", "471108", "clear"),
    (SIX, ["47", said("one one"), "08"], False, "match", "471108", "clear"),
    (SIX, ["471108"], False, "match", "471108", "clear"),
    (SIX, [said("? four seven one one oh eight ?")], False, "match", "471108", "clear"),
    (SIX, [said("four seven one one oh eight*")], False, "confirm", "471108", "unsure"),
    (SIX, [said("four seven one one oh eight", 0.3)], False, "no_match", "", "unsure"),
    (SIX, [said("four seven ? one one oh eight")], False, "no_match", "", "other_words"),
    (SIX, [said("four seven")], False, "wait", "", "more_to_come"),
    (SIX, [said("four seven")], True, "no_match", "", "too_few"),
    (SIX, [said("four seven one one oh eight nine")], False, "no_match", "", "too_many"),
    (SIX, [said("four seven one one oh eight", final=False)], False, "wait", "", "nothing_yet"),
    (SIX, [said("?")], False, "wait", "", "more_to_come"),
    (SIX, [], True, "wait", "", "more_to_come"),
    (ANY, [said("four seven")], False, "wait", "", "more_to_come"),
    (ANY, [said("four seven")], True, "match", "47", "clear"),
    (ANY, [said("forty seven")], True, "confirm", "47", "close"),
]


@pytest.mark.parametrize(("digits", "entered", "over", "verdict", "choice", "why"), ENTERED)
def test_keys_and_words_together_are_a_number(
    digits: Digits, entered: Sequence[str | Hypothesis], over: bool, verdict: str, choice: str, why: str
) -> None:
    decision = decide_digits(digits, entered, over)
    assert (decision.verdict, decision.choice, decision.why) == (verdict, choice, why)
