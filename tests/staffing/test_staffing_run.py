"""Days of the production distributor on the virtual clock: what the formulas say, what must balance, what a change must do."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from staffing_kit import calls, crew, line, lived, plan, site

from engine.core.site import GroupRule
from engine.core.tally import OUTCOMES
from engine.errors import SetupError
from engine.staffing.crew import crew_of, with_crew
from engine.staffing.draws import Exponential, Fixed, Lognormal
from engine.staffing.figures import ALL, Mean, Means, difference_of, mean_of
from engine.staffing.formulas import A, C, formulas
from engine.staffing.plan import Phones, Plan
from engine.staffing.run import lived as books_of


def of(found: Means, figure: str, queue: str = "line") -> Mean:
    mean = found[queue][figure]
    assert mean is not None
    return mean


@pytest.mark.parametrize(
    ("an_hour", "patience", "days", "formula"), [(60.0, None, 24, C), (110.0, 60.0, 12, A)]
)
def test_days_without_memory_agree_with_erlang_within_a_narrow_interval(
    an_hour: float, patience: float | None, days: int, formula: str
) -> None:
    """Narrow: what the formula says for a tenth more calls, or a tenth fewer, lies outside of it."""
    gives_up = {"patience": Exponential(patience)} if patience else {}

    def day(factor: float) -> Plan:
        kind = calls(factor * an_hour, Exponential(60.0), until=480, **gives_up)
        return plan(site(line()), kind, crew(2), ends=480)

    found = lived(day(1.0), days, seed="2026").base
    said, fewer, more = (formulas(day(f), "line", 20.0)[formula].figures for f in (1.0, 0.9, 1.1))
    for figure in ("asa_s", "sl_offered", "occupancy", *(["abandonment_rate_raw"] if patience else [])):
        mean = of(found.means, figure)
        assert mean.low is not None and mean.high is not None
        assert mean.low < said[figure] < mean.high, figure
        assert not mean.low < fewer[figure] < mean.high, figure
        assert not mean.low < more[figure] < mean.high, figure


def test_the_formulas_see_the_day_in_pieces_and_are_silent_where_they_know_nothing() -> None:
    settings = site(line(), line("other"), groups=(GroupRule("both", ("line", "other")),))
    alone = plan(settings, calls(40.0, Exponential(180.0), until=720), crew(5))
    said = formulas(alone, "line", 20.0)[C].figures
    assert said["answered"] == pytest.approx(11 * 40)  # the first hour is not counted
    assert said["occupancy"] == pytest.approx(11 * 40 * 180.0 / (5 * 23 * 3600.0))
    assert formulas(alone, "line", 20.0)[A].why_not == "nobody gives up"
    grouped = plan(settings, calls(40.0, Exponential(180.0), queues=("line", "other"), group="both"), crew(5))
    assert formulas(grouped, "line", 20.0)[C].why_not == "its callers may also go to other"
    two = (calls(40.0, Exponential(180.0)), calls(9.0, Fixed(60.0), name="second", queues=("other",)))
    shared = plan(settings, two, crew(5, ("line", "other")))
    assert formulas(shared, "line", 20.0)[A].why_not == "its agents serve other, too"
    skilled = calls(40.0, Exponential(180.0), skills=frozenset({"ar"}))
    needs = plan(settings, skilled, crew(5, skills=frozenset({"ar"})))
    assert formulas(needs, "line", 20.0)[C].why_not.startswith("its callers need skills")
    crowded = plan(settings, calls(200.0, Exponential(180.0)), crew(5))
    assert "would grow for ever" in formulas(crowded, "line", 20.0)[C].why_not


HARD = Phones(
    Exponential(6.0), {"no_answer": 0.05, "rejected": 0.02, "busy": 0.02, "unreachable": 0.01}, Fixed(90.0)
)


def hard_day() -> Plan:
    """Seven hours in which everything happens."""
    both = ("line", "other")
    settings = site(
        line(wrap_up=20.0), line("other", wrap_up=20.0, capacity=3), groups=(GroupRule("both", both),)
    )
    talk, gives_up, arabic = Exponential(200.0), Exponential(120.0), frozenset({"ar"})
    kinds = (
        calls(60.0, Lognormal(200.0, 150.0), gives_up, queues=both, group="both", until=420),
        calls(25.0, talk, gives_up, name="timed", max_wait=60.0, until=420),
        calls(25.0, talk, name="arabic", queues=("other",), skills=arabic, max_wait=90.0, until=420),
    )
    shifts = (crew(4, both), replace(crew(2, ("other",), skills=arabic), breaks={120: 1800.0}))
    return plan(settings, kinds, *shifts, phones=HARD, ends=420)


def test_every_caller_of_a_hard_day_ends_in_exactly_one_way() -> None:
    for row in lived(hard_day(), days=2).base.days:
        for name in ("line", "other", ALL):
            told = row[name]
            assert told["conservation_error"] == 0
            assert told["waiting"] == 0
            assert told["offered"] == sum(int(told[outcome] or 0) for outcome in OUTCOMES)
        happened = {outcome for outcome in OUTCOMES if row[ALL][outcome]}
        assert happened >= {"answered", "abandoned", "short_abandoned", "timed_out", "refused"}
        assert row[ALL]["no_answer"]
        assert row[ALL]["rejected"]


def test_shares_and_times_are_those_of_one_report_over_all_days() -> None:
    found = lived(hard_day(), days=3).base
    rows = [day["other"] for day in found.days]

    def total(figure: str) -> float:
        return sum(float(row[figure] or 0.0) for row in rows)

    decided = total("answered") + total("abandoned") + total("short_abandoned")
    assert of(found.means, "sl_offered", "other").mean == pytest.approx(total("answered_in_t") / decided)
    in_time = total("answered_in_t") / (decided - total("short_abandoned"))
    assert of(found.means, "sl_excl_short", "other").mean == pytest.approx(in_time)
    handling = total("handled_talk_s") + total("handled_wrap_up_s")
    assert of(found.means, "aht_s", "other").mean == pytest.approx(handling / total("handled"), rel=1e-4)
    assert of(found.means, "offered", "other").mean == pytest.approx(total("offered") / 3)


def test_about_95_of_100_intervals_hold_what_is_true() -> None:
    luck, held, apart = Random(2026), 0, 0
    for _ in range(600):
        base, changed = [], []
        for _ in range(15):
            calls_ = luck.randint(3, 30)
            shared = luck.gauss(10.0, 6.0)
            base.append((shared + sum(luck.expovariate(0.1) for _ in range(calls_)) / calls_, float(calls_)))
            changed.append((base[-1][0] - 2.0 + luck.gauss(0.0, 1.0), float(calls_)))
        mean, pair = mean_of(base), difference_of(base, changed)
        assert mean is not None and mean.low is not None and mean.high is not None
        assert pair is not None and pair.low is not None and pair.high is not None
        held += mean.low < 20.0 < mean.high
        apart += pair.low < -2.0 < pair.high
        assert pair.high - pair.low < mean.high - mean.low
    assert 0.92 < held / 600 < 0.98
    assert 0.92 < apart / 600 < 0.98


def test_the_same_seed_lives_the_same_days_and_another_seed_others() -> None:
    day = hard_day()
    once, again, other = (books_of(day, 1, seed) for seed in ("a", "a", "b"))
    assert once.stays == again.stays
    assert once.spans == again.spans
    assert once.stays != other.stays


@pytest.mark.parametrize(("word", "longer"), [("+2", False), ("line+1", False), ("-1", True)])
def test_more_agents_mean_shorter_waits_and_fewer_longer_ones_and_pairs_of_days_make_it_clear(
    word: str, longer: bool
) -> None:
    kind = calls(90.0, Exponential(180.0), Exponential(240.0), until=360)
    day = plan(site(line(wrap_up=10.0)), kind, crew(5), ends=360)
    found = lived(day, days=5, changed=with_crew(day, crew_of(word)))
    assert found.changed is not None and found.difference is not None
    wait, level = of(found.difference, "asa_s"), of(found.difference, "sl_offered")
    assert wait.clear and (wait.mean > 0) == longer
    assert level.clear and (level.mean < 0) == longer
    assert of(found.difference, "offered").mean == 0.0  # the same callers
    for base, changed in zip(found.base.days, found.changed.days, strict=True):
        assert (float(changed["line"]["asa_s"] or 0) > float(base["line"]["asa_s"] or 0)) == longer


def test_the_same_callers_in_both_runs_make_a_difference_clear_that_the_runs_alone_do_not() -> None:
    kind = calls(90.0, Exponential(180.0), Exponential(240.0), until=360)
    day = plan(site(line(wrap_up=10.0)), kind, crew(6), ends=360)
    less = plan(site(line(wrap_up=5.0)), kind, crew(6), ends=360)
    found = lived(day, days=5, changed=less)
    assert found.changed is not None and found.difference is not None
    base, changed = of(found.base.means, "occupancy"), of(found.changed.means, "occupancy")
    assert base.low is not None and changed.high is not None
    assert base.low < changed.high  # their intervals overlap
    assert of(found.difference, "occupancy").clear


def test_a_longer_wrap_up_keeps_agents_busy_and_callers_waiting() -> None:
    kinds, agents = calls(70.0, Exponential(180.0), Exponential(240.0), until=360), crew(6)
    short, long = (plan(site(line(wrap_up=w)), kinds, agents, ends=360) for w in (0.0, 60.0))
    found = lived(short, 3, long)
    assert found.difference is not None
    assert of(found.difference, "asa_s").clear and of(found.difference, "asa_s").mean > 0
    assert of(found.difference, "occupancy").mean > 0.1


def test_an_agent_more_is_like_those_who_are_there_and_one_less_is_one_of_them() -> None:
    settings = site(line(), line("other"))
    day = plan(
        settings, calls(40.0, Exponential(180.0)), crew(3), crew(2, ("other",), skills=frozenset({"ar"}))
    )
    more = with_crew(day, crew_of("other/ar+3")).settings.agents
    added = [more[name] for name in more if name not in day.settings.agents]
    assert [(a.queues, a.skills) for a in added] == [(("other",), {"ar"})] * 3
    fewer = with_crew(day, crew_of("line-2"))
    assert sorted(fewer.settings.agents) == ["line-02", "other-00", "other-01"]
    assert {name for name in fewer.hours if name.startswith("other")} == {"other-00", "other-01"}


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        (
            "two",
            "--agents 'two' does not say how many more: write +2, sales+2 or sales/arabic-1, at most 1000",
        ),
        ("+0", "--agents '+0' does not say how many more"),
        ("lime+2", "--agents: there is no queue 'lime': did you mean 'line'?"),
        ("empty+2", "--agents: nobody serves empty, so nobody is like that"),
        ("line/fa+2", "--agents: nobody has the skill 'fa': known: ar"),
        ("line/ar+2", "--agents: nobody serves line with that skill, so nobody is like that"),
        ("line-3", "--agents -3: there are 3 in line, and one has to stay"),
    ],
)
def test_agents_who_cannot_be_are_one_clear_sentence(word: str, sentence: str) -> None:
    settings = site(line(), line("other"), line("empty"))
    day = plan(settings, calls(40.0, Exponential(180.0)), crew(3), crew(2, ("other",), frozenset({"ar"})))
    with pytest.raises(SetupError) as wrong:
        with_crew(day, crew_of(word))
    assert str(wrong.value).startswith(sentence)
