"""A flow's picture as Mermaid text, as Markdown pages and wikis draw it.

Steps are named by number, because words such as `end` mean something to Mermaid; what is shown stands in quotes, and every character
that Mermaid, Markdown or HTML reads in its own way is written as its number (`#35;`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.draw.picture import Box, Picture, Row, sentence
from engine.draw.text import cut

#: What a quoted label may hold as it is; combining marks and all letters count as words.
_SPECIAL = re.compile(r"[^\w .,:!?'’“”…=/()+·-]")
_ROOM = 320


def mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart."""
    return "\n".join(_lines(picture)) + "\n"


def escaped(text: str) -> str:
    """A text as it may stand in a quoted label."""
    safe = _SPECIAL.sub(lambda char: f"#{ord(char[0])};", text)
    return re.sub(r"^(\d+)\. ", r"\1#46; ", re.sub(r"^([-+]) ", lambda m: f"#{ord(m[1])}; ", safe))


def _lines(picture: Picture) -> Iterator[str]:
    ids = {box.name: f"s{number}" for number, box in enumerate(picture.boxes, 1)}
    first = next(box for box in picture.boxes if box.first)
    yield "flowchart TD"
    yield f"  accTitle: {_plain(picture.title or picture.name)}"
    yield f"  accDescr: {_plain(picture.about)}"
    yield f'  start(["{escaped(", ".join(picture.numbers) or picture.name)}"]) --> {ids[first.name]}'
    for box in picture.boxes:
        yield f'  {ids[box.name]}["{_label(box)}"]'
    for box in picture.boxes:
        yield from _exits(box, ids)
    for box in picture.boxes:
        about = escaped(sentence(box))
        yield f'  click {ids[box.name]} href "{_address(picture.href(box.line))}" "{about}"'
    yield from _lost(picture, ids)


def _label(box: Box) -> str:
    return "<br/>".join([f"<b>{escaped(box.name)}</b>", *(_row(row) for row in box.rows)])


def _row(row: Row) -> str:
    about = cut(row.about, _ROOM, 13)
    said = f"“{about}”" if row.quoted else about
    return f"{escaped(row.verb)} {escaped(said)}".strip()


def _exits(box: Box, ids: dict[str, str]) -> Iterator[str]:
    for way in box.exits:
        arrow = "-->" if way.reached else "-.->"
        yield f'  {ids[box.name]} {arrow}|"{escaped(", ".join(way.labels))}"| {ids[way.target]}'
    if box.ends:
        yield f"  {ids[box.name]} --> {ids[box.name]}_end(((x)))"


def _lost(picture: Picture, ids: dict[str, str]) -> Iterator[str]:
    """Steps no caller gets to, dashed."""
    lost = [ids[box.name] for box in picture.boxes if not box.reached]
    if lost:
        yield "  classDef lost stroke-dasharray:5 4,opacity:0.7"
        yield f"  class {','.join(lost)} lost"


def _address(link: str) -> str:
    """A link without characters that would end the quotes."""
    return link.replace('"', "%22").replace(" ", "%20")


def _plain(text: str) -> str:
    """A line that Mermaid takes as it is, up to its end: without what it would read as directive, comment or entity."""
    return re.sub(r"[%#;{}<>&]", " ", text)
