"""What engine and recogniser's processes say to each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.speech.wire import HELLO, LONGEST, SOUND, BadFrame, Frame, Unpacker, agree, packed

FRAMES = st.builds(
    Frame, st.binary(min_size=1, max_size=1), st.integers(0, 2**32 - 1), st.binary(max_size=50)
)


@given(st.lists(FRAMES, max_size=5), st.integers(1, 40))
def test_frames_come_out_whole_however_they_are_cut(frames: list[Frame], size: int) -> None:
    sent = b"".join(packed(one.kind, one.utterance, one.data) for one in frames)
    unpacker = Unpacker()
    pieces = [sent[start : start + size] for start in range(0, len(sent), size)]
    assert [one for piece in pieces for one in unpacker.push(piece)] == frames


def test_a_frame_longer_than_any_of_ours_is_none() -> None:
    head = packed(SOUND, 1, b"")[:5] + (LONGEST + 1).to_bytes(4, "little")
    with pytest.raises(BadFrame, match="a frame of"):
        list(Unpacker().push(head))


def test_another_version_is_no_partner() -> None:
    agree(Frame(HELLO, 0, b'{"version": 1}'))
    with pytest.raises(BadFrame, match="it speaks version 2, and we speak 1"):
        agree(Frame(HELLO, 0, b'{"version": 2}'))
