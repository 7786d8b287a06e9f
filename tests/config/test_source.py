"""Reading YAML: places are exact, text stays text, and nothing an attacker or a slip can write raises anything."""

from __future__ import annotations

import os
import random
import shutil
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import check_site
from engine.config.codes import CODES
from engine.config.flowfile import read_flow
from engine.config.report import Place, Report, printable
from engine.config.source import MAX_BYTES, Mapping, Node, Scalar, Sequence, parse, place_of, read

SITE = Path(__file__).parents[2] / "ivr_flows"


def tree(text: str) -> Mapping:
    report = Report()
    root = parse(text, "f.yaml", report)
    assert report.errors == 0
    assert isinstance(root, Mapping)
    return root


def codes(text: str) -> list[str]:
    report = Report()
    parse(text, "f.yaml", report)
    return [p.code for p in report.ordered()]


@pytest.mark.parametrize(
    "text", ["no", "on", "22:00", "0123", "1e3", "0x1f", "null", "2026-12-24", "+15550100", "1_000"]
)
def test_a_value_means_what_was_typed(text: str) -> None:
    value = tree(f"a: {text}\n").get("a")
    assert isinstance(value, Scalar)
    assert (value.text, value.empty) == (text, False)


def test_every_key_and_value_knows_its_place() -> None:
    root = tree("steps:\n  grüße:\n    - say: [a, 'b c']\n      interrupt: no\n")
    assert place_of(root, "steps", "grüße", key=True) == Place("f.yaml", 2, 3, 8)
    assert place_of(root, "steps", "grüße", 0, "say", 1) == Place("f.yaml", 3, 16, 21)
    assert place_of(root, "steps", "grüße", 0, "interrupt") == Place("f.yaml", 4, 18, 20)
    assert place_of(root, "steps", "grüße", 0, "nothing") == place_of(root, "steps", "grüße", 0)


def test_a_byte_order_mark_and_windows_line_ends_move_no_column() -> None:
    root = tree("\ufeffa: b\r\nc: d\r\n")
    assert place_of(root, "c") == Place("f.yaml", 2, 4, 5)


def test_two_keys_set_twice_are_both_told_and_the_rest_is_still_read() -> None:
    assert codes("a: 1\na: 2\nb: 1\nb: 2\n") == ["duplicate-key", "duplicate-key"]


def test_a_list_of_one_scalar_is_a_list() -> None:
    node = tree("a: [x]").get("a")
    assert isinstance(node, Sequence)
    assert [item.text for item in node.items if isinstance(item, Scalar)] == ["x"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: " + "[" * 500_000, "too-deep"),
        ("a: " + "{b: " * 200_000, "too-deep"),
        ("a: [" + "x, " * 150_000 + "x]", "too-big"),
        ("a: " + "x" * MAX_BYTES, "too-big"),
        ("\n".join(f"k{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)), "no-anchors"),
        ("a: *nothing", "no-anchors"),
        ("a: \ud800", "bad-character"),
    ],
)
def test_what_is_far_too_much_gives_one_error_and_soon(text: str, code: str) -> None:
    start = time.process_time()
    assert codes(text) == [code]
    assert time.process_time() - start < 5


def test_a_file_that_is_too_big_is_refused_before_it_is_read_as_text(tmp_path: Path) -> None:
    path, report = tmp_path / "big.yaml", Report()
    path.write_bytes(b"\xff" * (MAX_BYTES + 1))
    assert read(path, "big.yaml", report) is None
    assert [p.code for p in report.ordered()] == ["too-big"]


def test_a_folder_in_place_of_a_file_is_one_clear_error(tmp_path: Path) -> None:
    report = Report()
    assert read(tmp_path, "here", report) is None
    assert "cannot be read: is a directory" in report.render()


def test_a_pipe_or_an_endless_device_in_place_of_a_file_is_one_clear_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "itself.yaml").symlink_to(tmp_path / "itself.yaml")
    for name in ("pipe.yaml", "zero.yaml", "itself.yaml"):
        report = Report()
        assert read(tmp_path / name, name, report) is None
        assert [(p.code, p.place.file) for p in report.problems] == [("cannot-read", name)]


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(1 << 40)
    report = Report()
    assert read(tmp_path / "huge.yaml", "huge.yaml", report) is None
    assert [p.code for p in report.problems] == ["too-big"]


@settings(deadline=None)
@given(
    st.text(alphabet=st.characters(), max_size=60)
    | st.text(alphabet="a:-[]{}&*!|>'\"%@`#,? \n\t\\", max_size=60)
)
def test_no_text_raises_anything_and_every_report_is_safe_to_print(text: str) -> None:
    report = Report()
    flow = read_flow(text, "f.yaml", ("en",), report)
    assert (flow is not None and flow.flow is not None) or report.errors
    shown = report.render()
    assert printable(shown.replace("\n", "")) == shown.replace("\n", "")


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["site.yaml", "support.yaml", "sales.yaml"]),
    st.integers(0, 80),
    st.sampled_from(
        ["", "  x: y", "- hangup", "    - say:", "]", "{", "a: [b, c]", "      retries: -", "\x00", "'"]
    ),
    st.booleans(),
)
def test_a_site_with_any_line_spoilt_is_loaded_or_reported(
    tmp_path_factory: pytest.TempPathFactory, name: str, number: int, line: str, replaced: bool
) -> None:
    folder = tmp_path_factory.mktemp("site") / "ivr_flows"
    folder.mkdir()
    for path in SITE.glob("*.yaml"):
        lines = path.read_text("utf-8").splitlines()
        if path.name == name:
            at = number % len(lines)
            lines[at : at + replaced] = [line]
        (folder / path.name).write_text(
            "\n".join(lines).replace("../prompts", str(SITE.parent / "prompts")), "utf-8"
        )
    snapshot, report = check_site(folder, date(2026, 6, 1))
    assert (snapshot is None) == (report.errors > 0)
    report.render()


HOSTILE = (
    *(
        "''",
        '"\\0"',
        '"\\e[31m"',
        '"a\\nb"',
        "9" * 5000,
        "²",
        "٣",
        "-1",
        "1e999",
        "nan",
        "9" * 20 + "h",
        "../../etc/passwd",
    ),
    *(
        "x" * 9999,
        "'{{ x }}'",
        "'{{'",
        "[]",
        "{}",
        "[[[[]]]]",
        "~",
        "{a: {b: {c: d}}}",
        "١٢:٠٠",
        "'[('",
        "1-999999999",
        "💥",
    ),
)


def values(node: Node) -> list[Scalar]:
    """Every key and value in a tree."""
    match node:
        case Scalar():
            return [node]
        case Sequence():
            return [value for item in node.items for value in values(item)]
        case Mapping():
            return [one for key, item in node.entries.values() for one in (key, *values(item))]


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(["site.yaml", "support.yaml", "sales.yaml"]), st.randoms(use_true_random=False))
def test_a_site_with_any_value_replaced_by_a_hostile_one_is_loaded_or_reported(
    tmp_path_factory: pytest.TempPathFactory, name: str, chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("site") / "ivr_flows"
    shutil.copytree(SITE, folder)
    (folder.parent / "prompts").symlink_to(SITE.parent / "prompts")
    lines = (folder / name).read_text("utf-8").splitlines()
    root = parse("\n".join(lines), name, Report())
    assert root is not None
    at, bad = chance.choice(values(root)).place, chance.choice(HOSTILE)
    lines[at.line - 1] = lines[at.line - 1][: at.col - 1] + bad + lines[at.line - 1][at.end - 1 :]
    (folder / name).write_text("\n".join(lines), "utf-8")
    snapshot, report = check_site(folder, date(2026, 6, 1))
    assert (snapshot is None) == (report.errors > 0)
    assert {p.code for p in report.problems} <= set(CODES)
    report.render()
