"""Key→prompt is read from a contact's events."""

from __future__ import annotations

from engine.core.event import Event
from engine.load.gaps import key_gaps


def step(at: float, do: str, outcome: str | None, playing_at: float | None = None) -> Event:
    return Event("step", at, data={"do": do, "outcome": outcome, "playing_at": playing_at})


def test_the_gap_runs_from_the_key_to_the_start_of_the_next_prompt() -> None:
    events = [
        step(10.0, "Choose", "9", 8.0),
        step(12.0, "Play", None, 10.25),
        step(15.0, "Choose", "1", 12.0),
    ]
    assert key_gaps(events) == [0.25]


def test_silence_and_queues_and_look_ups_are_no_prompts() -> None:
    queued = Event("queued", 11.0)
    assert key_gaps([step(10.0, "Choose", None), step(12.0, "Play", None, 10.5)]) == []
    assert key_gaps([step(10.0, "Choose", "1"), queued, step(90.0, "Play", None, 80.0)]) == []
    assert key_gaps(
        [step(10.0, "Choose", "1"), step(10.5, "Look", "open"), step(12.0, "Play", None, 10.5)]
    ) == [0.5]


def test_a_key_pressed_while_waiting_counts_to_the_prompt_it_led_to() -> None:
    pressed = Event("pressed", 40.0, data={"key": "1"})
    left = Event("left_queue", 40.0, data={"outcome": "flow_out"})
    events = [pressed, left, step(40.1, "Enqueue", "1"), step(60.0, "Record", "message", 40.5)]
    assert key_gaps(events) == [0.5]
