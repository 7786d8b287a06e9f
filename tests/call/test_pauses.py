"""What the garbage collector walks through while calls wait for it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from engine.pauses import settle


class Site:
    """Something large that knows itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def collector() -> Iterator[None]:
    """The collector as it was, afterwards."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("collector")
def test_what_is_alive_is_set_aside_and_a_site_that_was_replaced_goes_with_the_next_one() -> None:
    site = Site()
    gone = weakref.ref(site)
    settle()
    assert gc.get_freeze_count() > len(gc.get_objects())
    del site
    gc.collect()
    assert gone() is not None  # nobody looks there
    settle()
    assert gone() is None
