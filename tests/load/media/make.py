"""Make the sounds and keys the scenarios send: `python tests/load/media/make.py`.

Sounds are raw µ-law at 8 kHz: syllables of a few harmonics with gaps, so that talk and silence detection behave as with speech.

A key is one RFC 4733 telephone-event with its end bit set. SIPp can send events in two ways: `play_dtmf` writes the packets through
a raw socket, which needs root or CAP_NET_RAW; `rtp_stream` sends any file in packets of a known payload's size from the call's own RTP
socket and needs nothing. The scenarios use the second: 50 bytes is SIPp's only size for a dynamic payload type, so the 4 bytes of the
event are followed by 46 that receivers do not read (Asterisk reads the first event of a packet).
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

HERE = Path(__file__).parent
RATE = 8000
EVENTS = {**{str(digit): digit for digit in range(10)}, "star": 10, "pound": 11}
PACKET = 50
TONES = {"low": 300, "middle": 600, "high": 900}
WORD = 0.35
HELD = 100 * RATE // 1000


def ulaw(sample: int) -> int:
    """Encode one 16-bit sample as G.711 µ-law."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> (exponent + 3) & 0x0F) & 0xFF


def voice(seconds: float, pitch: float) -> bytes:
    """A voice-like sound: four syllables a second, each fading in and out, over five harmonics of `pitch` Hz."""
    samples = []
    for n in range(int(seconds * RATE)):
        at = n / RATE
        envelope = max(0.0, math.sin(2 * math.pi * 4 * at)) * (0.6 + 0.4 * math.sin(2 * math.pi * 0.7 * at))
        tone = sum(math.sin(2 * math.pi * pitch * k * at) / k for k in range(1, 6))
        samples.append(ulaw(int(5000 * envelope * tone)))
    return bytes(samples)


def tone(hertz: float) -> bytes:
    """A word of the language of tones: as long as one word lasts in the simulator."""
    height = 32768 * 10 ** (-20 / 20) * math.sqrt(2)
    return bytes(
        ulaw(int(height * math.sin(2 * math.pi * hertz * n / RATE))) for n in range(int(WORD * RATE))
    )


def key(event: int) -> bytes:
    """One telephone-event: number, end bit and volume, duration in samples, then padding up to SIPp's packet."""
    return struct.pack("!BBH", event, 0x80 | 10, HELD).ljust(PACKET, b"\0")


def main() -> None:
    """Write every file beside this one."""
    (HERE / "caller.ulaw").write_bytes(voice(4, 190))
    (HERE / "agent.ulaw").write_bytes(voice(4, 115))
    (HERE / "silence.ulaw").write_bytes(b"\xff" * RATE)
    for word, hertz in TONES.items():
        (HERE / f"{word}.ulaw").write_bytes(tone(hertz))
    for name, event in EVENTS.items():
        (HERE / f"key-{name}").write_bytes(key(event))


if __name__ == "__main__":
    main()
