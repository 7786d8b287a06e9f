"""Rules about calls that go out of the house: `outbound` of site.yaml, trunk by trunk, and the numbers flows transfer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.config.flowfile import FlowFile
from engine.config.kinds import short, slots
from engine.config.report import Place, Report, guess
from engine.config.sitefile import SiteFile
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node, Scalar, Sequence
from engine.core import verbs
from engine.core.flow import Action, keyword
from engine.core.outbound import covers, dialable, is_pattern, way_out
from engine.core.site import OutboundRule

#: The section of site.yaml.
OUTBOUND = "outbound"


def check_outbound(site: SiteFile, report: Report) -> None:
    """Each trunk is one of this file and leads somewhere; each pattern lets somebody out whom no other one does."""
    seen: list[tuple[str, Place]] = []
    trunks = site.root.get("trunks")
    for name, place in site.names(OUTBOUND).items():
        if trunks is None or isinstance(trunks, MappingNode):
            _trunk(name, place, site, report)
        patterns = _patterns(site, name)
        for pattern in patterns:
            _superfluous(pattern, seen, patterns, report)
        seen += [(pattern.text, pattern.place) for pattern in patterns]


def _trunk(name: str, place: Place, site: SiteFile, report: Report) -> None:
    known = site.names("trunks")
    if name not in known:
        hint = guess(name, known) or f"add it to the trunks of {site.file}"
        report.add(place, "unknown-trunk", f"there is no trunk '{name}'", hint)
        return
    if _option(site, "trunks", name, "host") is None:
        text = f"no call can go out through trunk '{name}': it has no host"
        also = [(known[name], "the trunk")]
        report.add(place, "trunk-host", text, "write host: and the other side's address there", also=also)


def _option(site: SiteFile, section: str, name: str, option: str) -> Node | None:
    """What is written for an option of a name of a section, or None."""
    node: Node | None = site.root
    for key in (section, name, option):
        node = node.get(key) if isinstance(node, MappingNode) else None
    return node


def _patterns(site: SiteFile, name: str) -> list[Scalar]:
    """What the list of a trunk allows, as far as it can be read."""
    node = _option(site, OUTBOUND, name, "allow")
    items = node.items if isinstance(node, Sequence) else [node]
    return [item for item in items if isinstance(item, Scalar) and is_pattern(item.text)]


def _superfluous(
    pattern: Scalar, before: list[tuple[str, Place]], beside: list[Scalar], report: Report
) -> None:
    """A pattern that lets nobody out who is not let out already; one that is written twice is told elsewhere."""
    others = before + [(other.text, other.place) for other in beside if other.text != pattern.text]
    for text, place in others:
        if covers(text, pattern.text):
            also = [(place, f"{text} stands here")]
            same = f"{text} is allowed already"
            told = same if text == pattern.text else f"whatever {pattern.text} allows, {text} allows already"
            report.warn(pattern.place, "outbound-unused", told, "delete it, or move it up", also=also)
            return


def check_rung(flows: list[FlowFile], site: SiteFile, report: Report) -> None:
    """Flows ring people only where somebody may be rung, and transfer to numbers that may be.

    A number that comes from a variable is looked at when it is dialled.
    """
    rules = _rules(site)
    if rules == {}:
        for place, _ in (*_written(flows, verbs.Transfer), *_written(flows, verbs.Callback)):
            hint = 'write outbound: { a_trunk: { allow: ["+359*"] } } in site.yaml'
            report.add(place, "no-outbound", "nobody can be rung: site.yaml has no 'outbound'", hint)
        return
    _keyable(flows, site, rules, report)
    for place, text in _written(flows, verbs.Transfer):
        if not slots(text) and dialable(text) is None:
            hint = "2 to 20 digits, with or without a + before them, or {{ a variable }}"
            report.add(place, "transfer-number", f"{short(text)} is not a number that can be rung", hint)
        elif rules is not None and not slots(text) and way_out(rules, text) is None:
            also = [(site.section(OUTBOUND), "what may be dialled out stands here")]
            told = f"{short(text)} may not be rung: no trunk's list allows it"
            report.add(place, "transfer-number", told, "add it to the list of a trunk", also=also)


def _keyable(
    flows: list[FlowFile], site: SiteFile, rules: Mapping[str, OutboundRule] | None, report: Report
) -> None:
    """Where callers key in the number they are rung back at, some number without a + may be rung: no phone has a key for it."""
    allowed = [pattern for rule in (rules or {}).values() for pattern in rule.allow]
    if rules is None or not all(pattern.startswith("+") for pattern in allowed):
        return
    for place, _ in _written(flows, verbs.Callback, "other_number"):
        text = "no number that is keyed in may be rung: all that 'outbound' allows begins with +"
        also = [(site.section(OUTBOUND), "what may be dialled out stands here")]
        report.warn(
            place, "number-not-keyed", text, 'allow them as they are keyed in, too: "0888*"', also=also
        )


def _written(flows: list[FlowFile], verb: type[Action], option: str = "") -> Iterator[tuple[Place, str]]:
    """Every action of a verb that rings somebody outside and has this option (its keyword, if none is named): where, and the value."""
    option = option or keyword(verb)
    for file in flows:
        for step, actions in file.flow.steps.items() if file.flow is not None else ():
            for index, action in enumerate(actions):
                if isinstance(action, verb) and getattr(action, option) is not None:
                    yield file.at(step, index, option), getattr(action, option)


def _rules(site: SiteFile) -> dict[str, OutboundRule] | None:
    """What may be dialled out; None where that cannot be read, which is told elsewhere."""
    node = site.root.get(OUTBOUND)
    if node is None or (isinstance(node, Scalar) and node.empty):
        return {}
    if site.settings is None:
        return None
    return dict(site.settings.outbound)
