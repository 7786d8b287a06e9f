"""Two mono recordings as one stereo file. What Asterisk left of one that it could not finish is taken as it is."""

from __future__ import annotations

import io
import sys
import wave
from array import array

#: Samples a second of everything that is recorded.
RATE = 8000
#: The bytes before the samples of a WAV whose header cannot be read.
HEADER = 44


def stereo(left: bytes | None, right: bytes | None) -> bytes | None:
    """A stereo WAV of two mono ones, the shorter one followed by silence; None where neither holds anything."""
    sides = [samples(left), samples(right)]
    length = max(map(len, sides))
    if length == 0:
        return None
    both = array("h", bytes(4 * length))
    for channel, side in enumerate(sides):
        both[channel : 2 * len(side) : 2] = side
    data = io.BytesIO()
    with wave.open(data, "wb") as out:
        out.setparams((2, 2, RATE, 0, "NONE", ""))
        out.writeframes(both.tobytes())
    return data.getvalue()


def samples(audio: bytes | None) -> array[int]:
    """The samples of a mono WAV of 16 bits. One whose header says nothing (Asterisk died over it) has all that comes behind the header."""
    found = array("h")
    if not audio:
        return found
    try:
        with wave.open(io.BytesIO(audio)) as file:
            data = file.readframes(file.getnframes())
    except (EOFError, wave.Error):
        data = b""
    if not data:
        data = audio[HEADER:]
    found.frombytes(data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        found.byteswap()
    return found
