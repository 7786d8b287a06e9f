"""What must hold for sources of customers and the actions that ask them.

source    its options fit its kind; its file can be read, row by row
action    it has the prompts it asks by; whoever it may turn away is led somewhere; levels exist
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from engine.config.flowfile import FlowFile
from engine.config.report import Place, Report, guess, plural
from engine.config.sitefile import SiteFile
from engine.config.source import Mapping as MappingNode
from engine.config.source import Scalar, Sequence
from engine.core import verbs
from engine.core.site import SourceRule
from engine.core.way import LEVEL
from engine.entitle.csvfile import BadFile, Customers, read_customers

#: Rows that are told one by one; of more, their number is.
SHOWN = 20
#: Options that mean something to some kinds only: to which, and what is written there.
FITTING = {
    "file": {"csv", "sql"},
    "url": {"sql", "http"},
    "headers": {"http"},
    "table": {"sql"},
    "columns": {"sql"},
    "by_phone": {"sql"},
    "by_number": {"sql"},
}


def sources(site: SiteFile) -> Iterator[tuple[str, MappingNode]]:
    """The sources that are written, with their options."""
    node = site.root.get("entitlement")
    if isinstance(node, MappingNode):
        for name, (_, value) in node.entries.items():
            if isinstance(value, MappingNode):
                yield name, value


def levels(site: SiteFile) -> list[str]:
    """All levels that customers can have."""
    found: list[str] = []
    for _, entry in sources(site):
        node = entry.get("levels")
        items = node.items if isinstance(node, Sequence) else [node]
        found += [item.text for item in items if isinstance(item, Scalar)]
    return found


def check_sources(site: SiteFile, report: Report) -> None:
    """Every source by itself."""
    for name, entry in sources(site):
        before = report.errors
        _fits(name, entry, report)
        if report.errors == before and site.settings is not None:
            _readable(site.settings.entitlement[name], entry, report)


def _fits(name: str, entry: MappingNode, report: Report) -> None:
    kind = entry.get("kind")
    if not isinstance(kind, Scalar) or report.faulty(kind.place):
        return
    given = set(entry.entries)
    for option in sorted(given & FITTING.keys()):
        if kind.text not in FITTING[option]:
            text = f"'{option}' means nothing to a source of kind {kind.text}"
            report.add(entry.key(option), "source-options", text, "delete it, or change the kind")
    if why := _lacks(kind.text, given):
        report.add(kind.place, "source-options", f"source '{name}' {why[0]}", why[1])
    _address(kind.text, entry, report)


def _lacks(kind: str, given: set[str]) -> tuple[str, str] | None:
    """What a source of this kind needs besides, and an example."""
    match kind:
        case "csv" if "file" not in given:
            return "names no file", "write file: customers.csv"
        case "http" if "url" not in given:
            return "has no address", "write url: https://crm.example.com/customers"
        case "sql" if len({"file", "url"} & given) != 1:
            hint = "file: names a SQLite file, url: a PostgreSQL database; write one of the two"
            return "needs one database", hint
        case "sql" if ("table" in given) == bool({"by_phone", "by_number"} & given):
            return "needs a table or queries of its own", "write table: customers, or by_phone and by_number"
        case "sql" if len({"by_phone", "by_number"} & given) == 1:
            return "has one query of two", "write both by_phone and by_number"
    return None


def _address(kind: str, entry: MappingNode, report: Report) -> None:
    url = entry.get("url")
    if not isinstance(url, Scalar) or report.faulty(url.place):
        return
    scheme = urlsplit(url.text).scheme
    wanted = {"sql": ("postgresql",), "http": ("https", "http")}.get(kind, (scheme,))
    if scheme not in wanted:
        text = f"a source of kind {kind} is not reached by {scheme}:"
        report.add(url.place, "source-options", text, f"the address begins with {wanted[0]}://")


def _readable(rule: SourceRule, entry: MappingNode, report: Report) -> None:
    node = entry.get("file")
    if rule.file is None or node is None:
        return
    path = Path(rule.file)
    shown = os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    if rule.kind != "csv":
        if not path.is_file():
            report.add(node.place, "bad-customers", f"there is no file {shown}", "it is a SQLite database")
        return
    try:
        found = read_customers(path, rule)
    except BadFile as bad:
        report.add(node.place, "bad-customers", f"{shown} cannot be used: {bad}")
        return
    for line, why in found.faults[:SHOWN]:
        report.warn(Place(shown, line), "bad-customer", f"this row is left out: {why}")
    if (more := len(found.faults) - SHOWN) > 0:
        text = f"{plural(more, 'more row')} of {shown} cannot be read either"
        report.warn(node.place, "bad-customer", text, "mend those that are told, and check again")
    _shared(shown, found, node.place, report)


def _shared(shown: str, found: Customers, place: Place, report: Report) -> None:
    shared = {phone: who for phone, who in sorted(found.by_phone.items()) if len(who) > 1}
    for phone, customers in list(shared.items())[:SHOWN]:
        who = ", ".join(one.number for one in customers[:5])
        text = f"{phone} in {shown} is a phone of several customers ({who}): none of them is known by it"
        report.warn(place, "bad-customer", text)


# --- flows --------------------------------------------------------------------------------------


def check_entitlement(flow: FlowFile, site: SiteFile, report: Report) -> None:
    """Every action that asks a source or goes by a level."""
    if flow.flow is None:
        return
    rules = dict(sources(site))
    for step, actions in flow.flow.steps.items():
        for index, action in enumerate(actions):
            match action:
                case verbs.Entitlement():
                    _asks(flow, step, index, action, rules.get(action.entitlement), report)
                case verbs.Switch(switch=name) if name == LEVEL:
                    _cases(flow, step, index, action, levels(site), report)


def _asks(
    flow: FlowFile,
    step: str,
    index: int,
    action: verbs.Entitlement,
    source: MappingNode | None,
    report: Report,
) -> None:
    needed = {"caller": (), "number": ("number",), "pin": ("number", "pin")}[action.by]
    for option in ("number", "pin"):
        place = flow.at(step, index, option)
        if option in needed and getattr(action, option) is None:
            text = f"entitlement by {action.by} needs '{option}'"
            report.add(
                flow.at(step, index, "by"), "missing-option", text, f"the prompt that asks for the {option}"
            )
        elif option not in needed and getattr(action, option) is not None:
            report.warn(place, "not-used", f"entitlement by {action.by} asks for no {option}", "delete it")
    failure = source.get("on_failure") if source is not None else None
    closed = isinstance(failure, Scalar) and failure.text == "closed"
    if closed and action.on_unreachable is None:
        text = f"entitlement needs 'on_unreachable': source '{action.entitlement}' lets nobody in while it does not answer"
        hint = "where to send a caller who cannot be looked up"
        report.add(flow.at(step, index), "missing-option", text, hint)
    elif isinstance(failure, Scalar) and not closed and action.on_unreachable is not None:
        text = f"nobody gets there: source '{action.entitlement}' lets callers in while it does not answer"
        report.warn(
            flow.at(step, index, "on_unreachable"), "not-used", text, "delete it, or on_failure: closed"
        )


def _cases(
    flow: FlowFile, step: str, index: int, action: verbs.Switch, known: Iterable[str], report: Report
) -> None:
    for level in action.cases:
        if level and level not in known:
            place = flow.at(step, index, "cases", level, key=True)
            unknown_level(level, place, known, report)


def unknown_level(level: str, place: Place, known: Iterable[str], report: Report) -> None:
    """A level that no customer can have."""
    hint = guess(level, known) or "add it to the levels of a source in site.yaml"
    report.add(place, "unknown-level", f"no customer has the level '{level}'", hint)
