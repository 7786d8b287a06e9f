"""`quietline replay ID --save-case NAME`: a stored call as a case, written behind the others of its file."""

from __future__ import annotations

from pathlib import Path

from engine.cases.replay import Replayer
from engine.cases.run import Runner
from engine.cases.saved import Saved, saved
from engine.cli.console import say
from engine.config.casefile import FOLDER, is_case_name, names_in
from engine.config.load import shown
from engine.config.report import Report, printable
from engine.config.source import read_text
from engine.core import do as d
from engine.core.recorded import Recorded
from engine.errors import SetupError

HEAD = "cases:\n"
SCHEMA = "# yaml-language-server: $schema=../case.schema.json\n"


async def save(replayer: Replayer, contact: str, name: str, file: str | None, site: Path) -> int:
    """Write the case and say what it is worth. Raises SetupError where it cannot be made or written; nothing is changed then."""
    if not is_case_name(name):
        raise SetupError(f"no case can be called {printable(name)!r}: letters, digits, - and _, at most 100")
    call, version = await replayer.savable(contact)
    path = case_path(site, file or f"{FOLDER}/{call.contact.flow}.yaml")
    before = _before(path, name)
    made = saved(name, call, version, Runner(site, replayer.loaded))
    _write(path, before, name, made.text, site)
    for line in _told(path, name, call, made):
        say(line)
    return 0


def case_path(site: Path, file: str) -> Path:
    """A file of cases, named from the site's folder or from here. Raises SetupError for one that `quietline test` would not read."""
    folder = (site / FOLDER).resolve()
    for path in (site / file, Path(file)):
        if path.resolve().parent == folder and path.suffix == ".yaml":
            return path
    raise SetupError(f"{printable(file)} is no file of cases: they are {shown(site / FOLDER)}/NAME.yaml")


def _before(path: Path, name: str) -> str:
    """What the file holds now; empty where there is none."""
    if not path.exists():
        return ""
    report = Report()
    text = read_text(path, shown(path), report)
    names, _ = names_in(text, shown(path), report) if text is not None else ([], 0)
    if report.errors:
        raise SetupError(f"{shown(path)} cannot be added to: {report.ordered()[0].text}")
    if not names:
        raise SetupError(f"{shown(path)} cannot be added to: it holds no cases")
    if name in names:
        raise SetupError(
            f"{shown(path)} has a case {name!r} already: choose another name, or take that one out"
        )
    return text or ""


def _write(path: Path, before: str, name: str, case: str, site: Path) -> None:
    """Append; what stands in the file stays as it is, letter by letter."""
    head = (SCHEMA if (site / "case.schema.json").exists() else "") + HEAD
    names, indent = names_in(before, "", Report()) if before else ([], 2)
    lines = (
        f"{' ' * (indent - 2)}{line}" if indent > 2 else line[2 - indent :] for line in case.splitlines()
    )
    more = "\n".join([*lines, ""])
    ending = "" if not before or before.endswith("\n") else "\n"
    added = f"{ending}\n{more}" if before else head + more
    if names_in(before + added, "", Report())[0] != [*names, name]:
        raise SetupError(
            f"{shown(path)} cannot be added to: write its cases one below the other, as docs/flows.md does"
        )
    newline = "\r\n" if before and b"\r\n" in path.read_bytes() else "\n"
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8", newline=newline) as file:
        file.write(added)


def _told(path: Path, name: str, call: Recorded, made: Saved) -> list[str]:
    title = f"{path.stem}/{name}"
    passes = made.alike and made.result.passed
    lines = [f"{shown(path)}: case {name}, from call {call.contact.id}; `quietline test {title}` passes."]
    if not passes:
        lines = [
            f"{shown(path)}: case {name}, from call {call.contact.id}.",
            f"On this site the call would not go as it did: `quietline test {title}` shows where.",
        ]
    if made.numbered:
        lines.append("The caller's number stands in it: without it the call goes another way.")
    if keyed := [
        one.outcome
        for one in call.told
        if isinstance(one.do, d.Collect) and not one.do.secret and one.outcome
    ]:
        lines.append(
            f"What the caller keyed in stands in it ({', '.join(keyed)}): change it where others may not read it."
        )
    if made.secret:
        lines.append("Zeros stand for secret digits, which no log holds.")
    return lines
