"""Make the prompt of exactly one second: `python tests/bench/prompts/make.py`. A tone that swells and fades, 8 kHz, 16 bit."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

RATE = 8000


def main() -> None:
    """Write en/one_second.wav beside this file."""
    samples = (
        int(9000 * math.sin(math.pi * n / RATE) * math.sin(2 * math.pi * 330 * n / RATE)) for n in range(RATE)
    )
    with wave.open(str(Path(__file__).parent / "en/one_second.wav"), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))


if __name__ == "__main__":
    main()
