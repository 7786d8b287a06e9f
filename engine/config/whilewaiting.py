"""What callers hear while they wait, as site.yaml and the `queue` actions of flows have it.

missing text      a queue has a prompt spoken that a language of the site has no text for
unknown value     it speaks a value: callers of any flow may wait in a queue, so there is only what every call has
not used          somebody would hear `place_kept` where no places are kept, or of a key (`if_longer`) where no key does anything
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.flowfile import FlowFile
from engine.config.prompts import Catalog, piece
from engine.config.report import Report, guess, in_languages
from engine.config.sitefile import SiteFile
from engine.config.source import Mapping as MappingNode
from engine.config.source import Scalar, Sequence, place_of
from engine.config.variables import GIVEN
from engine.core.verbs import Queue


def check_waiting(site: SiteFile, flows: list[FlowFile], catalog: Catalog | None, report: Report) -> None:
    """Every rule about it."""
    if catalog is not None:
        for said in _said(site, report):
            _spoken(said, [x for x in site.languages if x in catalog.languages], catalog, report)
    _places(site, report)
    for flow in flows:
        _offers(flow, report)


def _blocks(site: SiteFile) -> Iterator[MappingNode]:
    """The options of every queue, and those they have in common."""
    shared, queues = site.root.get("queue_defaults"), site.root.get("queues")
    nodes = [node for _, node in queues.entries.values()] if isinstance(queues, MappingNode) else []
    yield from (node for node in [shared, *nodes] if isinstance(node, MappingNode))


def _said(site: SiteFile, report: Report) -> Iterator[Scalar]:
    """Every prompt a queue has spoken to those who wait, where it stands."""
    for block in _blocks(site):
        for node in (block.get("comfort"), block.get("place_kept")):
            items = node.items if isinstance(node, Sequence) else [node]
            yield from (x for x in items if isinstance(x, Scalar) and not report.faulty(x.place))


def _spoken(said: Scalar, languages: list[str], catalog: Catalog, report: Report) -> None:
    lacking = [language for language in languages if not catalog.written(language, said.text)]
    if lacking:
        text = f"prompt '{said.text}' has no text {in_languages(lacking)}"
        files = ", ".join(f"{catalog.folder}/{language}.yaml" for language in lacking)
        hint = guess(said.text, catalog.ids(lacking[0])) or f"add it to {files}"
        report.add(said.place, "missing-prompt", text, hint)
    for language in (x for x in languages if x not in lacking):
        for used in (x for x in catalog.variables(language, said.text) if x not in GIVEN):
            text = f"prompt '{said.text}' speaks '{used}', but callers of any flow may wait in this queue"
            place = piece(report, catalog.place(language, said.text), used)
            also = [(said.place, "the queue has it spoken here")]
            report.add(place, "unset-variable", text, "say it without this value", also=also)


def _places(site: SiteFile, report: Report) -> None:
    shared, queues = site.root.get("queue_defaults"), site.root.get("queues")
    for node in queues.entries.values() if isinstance(queues, MappingNode) else ():
        own = node[1]
        if not isinstance(own, MappingNode) or "place_kept" not in own.entries:
            continue
        kept = own.get("keep_place") or (
            shared.get("keep_place") if isinstance(shared, MappingNode) else None
        )
        if kept is None:
            text = "this queue keeps no places: nobody hears 'place_kept'"
            hint = "write keep_place: 2m beside it, or delete it"
            report.warn(own.key("place_kept"), "not-used", text, hint)


def _offers(flow: FlowFile, report: Report) -> None:
    steps = flow.flow.steps if flow.flow is not None else {}
    for step, actions in steps.items():
        for index, action in enumerate(actions):
            if isinstance(action, Queue) and action.if_longer is not None and not action.on_key:
                place = place_of(flow.root, "steps", step, index, "if_longer")
                text = "no key does anything in this queue: whoever hears 'if_longer' can do nothing"
                report.warn(place, "not-used", text, "write on_key: { 2: STEP } beside it, or delete it")
