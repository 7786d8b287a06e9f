"""`quietline call`: conversations, and what is done with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_kit import FakeEngine, Quietline

TALKING: dict[str, Any] = {
    "contact": "1795524605-0",
    "from_number": "+359888000001",
    "queue": "support_sofia",
    "with": {"kind": "agent", "name": "2001", "there": True},
    "called_in": None,
    "now": "talking",
    "since": 1_780_304_100.0,
    "parked_until": None,
}
ASKED = {"kind": "agent", "name": "2002", "how": "consult", "answered": True}


def test_conversations_are_shown(quietline: Quietline, engine: FakeEngine, tmp_path: Path) -> None:
    assert quietline("call", "list", "--state", tmp_path).out == "Nobody is in a conversation.\n"
    engine.talks = [TALKING | {"called_in": ASKED, "now": "consulting"}]
    shown = quietline("call", "list", "--state", tmp_path).out
    for word in ("1795524605-0", "+359888000001", "2001", "2002", "consulting"):
        assert word in shown
    assert json.loads(quietline("call", "list", "--json", "--state", tmp_path).out) == engine.talks[0]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("hold", "2001"), {"do": "hold", "to": ""}),
        (("consult", "2001", "agent", "2002"), {"do": "consult", "to": "agent 2002"}),
        (("transfer", "2001", "+359299900400"), {"do": "transfer", "to": "+359299900400"}),
        (
            ("transfer", "2001", "queue", "sales", "--priority", "8"),
            {"do": "transfer", "to": "queue sales", "priority": 8},
        ),
        (("retrieve", "2001", "2002"), {"do": "retrieve", "to": "agent 2002"}),
    ],
)
def test_what_is_asked_of_a_conversation_reaches_it(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path, words: tuple[str, ...], asked: dict[str, Any]
) -> None:
    engine.talks = [TALKING]
    assert quietline("call", *words, "--state", tmp_path).out == "+359888000001 speaks with 2001.\n"
    ((who, told),) = engine.ordered
    assert who == "2001" and told.pop("by") and told == asked


@pytest.mark.parametrize(
    ("now", "called_in", "sentence"),
    [
        ("held", None, "+359888000001 is on hold; 2001 has the call."),
        ("ringing", ASKED, "2002 is being rung; +359888000001 is on hold."),
        ("consulting", ASKED, "2001 speaks with 2002; +359888000001 is on hold."),
        ("conference", ASKED, "+359888000001, 2001 and 2002 speak together."),
    ],
)
def test_what_a_conversation_is_then_is_said(
    quietline: Quietline,
    engine: FakeEngine,
    tmp_path: Path,
    now: str,
    called_in: dict[str, Any] | None,
    sentence: str,
) -> None:
    engine.talks = [TALKING | {"now": now, "called_in": called_in}]
    assert quietline("call", "hold", "2001", "--state", tmp_path).out == f"{sentence}\n"


def test_where_a_caller_is_sent_and_who_does_not_come_is_said(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.talks = [TALKING | {"in_vain": {"name": "0888123", "why": "unreachable"}}]
    said = quietline("call", "transfer", "2001", "number", "0888123", "--state", tmp_path).out
    assert said == "0888123 cannot be reached. +359888000001 speaks with 2001.\n"
    engine.talks = [TALKING | {"with": None, "now": "sent on", "to": "sales"}]
    said = quietline("call", "transfer", "1795524605-0", "queue", "sales", "--state", tmp_path).out
    assert said == "+359888000001 is sent on to sales.\n"


def test_what_cannot_be_done_is_refused_in_a_sentence(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    said = quietline("call", "hold", "2009", "--state", tmp_path)
    assert (said.status, said.sentence) == (
        1,
        "'2009' is in no conversation: `quietline call list` shows them all",
    )
    engine.refusal = "2001: the caller is on hold already"
    said = quietline("call", "hold", "2001", "--state", tmp_path)
    assert (said.status, said.sentence) == (1, "2001: the caller is on hold already")
    for words in (("call", "park", ".."), ("supervise", "leave", "..")):
        assert "is neither an agent nor a contact" in quietline(*words, "--state", tmp_path).sentence
