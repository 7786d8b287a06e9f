"""What engine and recogniser's processes say to each other, over a pair of sockets: frames, version 1.

kind (1 byte) | utterance (4 bytes) | length (4 bytes) | that many bytes        numbers are little-endian

to the process     O  open: a JSON list of phrases        S  sound: slin16         F  finish        C  close
                   K  known: a JSON list of words
from the process   V  JSON: the version it speaks, when it is ready        A  so many seconds of sound have been heard (JSON)
                   B  sound has begun (JSON: at)          H  a hypothesis (JSON)   D  done, after F
                   U  of K's words those that the model does not know (JSON)
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

VERSION: Final = 1
OPEN, SOUND, FINISH, CLOSE, KNOWN = b"O", b"S", b"F", b"C", b"K"
HELLO, ACK, BEGAN, HYPOTHESIS, DONE, UNKNOWN = b"V", b"A", b"B", b"H", b"D", b"U"
_HEAD: Final = struct.Struct("<cII")
#: Bytes of one frame; a longer one is no frame of ours.
LONGEST: Final = 1 << 22


class BadFrame(ValueError):
    """What came is no frame: the other end is not ours, or is broken."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message about an utterance, or about none (0)."""

    kind: bytes
    utterance: int
    data: bytes = b""

    def json(self) -> Any:
        """The data as what its JSON says."""
        return json.loads(self.data)


def packed(kind: bytes, utterance: int = 0, data: bytes | Any = b"") -> bytes:
    """A frame as bytes; what is not bytes is sent as JSON."""
    body = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    return _HEAD.pack(kind, utterance, len(body)) + body


class Unpacker:
    """Takes bytes as they come, gives whole frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def push(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole now. Raises BadFrame."""
        self._bytes += data
        while len(self._bytes) >= _HEAD.size:
            kind, utterance, length = _HEAD.unpack_from(self._bytes)
            if length > LONGEST:
                raise BadFrame(f"a frame of {length:,} bytes")
            end = _HEAD.size + length
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[_HEAD.size : end])
            del self._bytes[:end]
            yield Frame(kind, utterance, body)


def agree(hello: Frame) -> None:
    """Raise BadFrame where the other end speaks another version."""
    if (spoken := hello.json()["version"]) != VERSION:
        raise BadFrame(f"it speaks version {spoken}, and we speak {VERSION}")
