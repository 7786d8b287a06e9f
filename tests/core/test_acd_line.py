"""A line is a sorted list, only quicker: whatever is done to it, it answers as one would."""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from unittest.mock import patch

import pytest

from engine.core import line
from engine.core.line import NOBODY, Key, Line


@pytest.mark.parametrize("seed", range(20))
def test_a_line_answers_as_a_sorted_list_does(seed: int) -> None:
    chance = random.Random(seed)
    ours, plain = Line(), list[Key]()
    with patch.object(line, "CHUNK", 6):  # so that a few hundred keys fill many chunks, split and empty them
        for step in range(600):
            if plain and chance.random() < (0.3 if step % 200 < 120 else 0.7):
                gone = chance.choice([plain[0], plain[-1], chance.choice(plain)])
                ours.remove((*gone,))  # an equal key, not the same object
                plain.remove(gone)
            else:
                key = (-chance.randint(1, 9), float(chance.randint(0, 40)), f"c{step}")
                ours.add(key)
                insort(plain, key)
            asked = (-chance.randint(0, 10), float(chance.randint(-1, 41)), f"c{chance.randint(0, 600)}")
            assert list(ours) == plain
            assert (ours.count, ours.first) == (len(plain), plain[0] if plain else NOBODY)
            assert ours.ahead_of(asked) == bisect_left(plain, asked)
            assert all(ours.ahead_of(key) == place for place, key in enumerate(plain))


def test_taking_out_who_is_not_there_is_a_mistake_of_ours() -> None:
    ours = Line()
    ours.add((-5, 1.0, "c1"))
    for absent in [(-5, 1.0, "c0"), (-5, 1.0, "c2"), (-6, 1.0, "c1")]:
        with pytest.raises(KeyError, match="does not stand in this line"):
            ours.remove(absent)
    assert list(ours) == [(-5, 1.0, "c1")]


def test_nobody_comes_after_everybody() -> None:
    assert (0, float("inf"), "zzz") < NOBODY
