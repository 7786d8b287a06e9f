"""A flow's picture: nothing of the flow is missing, nothing covers anything, and any reader of SVG or Mermaid can read it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from draw_kit import SVG, big_flow, flow_of, hrefs, picture_of, titles
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.flow import Action, Key, PromptId, Seconds, StepName, jumps
from engine.draw import mermaid, svg
from engine.draw.layout import Line, Size
from engine.draw.picture import MOST_LINES
from engine.draw.route import Plan
from engine.draw.shapes import PAD, PILL_SIZE, SMALL_SIZE, TEXT_SIZE, shape
from engine.draw.style import DARK, LIGHT
from engine.draw.svg import planned
from engine.draw.text import cut, rtl, width
from engine.draw.words import Sort, argument, label, options, prompts, sort

FLOWS = Path(__file__).parents[2] / "ivr_flows"
SHIPPED = sorted(
    path for path in FLOWS.glob("*.yaml") if path.name not in ("site.yaml", "catalog.yaml", "knowledge.yaml")
)
ALL = [
    *(pytest.param(path.read_text(), id=path.stem) for path in SHIPPED),
    pytest.param(big_flow(), id="big"),
]
SMALL = """\
flow: f
title: Small
start: hello
steps:
  lost:
    - say: words
    - goto: hello
  hello:
    - say: words
    - menu: words
      choices: { 1: desk, '*': hello }
      otherwise: desk
  desk:
    - queue: support
      max_wait: 90s
      on_timeout: hello
    - hangup
    - goto: hello
"""


@pytest.mark.parametrize("text", ALL)
def test_every_step_and_every_jump_is_in_the_svg(text: str) -> None:
    flow, told = flow_of(text), titles(svg(picture_of(text), "en"))
    for step, actions in flow.steps.items():
        assert any(each.startswith(f"{step} ") for each in told)
        for action in actions:
            for jump in jumps(action):
                ways = [
                    each.split(": ", 1)[1] for each in told if each.startswith(f"{step} → {jump.target}: ")
                ]
                assert any(" ".join(jump.path) in way.split(", ") for way in ways), (step, jump)


@pytest.mark.parametrize("text", ALL)
def test_every_step_and_every_jump_is_in_the_mermaid_text(text: str) -> None:
    flow, drawn = flow_of(text), mermaid(picture_of(text))
    ids = {name: box for box, name in re.findall(r'^  (s\d+)\["<b>(\w+)</b>', drawn, re.M)}
    assert set(ids) == set(flow.steps)
    for step, actions in flow.steps.items():
        for jump in (jump for action in actions for jump in jumps(action)):
            arrow = rf'^  {ids[step]} -\.?->\|"(.*)"\| {ids[jump.target]}$|^  {ids[step]} -->\|"(.*)"\| {ids[jump.target]}$'
            assert re.search(arrow, drawn, re.M), (step, jump)


@pytest.mark.parametrize("text", ALL)
def test_each_exit_has_a_line_or_names_its_step(text: str) -> None:
    picture = picture_of(text)
    exits = [way for box in picture.boxes for way in box.exits]
    drawn = ElementTree.fromstring(svg(picture, "en"))
    lines = [each for each in drawn.iter(f"{SVG}g") if each.get("class", "").startswith("way ")]
    assert len(lines) == sum(not way.far for way in exits) + 1
    labels = [each.text or "" for each in drawn.iter(f"{SVG}text") if each.get("class") == "label"]
    assert sum("→" in each for each in labels) == sum(way.far for way in exits)
    for target in {way.target for way in exits}:
        leading = [way for way in exits if way.target == target]
        assert sum(not way.far for way in leading) == (1 if len(leading) > MOST_LINES else len(leading))


@pytest.mark.parametrize("text", ALL)
def test_no_text_is_wider_than_its_box(text: str) -> None:
    words = dict.fromkeys(
        re.findall(r"(?:say|menu|hangup): (\w+)", text), "Long words that callers hear " * 9
    )
    for box in map(shape, picture_of(text, words).boxes):
        room = box.size.width - PAD
        for line in box.lines:
            marks = width("“”", TEXT_SIZE) if line.row.quoted else 0
            assert box.column + width(line.about, TEXT_SIZE) + marks <= room
            assert box.column + width(line.options, SMALL_SIZE) <= room
        for pill in box.pills:
            assert width(pill.label, PILL_SIZE, bold=True) <= pill.width - 8
            assert pill.x >= PAD and pill.x + pill.width <= room


@st.composite
def boxes_and_lines(draw: st.DrawFn) -> tuple[list[Size], list[Line]]:
    """Boxes of any size with any lines between them: loops, ways back, several at once."""
    count = draw(st.integers(1, 9))
    sizes, lines = [], []
    for box in range(count):
        heads = draw(st.lists(st.integers(0, count - 1), max_size=4, unique=True))
        ports = tuple((14 + 40 * port, 32) for port in range(len(heads)))
        wide = max(30, 28 + 40 * len(heads)) + draw(st.integers(0, 300))
        sizes.append(Size(wide, draw(st.integers(30, 200)), ports))
        lines += [Line(box, port, head) for port, head in enumerate(heads)]
    return sizes, lines


def in_place(sizes: list[Size], lines: list[Line]) -> Plan:
    """The plan; no box covers another, no line meets a box or runs upon one that leads elsewhere."""
    plan = planned(sizes, lines)
    boxes = [(x, y, x + s.width, y + s.height) for (x, y), s in zip(plan.corners, sizes, strict=True)]
    for number, (left, top, right, bottom) in enumerate(boxes):
        for a, b, c, d in boxes[:number]:
            assert right <= a or c <= left or bottom <= b or d <= top, "boxes overlap"
        assert left >= 0 and top >= 0 and right <= plan.width and bottom <= plan.height
    across = []
    for line, path in zip(lines, plan.paths, strict=True):
        for (x, y), (u, v) in pairwise(path):
            assert min(x, u) >= 0 and max(x, u) <= plan.width and max(y, v) <= plan.height
            low, high, upper, lower = min(x, u), max(x, u), min(y, v), max(y, v)
            for left, top, right, bottom in boxes:
                assert high <= left or right <= low or lower <= top or bottom <= upper, "a line meets a box"
            if abs(x - u) >= 1:
                across.append((y, low, high, line.head))
    for y, low, high, head in across:
        for w, other_low, other_high, other in across:
            apart = abs(y - w) > 1 or high < other_low or other_high < low
            assert apart or head == other, "a line runs upon another"
    return plan


@settings(max_examples=120, deadline=None)
@given(boxes_and_lines())
def test_boxes_never_overlap_and_lines_never_meet_them(drawn: tuple[list[Size], list[Line]]) -> None:
    sizes, lines = drawn
    plan = in_place(sizes, lines)
    for line, path in zip(lines, plan.paths, strict=True):
        (x, y), size = plan.corners[line.head], sizes[line.head]
        assert x <= path[-1][0] <= x + size.width and path[-1][1] == y


@pytest.mark.parametrize("text", ALL)
def test_in_a_flow_boxes_do_not_overlap(text: str) -> None:
    shapes = [shape(box) for box in picture_of(text).boxes]
    numbers = {each.box.name: number for number, each in enumerate(shapes)}
    lines = [
        Line(number, port, numbers[pill.exit.target])
        for number, each in enumerate(shapes)
        for port, pill in enumerate(each.pills)
        if not pill.exit.far
    ]
    in_place([each.size for each in shapes], lines)


@pytest.mark.parametrize("text", ALL)
def test_the_same_flow_gives_the_same_picture(text: str) -> None:
    assert svg(picture_of(text), "en") == svg(picture_of(text), "en")


def test_the_picture_does_not_depend_on_the_order_of_hashes() -> None:
    code = (
        "import draw_kit as k, hashlib, engine.draw as d; p = k.picture_of(k.big_flow());"
        "print(hashlib.sha256((d.svg(p, 'en') + d.mermaid(p)).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


HOSTILE = [
    '"]; click s1 "x',
    "<b>&amp;",
    "%%{init: {}}%%",
    "1. a list",
    "- a dash",
    "`code` [x](y)",
    "#quot;",
    "\u202e\x7f\u2028",
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))


@settings(max_examples=150, deadline=None)
@given(texts)
def test_the_svg_is_well_formed_whatever_callers_hear(words: str) -> None:
    drawn = svg(picture_of(SMALL, {"words": words}), "en")
    assert ElementTree.fromstring(drawn.encode()).tag == f"{SVG}svg"


#: Mermaid's grammar, as far as a flow uses it; in quotes only words, plain marks and numbered characters.
_QUOTED = r'"(?:[\w .,:!?\'’“”…=/()+·-]|#\d+;|<b>|</b>|<br/>)*"'
_GRAMMAR = re.compile(
    "|".join(
        [
            "flowchart TD",
            r"  acc(?:Title|Descr): [^%#;{}<>&]+",
            rf"  start\(\[{_QUOTED}\]\) --> s\d+",
            rf"  s\d+\[{_QUOTED}\]",
            rf"  s\d+ (?:-->|-\.->)\|{_QUOTED}\| s\d+",
            r"  s\d+ --> s\d+_end\(\(\(x\)\)\)",
            rf'  click s\d+ href "[^"\s]+" {_QUOTED}',
            r"  classDef lost [\w:.,\ -]+",
            r"  class s\d+(?:,s\d+)* lost",
        ]
    )
)


@settings(max_examples=150, deadline=None)
@given(texts)
def test_every_line_of_mermaid_keeps_to_its_grammar(words: str) -> None:
    for line in mermaid(
        picture_of(SMALL.replace("Small", "'Small; %%{x}%%'"), {"words": words})
    ).splitlines():
        assert _GRAMMAR.fullmatch(line), line
        assert not re.search(r'"(?:\d+\.|[-+]) ', line), "this would be read as a list"


def test_a_step_nobody_gets_to_and_an_action_after_the_end_are_marked() -> None:
    drawn = ElementTree.fromstring(svg(picture_of(SMALL), "en"))
    kinds = {each.get("id"): each.get("class") for each in drawn.iter(f"{SVG}g") if each.get("id")}
    assert kinds == {"f-lost": "step lost", "f-hello": "step first", "f-desk": "step"}
    boxes = {box.name: box for box in picture_of(SMALL).boxes}
    assert [row.reached for row in boxes["lost"].rows] == [True]
    assert [way.reached for way in boxes["lost"].exits] == [False]
    assert [(way.labels, way.reached) for way in boxes["desk"].exits] == [
        (("timeout",), True),
        (("goto",), False),
    ]
    assert boxes["desk"].ends and not boxes["hello"].ends
    assert "class s1 lost" in mermaid(picture_of(SMALL))


def test_steps_rows_and_exits_are_links_to_their_lines() -> None:
    links = hrefs(svg(picture_of(SMALL), "en"))
    lines = [int(link.removeprefix("flows/f.yaml#L")) for link in links]
    assert lines == [5, 6, 7, 8, 9, 10, 11, 11, 13, 14, 17, 16, 18]


def test_keys_that_lead_to_one_step_share_an_exit() -> None:
    hello = next(box for box in picture_of(SMALL).boxes if box.name == "hello")
    assert [(way.target, way.labels, way.written) for way in hello.exits] == [
        ("desk", ("1", "otherwise"), ("choices 1", "otherwise")),
        ("hello", ("*",), ("choices *",)),
    ]


@dataclass(frozen=True, slots=True)
class Poll(Action):
    """A verb that no other code knows."""

    poll: tuple[PromptId, ...]
    _: KW_ONLY
    answers: Mapping[Key, StepName]
    levels: Mapping[str, StepName] | None = None
    on_refused: StepName | None = None
    goodbye: PromptId | None = None
    names: frozenset[str] = frozenset()
    after: Seconds = Seconds(5)


def test_a_verb_is_told_by_the_types_of_its_fields() -> None:
    one = StepName("one")
    poll = Poll(
        (PromptId("a"), PromptId("b")),
        answers={Key("1"): one},
        levels={"gold": one},
        on_refused=one,
        goodbye=PromptId("c"),
        names=frozenset({"y", "x"}),
        after=Seconds(90),
    )
    assert [(label(jump), sort(poll, jump)) for jump in jumps(poll)] == [
        ("1", Sort.KEY),
        ("gold", Sort.CASE),
        ("refused", Sort.OPTION),
    ]
    assert (argument(poll), prompts(poll)) == ("a, b", ("a", "b"))
    assert options(poll) == "names x, y, after 1m30s"


@given(st.text(), st.floats(20, 400))
def test_a_text_that_is_cut_fits(text: str, room: float) -> None:
    assert width(cut(text, room, 13), 13) <= room


def test_arabic_and_persian_words_run_from_right_to_left() -> None:
    assert rtl("123 مرحبا") and rtl("به میز") and not rtl("Добре дошли") and not rtl("12 – ?")
    drawn = svg(picture_of(SMALL, {"words": "مرحبا بكم"}, "ar"), "ar")
    said = [each for each in ElementTree.fromstring(drawn).iter(f"{SVG}text") if each.get("class") == "said"]
    assert {(each.get("direction"), each.get("text-anchor"), each.text) for each in said} == {
        ("rtl", "end", "«مرحبا بكم»")
    }


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(colours: str) -> None:
    fills = {
        name: colour
        for names, colour in re.findall(r"^([^{@\n]+)\{fill:(#\w+)", colours, re.M)
        for name in names.split(",")
    }
    on_box = [".said", ".about", ".verb", ".options", ".exit text", ".exit.option text", ".exit.case text"]
    behind = {name: [fills[".exit rect"], fills[".row:hover rect"]] for name in on_box}
    behind |= {".title": [fills[".paper"]], ".note": [fills[".paper"]], ".start text": [fills[".start rect"]]}
    behind |= {".name": [fills[".head"], fills[".first .head"]], ".exit.key text": [fills[".exit.key rect"]]}
    for text, grounds in behind.items():
        for ground in grounds:
            assert contrast(fills[text], ground) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    """How much two colours differ, by WCAG 2: from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """How bright a colour is, from 0 to 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
