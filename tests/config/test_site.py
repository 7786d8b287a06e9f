"""The shipped site loads and rehearses; what is generated from the classes is up to date; stored versions compile."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from engine.config import check_site, compile_flow, compile_stored, load_files, load_site
from engine.config.flowfile import read_action, read_flow
from engine.config.generated import files
from engine.config.kinds import Reader, duration, spell
from engine.config.opening import BadHours, one_day, weekly
from engine.config.paths import check_paths
from engine.config.prompts import Catalog, load_catalog
from engine.config.rehearse import RehearsalError, rehearse
from engine.config.report import Place, Report
from engine.config.schema import flow_schema
from engine.config.source import Scalar, Sequence, parse
from engine.config.texts import SPOKEN_BY_ENGINE
from engine.core import do as d
from engine.core import interpreter as i
from engine.core.conversation import PARKED_AT
from engine.core.entitlement import Answer, Standing
from engine.core.flow import Flow
from engine.core.hours import Door, state
from engine.core.site import Snapshot, Span
from engine.core.verbs import VERBS, Callback, Queue
from engine.errors import SiteError

ROOT = Path(__file__).parents[2]
SITE = ROOT / "ivr_flows"
TODAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def site() -> Snapshot:
    return load_site(SITE, TODAY)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(ROOT / "prompts", Report())


def test_the_shipped_site_has_neither_errors_nor_warnings() -> None:
    assert check_site(SITE, TODAY)[1].render() == ""


def test_the_shipped_site_says_what_it_should(site: Snapshot) -> None:
    s = site.settings
    flows = ("support", "renewals", "messages", "sales", "desk", "staff")
    agents = dict.fromkeys(("*50", "*51", "*52", "*53", "*59"), "agents")
    slots = dict.fromkeys(s.parking, "parked")
    assert s.numbers == {str(number): flow for number, flow in enumerate(flows, 100)} | agents | slots
    assert s.parking == ("*71", "*72", "*73")
    assert s.entitlement["customers"].on_failure == "closed"
    assert s.groups["support"].queues == ("support_sofia", "support_dubai")
    assert (s.queues["sales"].capacity, s.queues["sales"].wrap_up) == (20, 10.0)
    assert s.queues["support_dubai"].adjust == 5.0
    assert s.agents["2001"].contact == "sip:2001@127.0.0.1:17001"
    assert s.agents["2001"].ready
    assert s.agents["2010"].password
    assert s.trunks["local"].addresses == ("127.0.0.1",)
    assert s.sites["sofia"].holidays[date(2026, 3, 3)] == "Liberation Day"
    assert s.sites["sofia"].exceptions[date(2026, 12, 31)] == (Span(3, 480, 780),)
    assert (s.queues["desk_sofia"].schedule, s.queues["desk_dubai"].schedule) == ("sofia", "dubai")


@settings(deadline=None)  # the first look reads the whole site
@given(st.floats(0, 4e9))
def test_the_main_number_never_asks_the_clock_and_the_renewals_desk_is_always_closed(at: float) -> None:
    snapshot = _shipped()
    assert not any(
        type(a).__name__ == "Hours" for step in snapshot.flows["support"].steps.values() for a in step
    )
    settings = snapshot.settings
    assert all(
        settings.queues[name].schedule is None for name in (*settings.groups["support"].queues, "sales")
    )
    assert state(snapshot.settings, "renewals_hours", at).state is Door.OVERRIDE


_LOADED: list[Snapshot] = []


def _shipped() -> Snapshot:
    if not _LOADED:
        _LOADED.append(load_site(SITE, TODAY))
    return _LOADED[0]


def test_every_verb_is_used_in_the_shipped_flows(site: Snapshot) -> None:
    used = {type(action) for flow in site.flows.values() for step in flow.steps.values() for action in step}
    assert sorted(word for word, verb in VERBS.items() if verb not in used) == []


#: What people put up with `quietline bulletin` when it is so.
BULLETINS = {"outage_mail", "outage_network", "outage_vpn"}


def test_who_asks_to_be_rung_back_keeps_the_priority_of_the_queue_they_leave(site: Snapshot) -> None:
    kept = [
        (queue.priority, back.priority, queue.skills, back.skills)
        for flow in site.flows.values()
        for actions in flow.steps.values()
        for queue in actions
        if isinstance(queue, Queue)
        for step in (queue.on_key or {}).values()
        for back in flow.steps[step]
        if isinstance(back, Callback)
    ]
    assert kept
    for queued, back, *skills in kept:
        assert back == queued and skills[0] == skills[1]


def test_no_prompt_is_shipped_that_neither_a_flow_nor_an_article_nor_the_engine_speaks(
    site: Snapshot, catalog: Catalog
) -> None:
    flows = [
        read_flow(text, name, site.settings.languages, Report())
        for name, text in load_files(SITE, TODAY).sources.items()
    ]
    refs = [ref for flow in flows if flow for named in flow.refs.values() for ref in named]
    spoken = {ref.name for ref in refs if ref.to == "prompt"} | {*SPOKEN_BY_ENGINE, *BULLETINS}
    #: What a queue's `whisper` speaks.
    spoken |= {PARKED_AT, "whisper_wait", *(f"whisper_language_{language}" for language in catalog.languages)}
    for queue in site.settings.queues.values():
        spoken |= {*queue.comfort, *filter(None, (queue.place_kept, queue.consent))}
    for article in site.settings.articles.values():
        spoken |= {*article.say, *([article.ask] if article.ask else [])}
    chosen = (*site.settings.pause_reasons.values(), *site.settings.wrap_up_codes.values())
    spoken |= {str(one.prompt) for one in chosen}
    for language in catalog.languages:
        assert sorted(set(catalog.ids(language)) - spoken) == [], language


def test_a_flows_hash_is_that_of_its_source_text_and_a_stored_version_compiles_to_the_same_flow(
    site: Snapshot,
) -> None:
    sources = load_files(SITE, TODAY).sources
    assert set(sources) == set(site.flows)
    for name, text in sources.items():
        assert site.flows[name].hash == hashlib.sha256(text.encode()).hexdigest()
        assert (
            replace(compile_flow(text, name, site.settings), runs=site.flows[name].runs) == site.flows[name]
        )


async def test_a_version_names_the_versions_it_runs_and_brings_them_back(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(SITE, folder)
    (tmp_path / "prompts").symlink_to(SITE.parent / "prompts")
    (folder / "messages.yaml").write_text("flow: messages\nsteps:\n  a:\n    - run: inner\n    - hangup\n")
    (folder / "inner.yaml").write_text("flow: inner\nsteps:\n  a:\n    - back\n")
    before = load_files(folder, TODAY)
    (folder / "inner.yaml").write_text("flow: inner\nsteps:\n  a:\n    - say: goodbye\n    - back\n")
    after = load_files(folder, TODAY)
    old, new = before.snapshot.flows["messages"], after.snapshot.flows["messages"]
    assert old.hash != new.hash, "another version of what it runs, and still the same version"
    stored = {flow.hash: (flow.name, before.sources[flow.name]) for flow in before.snapshot.flows.values()}

    async def fetch(digest: str) -> tuple[str, str]:
        return stored[digest]

    again = await compile_stored(old.hash, after.snapshot.settings, fetch)
    assert again == old
    assert again.runs["inner"] == before.snapshot.flows["inner"]


def test_a_stored_version_compiles_even_when_what_it_names_is_gone(site: Snapshot) -> None:
    text = "flow: old\nsteps:\n  a:\n    - queue: closed_down\n      on_timeout: b\n    - hangup\n  b:\n    - hangup: gone\n"
    assert compile_flow(text, "old", site.settings).first == "a"
    with pytest.raises(SiteError, match=r"old\.yaml:1:1"):
        compile_flow("nothing", "old", site.settings)


# --- hours and durations as text ---


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Mon 08:00-18:00", (Span(0, 480, 1080),)),
        ("Sat 22:00-02:00", (Span(5, 1320, 1560),)),
        ("Sun-Mon 00:00-24:00", (Span(0, 0, 1440), Span(6, 0, 1440))),
        (
            "Tue Thu 9:00-12:00 13:00-17:00",
            (Span(1, 540, 720), Span(1, 780, 1020), Span(3, 540, 720), Span(3, 780, 1020)),
        ),
        ("saturday 22:00-00:00", (Span(5, 1320, 1440),)),
        ("never", ()),
        ("ALWAYS", tuple(Span(day, 0, 1440) for day in range(7))),
    ],
)
def test_weekly_hours_are_read(text: str, spans: tuple[Span, ...]) -> None:
    assert weekly(text) == spans


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mon",
        "08:00-18:00",
        "Mon 08:00",
        "Mon 24:00-02:00",
        "Mon 08:60-09:00",
        "Mon,",
        "Sun 22:00-03:00, Mon 02:00-05:00",
    ],
)
def test_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(BadHours):
        weekly(text)


def test_a_dates_hours_are_read() -> None:
    assert one_day("closed", 3) == ()
    assert one_day("10:00-12:00, 13:00-14:00", 3) == (Span(3, 600, 720), Span(3, 780, 840))


@given(st.integers(1, 86_400))
def test_a_duration_is_read_back_as_it_is_spelt(seconds: int) -> None:
    report = Report()
    assert duration().read(Scalar(Place("f"), spell(seconds)), Reader(report)) == seconds
    assert report.errors == 0


# --- what is generated ---


def test_schemas_and_pages_made_from_the_classes_are_up_to_date() -> None:
    for path, text in files(ROOT).items():
        assert path.read_text("utf-8") == text, "run python -m engine.config.generated"


@pytest.mark.parametrize(
    "broken",
    [
        {"flow": "a"},
        {"flow": "a", "steps": {"b": []}},
        {"flow": "a", "steps": {"b": ["say"]}},
        {"flow": "a", "steps": {"b": [{"menu": "m", "otherwise": "b"}]}},
        {"flow": "a", "steps": {"b": [{"menu": "m", "otherwise": "b", "choices": {"12": "b"}}]}},
        {"flow": "a", "steps": {"b": [{"queue": "m", "on_timeout": "b", "max_wait": "6"}]}},
        {"flow": "a", "steps": {"b": [{"say": "m", "goto": "b"}]}},
    ],
)
def test_the_schema_refuses_what_the_check_refuses(broken: dict[str, Any]) -> None:
    assert not Draft7Validator(flow_schema()).is_valid(broken)


def test_the_manual_names_every_verb_and_all_its_examples_can_be_read() -> None:
    page = (ROOT / "docs" / "flows.md").read_text("utf-8")
    assert set(re.findall(r"^\*\*([a-z_]+)\*\* ", page, re.M)) == set(VERBS)
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.S)
    assert len(blocks) == len(VERBS) + 3
    for block in blocks:
        report = Report()
        node = parse(block, "flows.md", report)
        actions = node.items if isinstance(node, Sequence) else []
        assert all(read_action(action, Reader(report)) is not None for action in actions)
        assert report.render() == ""


def test_the_manuals_site_and_flow_make_a_sound_site(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "flows.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.S)
    for name, start in (("site.yaml", "languages:"), ("support.yaml", "flow:")):
        block = next(b for b in blocks if b.startswith(start))
        (tmp_path / name).write_text(block.replace("../prompts", str(ROOT / "prompts")), "utf-8")
    assert check_site(tmp_path, TODAY)[1].render() == ""


# --- rehearsing ---


def test_a_rehearsal_tells_what_the_caller_hears(site: Snapshot, catalog: Catalog) -> None:
    lines = rehearse(site.flows["support"], site.settings, catalog, ["1", "1", "left"])
    assert lines[1] == f"main_menu    ♪ {catalog.text('en', 'main_menu')}  ← 1"
    assert lines[3].strip() == "⏳ queue support (support_sofia, support_dubai), priority 5 → 1"
    assert lines[-1].endswith("✕")
    assert sum("● voicemail support" in line for line in lines) == 1


def test_a_rehearsal_speaks_what_was_keyed_in(site: Snapshot, catalog: Catalog) -> None:
    lines = rehearse(site.flows["sales"], site.settings, catalog, ["open", "1", "471188", "1", "done"])
    assert any("471188" in line and line.endswith("← 1") for line in lines)
    assert any("queue accounts, priority 7 → done" in line for line in lines)


@pytest.mark.parametrize("name", ["support", "sales", "renewals", "messages"])
def test_a_caller_who_says_nothing_reaches_the_end_of_every_shipped_flow(
    name: str, site: Snapshot, catalog: Catalog
) -> None:
    assert rehearse(site.flows[name], site.settings, catalog, [])[-1].endswith("✕")


@pytest.mark.parametrize(
    ("flow", "inputs", "sentence"),
    [
        (
            "support",
            ["open"],
            "'open' is no answer at step 'main_menu', action 1 (a choice, prompt 'main_menu')",
        ),
        ("renewals", ["5"], "hours 'renewals_hours'); give open, closed, holiday, override"),
        (
            "support",
            ["1", "7"],
            "waiting in queue 'support'); give done, timeout, full, unstaffed, closed, 1, - for",
        ),
        ("sales", ["open", "1", "123456789"], "give up to 8 digits, - for silence"),
        ("messages", ["-", "1"], "the call has ended, but '1' is still to be answered"),
    ],
)
def test_an_input_that_fits_nowhere_is_one_sentence(
    flow: str, inputs: list[str], sentence: str, site: Snapshot, catalog: Catalog
) -> None:
    with pytest.raises(RehearsalError) as caught:
        rehearse(site.flows[flow], site.settings, catalog, inputs)
    assert sentence in str(caught.value)


# --- the rule about silence, against the interpreter itself ---

_STEPS = ("a", "b", "c", "d")


def _turned_away(draw: st.DrawFn) -> str:
    ways = ("on_unknown", "on_expired", "on_blocked", "on_unreachable")
    return "\n      ".join(f"{way}: {draw(st.sampled_from(_STEPS))}" for way in ways)


@st.composite
def _action(draw: st.DrawFn) -> str:
    to = st.sampled_from(_STEPS)
    shapes = [
        f"menu: main_menu\n      choices: {{ 1: {draw(to)} }}\n      otherwise: {draw(to)}",
        f"ask: main_menu\n      into: x\n      digits: 3\n      otherwise: {draw(to)}",
        f"queue: support\n      on_timeout: {draw(to)}\n      on_full: {draw(to)}",
        f"hours: sofia\n      on_closed: {draw(to)}",
        f"voicemail: box\n      on_none: {draw(to)}",
        f"switch: language\n      cases: {{ en: {draw(to)} }}\n      otherwise: {draw(to)}",
        f"goto: {draw(to)}",
        f"entitlement: crm\n      by: caller\n      {_turned_away(draw)}",
        f"entitlement: crm\n      by: pin\n      number: ask\n      pin: ask\n      {_turned_away(draw)}",
        "say: welcome",
        "hangup",
        "hangup: goodbye",
    ]
    return draw(st.sampled_from(shapes))


@st.composite
def _flow(draw: st.DrawFn) -> str:
    steps = "".join(
        f"  {name}:\n"
        + "".join(f"    - {draw(_action())}\n" for _ in range(draw(st.integers(1, 3))))
        + "    - hangup\n"
        for name in _STEPS
    )
    return f"flow: support\nsteps:\n{steps}"


def _quiet(do: d.Do, choice: int) -> d.Outcome:
    """Something that can come of an action when the caller does nothing."""
    match do:
        case d.Look():
            return ("open", "closed", "holiday", "override")[choice % 4]
        case d.Enqueue():
            return ("timeout", "full", "unstaffed", "closed")[choice % 4]
        case d.Record():
            return ("none", "left")[choice % 2]
        case d.Entitle():
            standing = list(Standing)[choice]
            return Answer(standing, standing is Standing.ENTITLED).text()
        case _:
            return None


@settings(deadline=None)  # how long it takes is the machine's load
@given(_flow(), st.lists(st.integers(0, 3), min_size=60, max_size=60))
def test_a_flow_that_passes_the_check_brings_every_silent_caller_to_an_end(
    text: str, luck: list[int]
) -> None:
    report = Report()
    known = read_flow(text, "support.yaml", ("en",), report)
    assert known is not None
    assert isinstance(known.flow, Flow)
    check_paths(known, known.flow, report)
    if any(p.code == "silent-loop" for p in report.problems):
        return
    walk = i.replay(known.flow)
    for choice in luck:
        if walk.do is None:
            return
        walk.send(_quiet(walk.do, choice))
    assert walk.do is None, "a silent caller is still in the call after 60 outcomes"
