"""A flow as a picture: `picture` says what is drawn, `layout` where (Graphviz), `svg` and `mermaid` write it."""

from engine.draw.mermaid import mermaid
from engine.draw.picture import Picture, picture
from engine.draw.svg import svg

__all__ = ["Picture", "mermaid", "picture", "svg"]
