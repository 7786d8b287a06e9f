"""How wide a text is, without knowing the reader's fonts: at least as wide as any common sans-serif font draws it.

The widths are those of DejaVu Sans and Verdana, the widest of the usual ones, in hundredths of the font's size.
"""

from __future__ import annotations

import unicodedata

_GROUPS = {
    30: "'ijlI",
    35: " ,./:;\\|fJ",
    40: "-()[]t!r",
    50: '"*_`sz?',
    57: "cLFk",
    62: "vxyPTYaoe·",
    65: "ESbdghnpquK$0123456789{}",
    73: "AVBRXZCU",
    80: "HNDG&OQ",
    84: "w#+<=>^~M",
    100: "%mW@…",
}
_WIDTHS = {char: width for width, chars in _GROUPS.items() for char in chars}
_BOLD = 1.16
_ELLIPSIS = "…"


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is at most, in pixels, at a font size in pixels."""
    return sum(_of(char) for char in text) / 100 * size * (_BOLD if bold else 1)


def cut(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text's beginning that fits the room (pixels), at a word's end where that is near; `…` where something is left out."""
    if width(text, size, bold=bold) <= room:
        return text
    kept, left = "", room - width(_ELLIPSIS, size, bold=bold)
    for char in text:
        left -= width(char, size, bold=bold)
        if left < 0:
            break
        kept += char
    return _at_word(kept, text) + _ELLIPSIS


def rtl(text: str) -> bool:
    """Whether a text runs from right to left: its first letter says so."""
    strong = (unicodedata.bidirectional(char) for char in text)
    return next((kind != "L" for kind in strong if kind in ("L", "R", "AL")), False)


def _at_word(kept: str, text: str) -> str:
    """Without the last word where that word goes on and not much is lost."""
    head, space, tail = kept.rpartition(" ")
    goes_on = text[len(kept) : len(kept) + 1] not in ("", " ")
    return (head if space and goes_on and len(tail) < len(kept) / 3 else kept).rstrip(" ,.;:=،؛")


def _of(char: str) -> int:
    if char in _WIDTHS:
        return _WIDTHS[char]
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Cf"):
        return 0
    if unicodedata.east_asian_width(char) in "WF":
        return 105
    if unicodedata.bidirectional(char) == "AL":
        return 54
    if ord(char) < 0x250:
        return 78 if char.isupper() else 65
    return 85 if char.isupper() else 74
