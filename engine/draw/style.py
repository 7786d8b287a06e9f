"""The picture's colours, for light and for dark readers; every text stands at least 4.5 : 1 against what is behind it."""

from __future__ import annotations

_SHAPES = """
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans Arabic","DejaVu Sans",sans-serif}
.title,.name,.verb,.label,.number{font-weight:600}
.label{text-anchor:middle}
a{text-decoration:none;cursor:pointer}
.way path{fill:none;stroke-width:1.6}
.way .tip{stroke-width:1;stroke-linejoin:round}
.frame{stroke-width:1.2}
.exit rect,.end .ring{stroke-width:1.4}
.row rect{fill:transparent}
.lost .frame,.exit.lost rect,.way.lost path{stroke-dasharray:5 4}
.way.lost .tip{stroke-dasharray:none}
.row.lost text{text-decoration:line-through}
.way:hover path{stroke-width:3}
a:focus{outline:none}
"""

_COLOURS = """
.paper{fill:%(paper)s}
.title,.name,.about{fill:%(ink)s}
.said{fill:%(said)s}
.note,.options,.lost .name,.lost .verb,.lost .about,.lost .said{fill:%(faint)s}
.verb{fill:%(verb)s}
.frame{fill:%(box)s;stroke:%(border)s}
.head{fill:%(head)s}
.first .head{fill:%(first)s}
.lost .head{fill:%(paper)s}
.start rect,.end circle{fill:%(ink)s}
.start circle,.start text{fill:%(paper)s}
.end .ring{fill:%(box)s;stroke:%(ink)s}
.exit rect{fill:%(box)s;stroke:%(line)s}
.exit text{fill:%(ink)s}
.way path{stroke:%(line)s}
.way .tip{fill:%(line)s}
.exit.key rect{fill:%(key)s;stroke:%(key)s}
.exit.key text{fill:%(on_key)s}
.way.key path{stroke:%(key)s}
.way.key .tip{fill:%(key)s}
.exit.option rect{stroke:%(option)s}
.exit.option text{fill:%(option)s}
.way.option path{stroke:%(option)s}
.way.option .tip{fill:%(option)s}
.exit.case rect{stroke:%(case)s}
.exit.case text{fill:%(case)s}
.way.case path{stroke:%(case)s}
.way.case .tip{fill:%(case)s}
.row:hover rect,.row:focus rect{fill:%(hover)s}
.exit:hover rect,.exit:focus rect,a:hover .frame,a:focus .frame,.step:target .frame{stroke:%(ink)s;stroke-width:2}
"""

_LIGHT = {
    "paper": "#f6f8fb",
    "box": "#ffffff",
    "head": "#e9eef6",
    "first": "#d3e3fd",
    "border": "#b9c4d4",
    "ink": "#1b2430",
    "said": "#2f4858",
    "faint": "#5d6b7c",
    "verb": "#6b3fa0",
    "line": "#6a7788",
    "key": "#1d5fd1",
    "on_key": "#ffffff",
    "option": "#a4500a",
    "case": "#0b7260",
    "hover": "#eef3fb",
}

_DARK = {
    "paper": "#11161d",
    "box": "#1a212b",
    "head": "#27313f",
    "first": "#1f3d6b",
    "border": "#465468",
    "ink": "#e8edf4",
    "said": "#bcd3e2",
    "faint": "#9aa8b9",
    "verb": "#c4a4f0",
    "line": "#8f9eb1",
    "key": "#7fb0ff",
    "on_key": "#0d1520",
    "option": "#f0a864",
    "case": "#62d0b8",
    "hover": "#232d3a",
}

LIGHT, DARK = _COLOURS % _LIGHT, _COLOURS % _DARK
STYLE = f"{_SHAPES}{LIGHT}@media (prefers-color-scheme:dark){{{DARK}}}"
