"""What is asked of a conversation in words that can never be meant is refused in a sentence that says what to write."""

from __future__ import annotations

from typing import Any

import pytest

from engine.call.ordering import Verb, order_of
from engine.config import load_site
from engine.core.site import Settings
from engine.errors import BadWord
from engine.pbx.render import REPOSITORY


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_site(REPOSITORY / "ivr_flows").settings


@pytest.mark.parametrize(
    ("asked", "about", "sentence"),
    [
        ({}, "do", "say in `do` what is to be done: hold, resume, "),
        ({"do": "explode"}, "do", "'explode' is nothing to do with a call: hold, resume, "),
        ({"do": ["hold"]}, "do", "`do` is a text: write it in quotes"),
        ({"do": "hold", "by": ["x"]}, "by", "`by` is a text: write it in quotes"),
        ({"do": "hold", "by": "x" * 3000}, "by", "`by` is one line of at most 200 letters"),
        ({"do": "hold", "to": "2001"}, "to", "hold is about the conversation as it is: leave '2001' out"),
        ({"do": "retrieve"}, "to", "say in `to` to whom: retrieve needs an agent"),
        ({"do": "consult"}, "to", "say in `to` to whom: consult needs an agent or a number outside"),
        ({"do": "transfer"}, "to", "say in `to` to whom: transfer needs an agent, a queue or a number"),
        ({"do": "transfer", "to": "nobody"}, "to", "'nobody' is no agent, no queue, no number of this site "),
        ({"do": "transfer", "to": "agent x"}, "to", "there is no agent 'x': this site has 2001, "),
        ({"do": "transfer", "to": "queue sales", "priority": -5}, "priority", "'-5' is no priority: "),
        ({"do": "transfer", "to": "queue sales", "priority": True}, "priority", "'True' is no priority: "),
        ({"do": "transfer", "to": "2001", "priority": 5}, "priority", "a priority is for a caller who goes "),
        ({"do": "record"}, "to", "say in `to` what is to become of the recording: on, off, pause, resume"),
        ({"do": "listen"}, "to", "say in `to` at which phone: listen rings one of 2001, "),
        ({"do": "barge", "to": "x"}, "to", "'x' is no phone of this site: it has 2001, "),
    ],
)
def test_what_can_never_be_done_is_refused_in_a_sentence(
    settings: Settings, asked: dict[str, Any], about: str, sentence: str
) -> None:
    with pytest.raises(BadWord) as refused:
        order_of(settings, asked)
    assert str(refused.value).startswith(sentence)
    assert refused.value.about == about


async def test_what_can_be_done_is_taken_with_numbers_as_texts(settings: Settings) -> None:
    order = order_of(settings, {"do": "transfer", "to": "queue sales", "priority": 8, "by": "desk"})
    assert order.verb is Verb.TRANSFER and order.target is not None
    assert (order.target.name, order.target.priority, order.by) == ("sales", 8, "desk")
    assert order_of(settings, {"do": "listen", "to": 2001}).word == "2001"
