"""Sound as a websocket brings it -> whole samples.

Asterisk opens with a text message (MEDIA_START …) and then sends 20 ms of slin16 at a time: 640 bytes, 16-bit little-endian, mono, also
while nobody speaks. Nothing is trusted to be so: a message may be of any size, even an odd number of bytes, come in bursts or not at all,
and the stream may end anywhere. A text message, whatever it says, is no sound.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import aiohttp

Websocket = aiohttp.ClientWebSocketResponse[bool]

#: Bytes of a sample.
SAMPLE: Final = 2
#: Bytes of the largest message that is taken: two seconds. What sends a larger one is no Asterisk, and is cut off.
LARGEST: Final = 64_000


async def samples(websocket: Websocket) -> AsyncIterator[bytes]:
    """Stretches of slin16, each of whole samples, until either side ends it."""
    odd = b""
    async for message in websocket:
        if message.type is aiohttp.WSMsgType.BINARY:
            sound = odd + message.data
            whole = len(sound) // SAMPLE * SAMPLE
            sound, odd = sound[:whole], sound[whole:]
            if sound:
                yield sound
