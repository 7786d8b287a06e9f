"""What services outside answer over HTTP: read whole, but never more of it than was agreed."""

from __future__ import annotations

import aiohttp

#: Bytes of an answer that are read; a longer one is no answer.
MOST_BYTES = 65_536


class TooLong(Exception):
    """The answer is longer than `MOST_BYTES`."""

    def __init__(self) -> None:
        super().__init__(f"the answer is longer than {MOST_BYTES:,} bytes")


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """The whole body, however many pieces it comes in. Raises TooLong."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(8192):
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLong
    return bytes(body)
