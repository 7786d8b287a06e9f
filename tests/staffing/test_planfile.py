"""Staffing files: what may stand there, and one clear sentence for each mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.config import load_site
from engine.core.site import Snapshot
from engine.errors import SiteError
from engine.pbx.render import REPOSITORY
from engine.staffing.draws import Exponential, Fixed, Lognormal, Observed
from engine.staffing.filed import planned
from engine.staffing.planfile import load_staffing

GOOD = """
day: 2026-11-30
timezone: Europe/Sofia
from: "08:00"
until: "18:00"
days: 5
pick_up: exponential 3s
no_answer: 2%
back_after: 3m
calls:
  line:
    number: "100"
    step: support
    an_hour: { "08:00": 40, "12:00": 7.5, "18:00": 0 }
    talk: lognormal 4m 3m
    patience: exponential 5m
  sales:
    queue: sales
    skills: [ar]
    priority: 7
    max_wait: 2m
    an_hour: { "09:00": 20 }
    talk: data talk.txt
shifts:
  known:
    agents: ["2002", "2003"]
    from: "08:00"
    until: "16:00"
    breaks: { "12:00": 30m }
    apart: 10m
  more:
    count: 3
    queues: [support, sales]
    skills: [ar]
    from: "10:00"
    until: "18:00"
"""


@pytest.fixture(scope="module")
def shipped() -> Snapshot:
    return load_site(REPOSITORY / "ivr_flows")


def written(folder: Path, text: str) -> Path:
    (folder / "talk.txt").write_text("# seconds\n30\n10.5\n\n120\n")
    path = folder / "week.yaml"
    path.write_text(text)
    return path


def test_a_staffing_file_says_who_calls_and_who_is_there(tmp_path: Path, shipped: Snapshot) -> None:
    found = load_staffing(written(tmp_path, GOOD), shipped)
    line, sales = found.calls
    flow = shipped.flows["support"]
    asked = next(a for a in flow.steps["support"] if hasattr(a, "max_wait"))  # type: ignore[index]
    assert line.asked.queues == ("support_sofia", "support_dubai")
    assert (line.asked.group, line.asked.max_wait) == ("support", asked.max_wait)
    assert line.an_hour == {480: 40.0, 720: 7.5, 1080: 0.0}
    assert (line.talk, line.patience) == (Lognormal(240.0, 180.0), Exponential(300.0))
    assert (sales.asked.skills, sales.asked.priority, sales.asked.max_wait) == ({"ar"}, 7, 120.0)
    assert sales.talk == Observed((10.5, 30.0, 120.0))
    known, more = found.shifts
    assert [agent.name for agent in known.agents] == ["2002", "2003"]
    assert [agent.name for agent in more.agents] == ["more-01", "more-02", "more-03"]
    assert more.agents[0].queues == ("support_sofia", "support_dubai", "sales")
    assert (found.begins, found.ends, found.days) == (480, 1080, 5)
    assert found.phones.failed == {"no_answer": 0.02}


def test_a_day_is_planned_on_the_clocks_of_its_place_and_agents_rest_one_after_the_other(
    tmp_path: Path, shipped: Snapshot
) -> None:
    made = planned(load_staffing(written(tmp_path, GOOD), shipped), shipped.settings)
    midnight = 1795989600.0  # 30 November 2026 in Sofia
    assert (made.opens, made.start, made.end) == (midnight, midnight + 8 * 3600, midnight + 18 * 3600)
    away = {name: [at - midnight for at, _ in moves] for name, moves in made.hours.items()}
    assert away["2002"] == [28800.0, 43200.0, 45000.0, 57600.0]
    assert away["2003"] == [28800.0, 43800.0, 45600.0, 57600.0]
    doors = [at for at, fact in made.moves() if type(fact).__name__ == "Doors"]
    assert doors[0] == midnight  # the desks are closed at night
    callers = made.callers("1/1")
    assert [c.at for c in callers] == sorted(c.at for c in callers)
    assert callers == made.callers("1/1") != made.callers("1/2")


MISTAKES = [
    ("  sales:\n    queue: sales", "  sales:\n    queue: sels", "week.yaml:18:12: error[unknown-queue]: ", "did you mean 'sales'?"),
    ('number: "100"', 'number: "109"', "'109' leads to no flow", ""),
    ("step: support", "step: suport", "flow 'support' hands callers to no queue in 'suport'", "did you mean 'support'?"),
    ("    step: support\n", "", "flow 'support' hands callers to queues in 3 steps", "say which with 'step': "),
    ('number: "100"', 'number: "100"\n    queue: sales', "calls 'line' need 'queue' or 'number', and not both", ""),
    ("    queue: sales\n", "    queue: sales\n    step: sales\n", "'step' belongs to 'number'", "delete it"),
    ("lognormal 4m 3m", "4m", "'4m' does not say how lengths differ", "write exponential 4m or fixed 4m"),
    ("lognormal 4m 3m", "normal 4m 3m", "'normal 4m 3m' is no length of calls", "write fixed 3m, exponential 3m"),
    ("lognormal 4m 3m", "exponential four", "'four' is not a duration; write it like 8s, 10m or 1h30m", ""),
    ("lognormal 4m 3m", "never", "'talk' has to end", ""),
    ("data talk.txt", "data speech.txt", "'speech.txt' beside this file cannot be read", "a file of seconds, one a line"),
    ("data talk.txt", "data week.yaml", "line 2 of week.yaml is no number of seconds: 'day: 2026-11-30'", ""),
    ("data talk.txt", "data ../talk.txt", "'data ../talk.txt' is no length of calls", ""),
    ('"09:00": 20', '"9": 20', "'9' is no time of day", 'write it like "08:30"; the day ends at "24:00"'),
    ('"09:00": 20', '"09:00": -3', "'-3' is no number of calls an hour", "write it like 40 or 7.5, at most 100000"),
    ('"09:00": 20', '"09:00": 0', "calls 'sales' never come", ""),
    ("skills: [ar]\n    priority", "skills: [fa]\n    priority", "calls 'sales' need the skill 'fa', which nobody of the shifts has", ""),
    ('["2002", "2003"]', '["2002", "2013"]', "there is no agent '2013' in site.yaml", ""),
    ('["2002", "2003"]', '["2002", "2002"]', "agent '2002' stands twice in shift 'known'", ""),
    ('agents: ["2002", "2003"]', 'agents: ["2002"]\n    count: 2', "shift 'known' needs 'agents' or 'count', and not both", ""),
    ('agents: ["2002", "2003"]', 'agents: ["2002"]\n    queues: [sales]', "the agents of shift 'known' have the queues of site.yaml", ""),
    ("    queues: [support, sales]\n", "", "shift 'more' needs 'queues'", "the queues these agents serve"),
    ("queues: [support, sales]", "queues: [support, sale]", "there is no queue 'sale'", "did you mean 'sales'?"),
    ("queues: [support, sales]", "queues: [support]", "nobody of the shifts serves sales, to which calls 'sales' go", ""),
    ('until: "16:00"', 'until: "07:00"', "shift 'known' ends before it begins", "a shift over midnight is two"),
    ('breaks: { "12:00": 30m }', 'breaks: { "17:00": 30m }', "a break of shift 'known' is outside of it", ""),
    ('until: "18:00"\ndays', 'until: "07:00"\ndays', "what is counted ends before it begins", "'from' is before 'until'"),
    ("no_answer: 2%", "no_answer: 0.02", "'0.02' is no share of offers", "write it like 2%, at most 90%"),
    ("days: 5", "days: 5000", "'5000' is not a whole number from 1 to 1000", ""),
    ("timezone: Europe/Sofia", "timezone: Sofia", "no time zone is called 'Sofia'", "did you mean 'Europe/Sofia'?"),
    ("count: 3", "count: many", "'many' is not a whole number from 1 to 2000", ""),
    ("pick_up:", "pickup:", "'pickup' is not an option of a staffing file", "did you mean 'pick_up'?"),
    ("    talk: lognormal 4m 3m\n", "", "calls 'line' needs 'talk'", ""),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence", "hint"), MISTAKES, ids=[m[2][:60] for m in MISTAKES])
def test_every_mistake_is_one_clear_sentence_with_its_place(
    tmp_path: Path, shipped: Snapshot, old: str, new: str, sentence: str, hint: str
) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(SiteError) as wrong:
        load_staffing(written(tmp_path, GOOD.replace(old, new)), shipped)
    told = str(wrong.value)
    assert sentence in told
    assert hint in told
    assert re.search(r"week\.yaml:\d+:\d+: error\[[a-z-]+\]: ", told)
    assert told.endswith("1 error, 0 warnings")


def test_an_agent_in_two_shifts_at_a_time_is_told(tmp_path: Path, shipped: Snapshot) -> None:
    again = '  again:\n    agents: ["2003"]\n    from: "15:00"\n    until: "17:00"\n'
    with pytest.raises(SiteError, match="agent '2003' is in shifts 'known' and 'again' at the same time"):
        load_staffing(written(tmp_path, GOOD + again), shipped)
    later = load_staffing(written(tmp_path, GOOD + again.replace("15:00", "16:30")), shipped)
    assert len(later.shifts) == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("calls: 3\nshifts: 4\n", "'calls' holds names, each with its options"),
        ("- calls\n", "a staffing file holds 'calls' and 'shifts'"),
        ("days: 3\n", "a staffing file needs 'calls'"),
        ("calls: { a: 1 }\nshifts: { b: 2 }\n", "options are expected behind 'a'"),
    ],
)
def test_a_file_of_another_shape_is_told_too(
    tmp_path: Path, shipped: Snapshot, text: str, sentence: str
) -> None:
    with pytest.raises(SiteError, match=re.escape(sentence)):
        load_staffing(written(tmp_path, text), shipped)


def test_the_shipped_example_can_be_read(shipped: Snapshot) -> None:
    found = load_staffing(REPOSITORY / "ivr_flows" / "staffing" / "weekday.yaml", shipped)
    assert {calls.name for calls in found.calls} == {"support", "sales"}
    assert found.phones.pick_up == Exponential(3.0)
    assert found.phones.pick_up != Fixed(3.0)
