"""Flows that run other flows: who runs whom, in which version, and that nobody runs himself.

A call finishes on the version of its flow, and of the flows that one runs. So the text that is stored of a flow ends with one line for each
flow it runs, `# quietline runs NAME HASH`, and its hash is that of the whole text: another version of a flow that is run makes
another version of the one that runs it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace

from engine.config.flowfile import HEAD, FlowFile, compile_flow, source_hash
from engine.config.kinds import Ref
from engine.config.report import Report, guess
from engine.core.flow import Flow
from engine.core.site import Settings

_PIN = re.compile(r"^# quietline runs (\w[\w-]*) ([0-9a-f]{64})$", re.MULTILINE)

#: A stored version: its flow's name and text, by its hash.
Fetch = Callable[[str], Awaitable[tuple[str, str]]]


def link_flows(flows: list[FlowFile], report: Report) -> None:
    """Give every flow the flows it runs, and its stored text and hash; names that lead nowhere and circles are reported."""
    known = {file.name: file for file in flows}
    for file in flows:
        _link(file, known, (), report)


def runs(file: FlowFile) -> Iterator[Ref]:
    """Every place of a flow that names another one to run."""
    for place, refs in file.refs.items():
        if place != HEAD:
            yield from (ref for ref in refs if ref.to == "flow")


def pins(text: str) -> dict[str, str]:
    """The versions of flows that a stored text names: name -> hash."""
    return dict(_PIN.findall(text))


async def compile_stored(digest: str, settings: Settings, fetch: Fetch) -> Flow:
    """A stored version with the versions it runs. Raises SiteError, or what `fetch` raises."""
    name, text = await fetch(digest)
    inner = {sub: await compile_stored(pinned, settings, fetch) for sub, pinned in pins(text).items()}
    return replace(compile_flow(text, name, settings), runs=inner)


def _link(file: FlowFile, known: Mapping[str, FlowFile], outer: tuple[str, ...], report: Report) -> None:
    """Link a flow after those it runs; `outer` are the flows that run it, on the way here."""
    if file.linked:
        return
    path = (*outer, file.name)
    inner: dict[str, Flow] = {}
    for ref in runs(file):
        if ref.name in path:
            circle = " → ".join([*path[path.index(ref.name) :], ref.name])
            text = f"flows that run each other go round for ever: {circle}"
            report.add(ref.place, "flow-circle", text, "let one of them go back instead")
        elif (found := known.get(ref.name)) is not None:
            _link(found, known, path, report)
            _languages(file, found, ref, report)
            if found.flow is not None:
                inner[ref.name] = found.flow
        elif not report.faulty(ref.place):
            report.add(ref.place, "unknown-flow", f"there is no flow '{ref.name}'", guess(ref.name, known))
    file.linked = True
    if inner and file.flow is not None:
        pinned = "".join(f"# quietline runs {name} {flow.hash}\n" for name, flow in sorted(inner.items()))
        file.text = f"{file.text.rstrip()}\n{pinned}"
        file.flow = replace(file.flow, runs=inner, hash=source_hash(file.text))


def _languages(file: FlowFile, inner: FlowFile, ref: Ref, report: Report) -> None:
    """A caller keeps their language in the flow that is run."""
    lacking = [language for language in file.languages if language not in inner.languages]
    if lacking and inner.languages_read:
        text = f"flow '{inner.name}' does not speak {', '.join(lacking)}, which callers of this flow may have chosen"
        hint = f"add it to the languages of {inner.file}"
        report.add(ref.place, "run-language", text, hint)
