"""The verb transfer: what it asks for, where it leads, and what a rehearsal says of it."""

from __future__ import annotations

import pytest

from engine.config.prompts import Catalog
from engine.config.rehearse import RehearsalError, rehearse
from engine.core import do as d
from engine.core.flow import Flow, Key, LanguageCode, PromptId, Seconds, StepName, Text, Variable
from engine.core.interpreter import replay
from engine.core.site import OutboundRule, Settings
from engine.core.verbs import Hangup, Set, Transfer

TRANSFER = Transfer(
    Text("+359 {{ on_call }}"),
    on_failed=StepName("nobody"),
    on_key={Key("1"): StepName("message")},
    ring=Seconds(20),
    announce=PromptId("night_call"),
)
FLOW = Flow(
    "night",
    {
        StepName("call"): (Set({Variable("on_call"): Text("88 123")}), TRANSFER, Hangup(PromptId("spoken"))),
        StepName("nobody"): (Hangup(PromptId("sorry")),),
        StepName("message"): (Hangup(PromptId("keyed")),),
    },
    (LanguageCode("en"),),
)
EMPTY = Settings(("en",), {}, {}, {}, {}, {}, {}, {})
OPEN = Settings(("en",), {}, {}, {}, {}, {}, {}, {}, outbound={"out": OutboundRule("out", ("+35988*",))})


def test_it_asks_for_the_number_with_its_variables_filled_in() -> None:
    assert replay(FLOW).do == d.Transfer("call", 1, "+359 88 123", 20.0, "night_call", False, ("1",))


@pytest.mark.parametrize(
    ("outcome", "prompt"), [("answered", "spoken"), ("failed", "sorry"), ("1", "keyed"), ("2", "sorry")]
)
def test_how_it_ends_decides_where_the_call_goes_on(outcome: str, prompt: str) -> None:
    do = replay(FLOW, [outcome]).do
    assert isinstance(do, d.End) and do.prompt == prompt


def test_a_rehearsal_answers_for_whoever_is_rung(tmp_path_factory: pytest.TempPathFactory) -> None:
    catalog = Catalog(tmp_path_factory.mktemp("none"))
    assert rehearse(FLOW, OPEN, catalog, ["answered"])[0] == "call     ☎ +359 88 123 → answered"
    assert rehearse(FLOW, OPEN, catalog, [])[0] == "call     ☎ +359 88 123 → failed"
    with pytest.raises(RehearsalError, match=r"'done' is no answer .* give answered, failed, 1"):
        rehearse(FLOW, OPEN, catalog, ["done"])


def test_nor_is_anybody_rung_in_a_rehearsal_whom_the_site_does_not_allow(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    said = rehearse(FLOW, EMPTY, Catalog(tmp_path_factory.mktemp("none")), [])
    assert said[0] == "call     ☎ +359 88 123 → failed, not allowed by outbound of site.yaml"
