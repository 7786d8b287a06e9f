"""What callers hear while they wait, as site.yaml has it.

missing text      a queue has a prompt spoken that a language of the site has no text for
unknown value     it speaks a value: callers of any flow may wait in a queue, so there is only what every call has
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.prompts import Catalog, piece
from engine.config.report import Report, guess, in_languages
from engine.config.sitefile import SiteFile
from engine.config.source import Mapping as MappingNode
from engine.config.source import Scalar, Sequence
from engine.config.variables import GIVEN


def check_waiting(site: SiteFile, catalog: Catalog | None, report: Report) -> None:
    """Every rule about it."""
    if catalog is not None:
        for said in _said(site, report):
            _spoken(said, [x for x in site.languages if x in catalog.languages], catalog, report)


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
