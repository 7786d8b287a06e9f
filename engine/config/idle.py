"""Options that do nothing beside the others, or not what is meant: a warning each.

ring_all_max     where one phone rings at a time
place_kept       where no places are kept
consent, decline where nobody is recorded; decline without a consent to say no to
widen            where no skills are wanted, which it would begin to want; later than anybody waits
prefer_for       as long as anybody waits, or is to be rung back: nobody else is ever rung; without prefer
if_longer        where no key does anything
agents           who serve no queue
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.flowfile import FlowFile
from engine.config.kinds import spell
from engine.config.report import Report
from engine.config.sitefile import SiteFile
from engine.config.source import Mapping as MappingNode
from engine.config.source import Scalar, Sequence, place_of
from engine.core.coverage import queues_of
from engine.core.site import QueueRule, Settings
from engine.core.strategies import STRATEGIES
from engine.core.verbs import Callback, Queue

_NO = ("no", "false", "off")


def check_idle(site: SiteFile, flows: list[FlowFile], report: Report) -> None:
    """Every rule about them."""
    for entry in _own(site):
        _rings(site, entry, report)
    for entry, reached in _reached(site):
        _place_kept(entry, reached, report)
        _consent(site, entry, reached, report)
    _without_queue(site, report)
    for flow in flows:
        for step, actions in flow.flow.steps.items() if flow.flow is not None else ():
            for index, action in enumerate(actions):
                if isinstance(action, Queue):
                    _waits(flow, (step, index), action, site.settings, report)
                if isinstance(action, Queue | Callback):
                    _prefers(flow, (step, index), action, report)


def _section(site: SiteFile, name: str) -> MappingNode | None:
    node = site.root.get(name)
    return node if isinstance(node, MappingNode) else None


def _own(site: SiteFile) -> list[MappingNode]:
    """What is written about each queue."""
    queues = _section(site, "queues")
    nodes = [node for _, node in queues.entries.values()] if queues else []
    return [node for node in nodes if isinstance(node, MappingNode)]


def _reached(site: SiteFile) -> Iterator[tuple[MappingNode, list[dict[str, str]]]]:
    """Each block of options about queues, with what is so in the queues that it counts for."""
    shared = _section(site, "queue_defaults")
    base = _texts(shared) if shared else {}
    queues = [(entry, {**base, **_texts(entry)}) for entry in _own(site)]
    if shared and queues:
        yield shared, [whole for _, whole in queues]
    yield from ((entry, [whole]) for entry, whole in queues)


def _texts(entry: MappingNode) -> dict[str, str]:
    return {name: node.text for name, (_, node) in entry.entries.items() if isinstance(node, Scalar)}


def _rings(site: SiteFile, entry: MappingNode, report: Report) -> None:
    """How many phones ring at once means something only where all are rung."""
    shared = _section(site, "queue_defaults")
    strategy = entry.get("strategy") or (shared.get("strategy") if shared else None)
    name = strategy.text if isinstance(strategy, Scalar) else QueueRule("").strategy
    rings_all = name not in STRATEGIES or STRATEGIES[name].all_at_once
    if "ring_all_max" in entry.entries and not rings_all:
        text = f"'ring_all_max' means nothing to strategy {name}, which rings one phone at a time"
        hint = "write strategy: ring_all beside it, or delete it"
        report.warn(entry.key("ring_all_max"), "not-used", text, hint)


def _place_kept(entry: MappingNode, reached: list[dict[str, str]], report: Report) -> None:
    kept = any(set(whole.get("keep_place", "")) & set("123456789") for whole in reached)
    if "place_kept" in entry.entries and not kept:
        text = "this queue keeps no places: nobody hears 'place_kept'"
        hint = "write keep_place: 2m beside it, or delete it"
        report.warn(entry.key("place_kept"), "not-used", text, hint)


def _consent(site: SiteFile, entry: MappingNode, reached: list[dict[str, str]], report: Report) -> None:
    """Callers are asked where their queue is recorded, or an agent is; they can say no where they are asked."""
    if "decline" in entry.entries and not any("consent" in whole for whole in reached):
        text = "'decline' says no to a 'consent' that is not asked for"
        report.warn(entry.key("decline"), "not-used", text, "name the prompt with consent, or delete decline")
    if "consent" in entry.entries and not any(map(_is_recorded, [*reached, *_agents(site)])):
        what = "'consent' and 'decline'" if "decline" in entry.entries else "'consent'"
        text = f"nobody is recorded here: callers never hear of {what}"
        report.warn(entry.key("consent"), "not-used", text, "write record: yes or on_demand, or delete it")


def _is_recorded(whole: dict[str, str]) -> bool:
    return whole.get("record", "no").lower() not in _NO


def _agents(site: SiteFile) -> list[dict[str, str]]:
    agents = _section(site, "agents")
    nodes = [node for _, node in agents.entries.values()] if agents else []
    return [_texts(node) for node in nodes if isinstance(node, MappingNode)]


def _without_queue(site: SiteFile, report: Report) -> None:
    agents = _section(site, "agents")
    for name, (key, entry) in agents.entries.items() if agents else ():
        queues = entry.get("queues") if isinstance(entry, MappingNode) else None
        if isinstance(queues, Sequence) and not queues.items:
            text = f"agent '{name}' serves no queue: no caller is offered to them"
            report.warn(key.place, "no-queues", text, "add a queue; of use as it is only to be called in")


def _waits(
    flow: FlowFile, at: tuple[str, int], action: Queue, settings: Settings | None, report: Report
) -> None:
    """What a caller who waits would never hear of, or not as it is meant."""
    where = ("steps", *at)
    if action.if_longer is not None and not action.on_key:
        text = "no key does anything in this queue: whoever hears 'if_longer' can do nothing"
        hint = "write on_key: { 2: STEP } beside it, or delete it"
        report.warn(place_of(flow.root, *where, "if_longer"), "not-used", text, hint)
    if action.widen and not action.skills:
        narrows = any(action.widen.values())
        text = "'widen' narrows here: at first any agent will do, later only some"
        text = text if narrows else "'widen' changes nothing here: any agent will do from the start"
        hint = "write skills: beside it, or delete it"
        report.warn(place_of(flow.root, *where, "widen", key=True), "not-used", text, hint)
    elif not _older(action, settings):
        _too_late(flow, where, action, report)


def _prefers(flow: FlowFile, at: tuple[str, int], action: Queue | Callback, report: Report) -> None:
    """Whom somebody is waited for, and that it ends before everything does. Of a queue the latter is told beside `widen`."""
    where = ("steps", *at)
    if action.prefer is None and _written(flow, where, "prefer_for"):
        text = "'prefer_for' waits for nobody here"
        hint = "write prefer: last, owner or both beside it, or delete it"
        report.warn(place_of(flow.root, *where, "prefer_for", key=True), "not-used", text, hint)
    if isinstance(action, Callback) and action.prefer and action.prefer_for >= action.within:
        text = f"nobody is rung back after more than {spell(action.within)} (within)"
        text += ": whoever waits for the agent they know is never offered to another one"
        option = "prefer_for" if _written(flow, where, "prefer_for") else "prefer"
        hint = "let prefer_for be shorter, or within longer"
        report.warn(place_of(flow.root, *where, option, key=True), "not-used", text, hint)


def _older(action: Queue, settings: Settings | None) -> bool:
    """May whoever comes here have waited before, so that more than `max_wait` has passed?"""
    if action.keep_time or settings is None:
        return True
    names = queues_of(settings, action.queue)
    return any(settings.queues[name].keep_place for name in names if name in settings.queues)


def _too_late(flow: FlowFile, where: tuple[str | int, ...], action: Queue, report: Report) -> None:
    longest = f"nobody waits longer than {spell(action.max_wait)} (max_wait)"
    late = sorted(after for after in action.widen if after >= action.max_wait)
    if late:
        text = f"{longest}: what 'widen' says of {spell(late[0])} never comes"
        hint = "let it come sooner, or max_wait be longer"
        report.warn(place_of(flow.root, *where, "widen", key=True), "not-used", text, hint)
    if action.prefer and action.prefer_for >= action.max_wait:
        text = f"{longest}: whoever waits for the agent they know is never offered to another one"
        option = "prefer_for" if _written(flow, where, "prefer_for") else "prefer"
        hint = "let prefer_for be shorter, or max_wait longer"
        report.warn(place_of(flow.root, *where, option, key=True), "not-used", text, hint)


def _written(flow: FlowFile, where: tuple[str | int, ...], option: str) -> bool:
    return place_of(flow.root, *where, option) != place_of(flow.root, *where)
