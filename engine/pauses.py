"""Python's garbage collector, kept from stopping all calls for a tenth of a second.

A full collection walks through everything that is alive: the site, its flows, prompts and schemas, a hundred thousand objects that nobody
drops. They are set aside once they are loaded, so that only what calls make and drop is looked through.
"""

from __future__ import annotations

import gc

#: New objects after which the youngest are looked through. A call makes and drops thousands; nearly all go without the collector.
YOUNGEST = 20_000


def settle() -> None:
    """Set aside whatever is alive now; called when a site has been loaded, and again when another one has taken its place."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, 20, 20)
