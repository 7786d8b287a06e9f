"""Stored calls, replayed from the command line against an edited copy of the shipped site."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from pathlib import Path

import pytest
from cli_kit import Quietline, Said, arrived
from stored_calls import events, store

from engine.config import load_unrecorded
from engine.core.event import Event
from engine.pbx.render import REPOSITORY
from engine.store.ledger import open_ledger

SHIPPED = REPOSITORY / "ivr_flows"
NOW = time.time()
CALLS = {
    "a-answered": ("support", "100", ["1", "done"]),
    "b-sales": ("support", "100", ["2", "timeout", "left"]),
    "c-gave-up": ("support", "100", ["9"]),
    "d-message": ("messages", "102", ["left"]),
}


class Shop:
    """An edited copy of the shipped site, the calls the shipped one had, and what `quietline replay` says of them."""

    def __init__(self, folder: Path, quietline: Quietline) -> None:
        self.state = folder / "state"
        self.state.mkdir()
        self.site = folder / "ivr_flows"
        shutil.copytree(SHIPPED, self.site)
        prompts = f"prompts: {REPOSITORY / 'prompts'}"
        self.edit("site.yaml", "prompts: ../prompts", prompts)
        site, _ = load_unrecorded(SHIPPED)
        flows = site.snapshot.flows
        calls = [events(flows[f], name, to, NOW - 60, told) for name, (f, to, told) in CALLS.items()]
        asyncio.run(store(self.state, site, calls))
        self._quietline = quietline

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.site / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), "utf-8")

    def append(self, *told: Event) -> None:
        async def write() -> None:
            async with open_ledger(self.state / "quietline.db", durable=False) as ledger:
                await ledger.append(*told)

        asyncio.run(write())

    def replay(self, *words: object) -> Said:
        return self._quietline("replay", *words, "--site", self.site, "--state", self.state)


@pytest.fixture
def shop(tmp_path: Path, quietline: Quietline) -> Shop:
    return Shop(tmp_path, quietline)


def test_on_an_unedited_site_every_call_goes_as_it_did(shop: Shop) -> None:
    said = shop.replay("--since", "1h")
    assert (said.status, said.out) == (0, "4 calls: 4 go as they did.\n")
    one = shop.replay("a-answered")
    assert one.status == 0
    assert "As it began:  the same to the end (5 steps)" in one.out
    assert one.out.endswith("ivr_flows:  the same to the end\n")


def test_a_key_that_leads_elsewhere_is_shown_at_its_line_with_then_and_now(shop: Shop) -> None:
    shop.edit("support.yaml", "{ 1: support, 2: sales, 3", "{ 1: sales, 2: support, 3")
    said = shop.replay("a-answered")
    assert said.status == 1
    lines = [line.strip() for line in said.out.splitlines()]
    at = next(n for n, line in enumerate(lines) if line.endswith("support.yaml:11: step 'main_menu'"))
    assert lines[at + 1 : at + 4] == [
        "pressed 1",
        "then  step 'support': hears connecting_support",
        "now   step 'sales': hears connecting_sales",
    ]
    assert lines[-1] == "nobody knows what would have come of this: waits in queue sales (step 'sales')"
    assert "♪ Thank you. I am connecting you with sales." in said.out


def test_an_added_announcement_is_another_word_on_the_same_way(shop: Shop) -> None:
    shop.edit("support.yaml", "    - say: welcome\n", "    - say: welcome\n    - say: sales_welcome\n")
    said = shop.replay("--last", "9")
    assert said.status == 0
    assert said.out == "4 calls: 3 go the same way with other words, 1 go as they did.\n"
    assert "step 'greeting': now hears sales_welcome" in shop.replay("b-sales").out


def test_calls_are_counted_by_what_they_meet(shop: Shop) -> None:
    shop.edit(
        "support.yaml", "{ 1: support, 2: sales, 3: message, 0: operator }", "{ 3: message, 0: operator }"
    )
    said = shop.replay("--since", "yesterday")
    assert said.status == 1
    assert (
        "1 call would go another way at " in said.out
        and "pressed 1, which leads nowhere here any more" in said.out
    )
    assert said.out.endswith(
        "4 calls: 2 go another way, 1 go the same way with other words, 1 go as they did.\n"
    )


def test_programs_get_a_line_for_each_call_and_one_of_counts(shop: Shop) -> None:
    shop.edit("support.yaml", "{ 1: support, 2: sales, 3", "{ 1: sales, 2: sales, 3")
    said = shop.replay("--since", "1h", "--json")
    *calls, counts = map(json.loads, said.out.splitlines())
    assert {one["contact"]: one["verdict"] for one in calls} == dict.fromkeys(CALLS, "same") | {
        "a-answered": "differs"
    }
    found = next(one for one in calls if one["contact"] == "a-answered")["differences"][0]
    assert (found["line"], found["step"], found["did"]) == (11, "main_menu", "pressed 1")
    assert (counts["calls"], counts["differs"], counts["same"]) == (4, 1, 3) and counts["ways"][0][
        "calls"
    ] == 1
    assert json.loads(shop.replay("a-answered", "--json").out)["verdict"] == "differs"


def test_a_number_that_leads_elsewhere_now_is_a_difference(shop: Shop) -> None:
    shop.edit("site.yaml", '  "102": messages', '  "102": sales')
    said = shop.replay("d-message")
    assert said.status == 1 and "called 102" in said.out
    assert "then  flow messages" in said.out and "now   flow sales" in said.out


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ([arrived("x", at=NOW)], "x: it is still going on, and can be replayed when it has ended"),
        (
            [
                Event(
                    "arrived",
                    NOW,
                    "x",
                    data={**arrived("x").data, "flow": "", "flow_hash": "", "via": "fallback"},
                ),
                Event("ended", NOW, "x", data={"cause": "caller"}),
            ],
            "x: no engine was there: the fallback took it, and it passed no flow",
        ),
        (
            [arrived("x", at=NOW), Event("ended", NOW, "x", data={"cause": "caller"})],
            "x: called 100: then flow greet, which is no more; now flow support",
        ),
        (
            [
                Event(
                    "arrived", NOW, "x", data={**arrived("x").data, "flow": "support", "flow_hash": "gone"}
                ),
                Event("ended", NOW, "x", data={"cause": "caller"}),
            ],
            "x: it ended before anything was answered",
        ),
    ],
)
def test_what_cannot_be_compared_is_one_sentence_among_the_others(
    shop: Shop, told: list[Event], says: str
) -> None:
    shop.append(*told)
    said = shop.replay("--since", "1h")
    assert next(line for line in said.out.splitlines() if line.startswith("x: ")) == says
    assert "5 calls: " in said.out


def test_a_version_that_cannot_be_read_is_said_and_the_site_compared_all_the_same(shop: Shop) -> None:
    site, _ = load_unrecorded(SHIPPED)
    told = [
        Event(
            one.kind,
            one.at,
            "x",
            one.agent,
            {**one.data, "flow_hash": "gone"} if one.kind == "arrived" else one.data,
        )
        for one in events(site.snapshot.flows["support"], "x", "100", NOW, ["1", "done"])
    ]
    shop.append(*told)
    said = shop.replay("x")
    assert (
        "As it began:  version gone of its flow cannot be read: Flow version gone is not in the store"
        in said.out
    )
    assert said.out.endswith("the same to the end\n") and said.status == 0


def test_a_log_that_its_own_version_does_not_come_to_is_told(shop: Shop) -> None:
    site, _ = load_unrecorded(SHIPPED)
    flow = site.snapshot.flows["support"]
    told = list(events(flow, "x", "100", NOW, ["1", "done"]))
    steps = [n for n, one in enumerate(told) if one.kind == "step"]
    del told[steps[0]]
    shop.append(*told)
    said = shop.replay("x")
    assert said.status == 1
    assert "As it began:  after 0 things that come again its version has step 'greeting'" in said.out


def test_what_is_asked_for_wrongly_is_one_sentence(shop: Shop, tmp_path: Path, quietline: Quietline) -> None:
    shop.append(arrived("a-other", at=NOW))
    assert "no contact 'zz'" in shop.replay("zz").sentence
    assert shop.replay("a-").sentence == "2 contacts begin with 'a-': a-answered, a-other"
    assert shop.replay("a-an").status == 0
    assert shop.replay().sentence == "name one contact, or many with --since WHEN or --last N"
    assert "--since WHEN or --last N" in shop.replay("a-an", "--last", "3").sentence
    assert "--last 0 are no calls" in shop.replay("--last", "0").sentence
    assert "--since 'soon' is no time" in shop.replay("--since", "soon").sentence
    assert shop.replay("--since", NOW + 999).out == "No calls.\n"
    assert quietline("replay", "a", "--state", tmp_path / "nowhere").sentence
    shop.edit("support.yaml", "    - goto: main_menu", "    - goto: main_men")
    assert "main_men" in shop.replay("a-an").err
