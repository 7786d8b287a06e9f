"""Flows as text, drawn; and what stands in a drawing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from engine.config.flowfile import read_flow
from engine.config.prompts import Catalog, Prompt
from engine.config.report import Place, Report
from engine.core.flow import Flow
from engine.draw import Picture, picture

SVG = "{http://www.w3.org/2000/svg}"


def flow_of(text: str) -> Flow:
    """A flow as it is read."""
    return _read(text)[0]


def picture_of(text: str, texts: Mapping[str, str] | None = None, language: str = "en") -> Picture:
    """What is drawn of a flow, with these prompt texts."""
    flow, file = _read(text)
    prompts = {name: Prompt(words, (), Place("")) for name, words in (texts or {}).items()}
    return picture(flow, file, Catalog(Path(), {language: prompts}), language, ["100"], "flows/f.yaml")


def _read(text: str):
    report = Report()
    file = read_flow(text, "f.yaml", ("en",), report)
    assert file is not None and file.flow is not None, report.render()
    return file.flow, file


def titles(text: str) -> list[str]:
    """All that is told about parts of a drawing, in its order."""
    return [each.text or "" for each in ElementTree.fromstring(text).iter(f"{SVG}title")]


def hrefs(text: str) -> list[str]:
    """All links of a drawing, in its order."""
    return [each.attrib["href"] for each in ElementTree.fromstring(text).iter(f"{SVG}a")]


def big_flow(count: int = 60) -> str:
    """A tree of menus whose leaves are queues; from everywhere a way back, from every queue one to the mailbox."""
    inner = (count - 2) // 4
    lines = ["flow: f", "title: Everything there is, in one flow", "steps:"]
    for n in range(count - 2):
        below = [f"step_{k}" for k in range(4 * n + 1, 4 * n + 5) if k < count - 2]
        lines.append(f"  step_{n}:")
        if below:
            keys = [f"{key}: {step}" for key, step in enumerate(below, 1)]
            lines += ["    - hours: office", "      on_closed: mailbox", "    - menu: choose"]
            lines += [f"      choices: {{ {', '.join([*keys, f'9: step_{(n - 1) // 4 if n else 0}'])} }}"]
            lines += ["      otherwise: mailbox"]
        elif n % 3:
            lines += [
                "    - say: hello",
                "    - queue: desk",
                "      on_timeout: mailbox",
                "      on_full: busy",
            ]
            lines += [f"      on_key: {{ '*': step_{n - inner % 2} }}", "    - hangup: bye"]
        else:
            lines += [
                "    - ask: hello",
                "      into: x",
                "      digits: 6",
                f"      otherwise: step_{n - 1}",
            ]
            lines += [f"    - goto: step_{n + 1 if n + 1 < count - 2 else n - 1}"]
    lines += ["  mailbox:", "    - voicemail: office", "      on_none: busy", "    - hangup: thanks"]
    return "\n".join([*lines, "  busy:", "    - hangup: bye", ""])
