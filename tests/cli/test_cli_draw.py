"""`quietline draw`: the picture, where it is written, where its links lead, and the one sentence of what cannot be."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli_kit import Quietline

from engine.pbx.render import REPOSITORY

SHIPPED = REPOSITORY / "ivr_flows"
SHOWN = REPOSITORY / "docs" / "images" / "support.svg"


def test_the_picture_of_the_readme_is_the_shipped_flow_of_today(quietline: Quietline) -> None:
    drawn = quietline("draw", "support", "--link", "../../ivr_flows")
    again = "draw it again: quietline draw support --output docs/images/support.svg"
    assert drawn.status == 0 and drawn.out == SHOWN.read_text(encoding="utf-8"), again


def test_without_an_output_the_picture_goes_to_the_screen(quietline: Quietline) -> None:
    drawn = quietline("draw", "messages")
    assert ElementTree.fromstring(drawn.out).tag == "{http://www.w3.org/2000/svg}svg"
    assert 'href="ivr_flows/messages.yaml#L6"' in drawn.out


def test_links_lead_from_the_picture_to_the_flow(quietline: Quietline, tmp_path: Path) -> None:
    site = tmp_path / "my site" / "flows"
    shutil.copytree(SHIPPED, site)
    shutil.copytree(REPOSITORY / "prompts", site.parent / "prompts")
    (tmp_path / "docs").mkdir()
    file = tmp_path / "docs" / "m.svg"
    drawn = quietline("draw", "messages", "--site", site, "--output", file)
    assert (drawn.status, drawn.out, drawn.err) == (0, "", "")
    assert 'href="../my%20site/flows/messages.yaml#L6"' in file.read_text()


def test_links_can_lead_to_a_repository_browser(quietline: Quietline) -> None:
    told = quietline(
        "draw", "messages", "--format", "mermaid", "--link", "https://git.example/q/blob/main/f/"
    )
    assert 'href "https://git.example/q/blob/main/f/messages.yaml#L6"' in told.out
    assert told.out.startswith("flowchart TD\n")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "two words", "http://[", "a\nb"])
def test_what_is_no_address_is_said(quietline: Quietline, link: str) -> None:
    assert "is no address for links" in quietline("draw", "messages", "--link", link).sentence


def test_an_unknown_flow_is_named_with_the_likely_one(quietline: Quietline) -> None:
    assert quietline("draw", "suport").sentence == "there is no flow 'suport': did you mean 'support'?"


def test_an_unknown_format_is_refused_with_the_known_ones(quietline: Quietline) -> None:
    said = quietline("draw", "messages", "--format", "png")
    assert said.status == 2
    assert said.err.startswith("quietline: --format 'png' is not one of svg, mermaid: ")


def test_a_file_that_cannot_be_written_is_said(quietline: Quietline, tmp_path: Path) -> None:
    folder = quietline("draw", "messages", "--output", tmp_path).sentence
    assert folder == f"{tmp_path} cannot be written (is a directory): name another file with --output"
    assert "no such file" in quietline("draw", "messages", "--output", tmp_path / "no" / "m.svg").sentence


def test_a_site_that_does_not_load_gives_the_report_of_the_check(
    quietline: Quietline, tmp_path: Path
) -> None:
    site = tmp_path / "flows"
    shutil.copytree(SHIPPED, site)
    shutil.copytree(REPOSITORY / "prompts", tmp_path / "prompts")
    flow = site / "messages.yaml"
    flow.write_text(flow.read_text().replace("on_none: farewell", "on_none: nowhere"))
    drawn, checked = quietline("draw", "messages", "--site", site), quietline("check", "--site", site)
    assert drawn == checked and "unknown-step" in drawn.err
