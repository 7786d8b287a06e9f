"""PINs are kept as hashes only: Argon2id, or scrypt as `$scrypt$ln=15,r=8,p=1$SALT$HASH` (both in base64 without padding).

A comparison takes as long for a customer who does not exist: then a hash that no PIN has is compared. Work above `_MOST_*` is refused, so
that nobody's record can hold up everybody's calls.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

#: Memory in KiB and passes of one comparison, at most.
_MOST_MEMORY, _MOST_PASSES, _MOST_LANES = 256 * 1024, 10, 8
_SCRYPT = re.compile(
    r"\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
_HASHER = argon2.PasswordHasher()
#: What is compared with where there is nothing to compare with: the hash of 64 random letters that nobody kept. Written out, for making
#: one takes longer than anything else at the start of a command.
DUMMY = "$argon2id$v=19$m=65536,t=3,p=4$9VTFjo3UlHRqK/Z5O9DV+Q$RlhmYboT23bvZlWcecmCX0mcOlkzkCh8N1yODIsqPRs"


def hash_pin(pin: str) -> str:
    """The hash to keep of a PIN (Argon2id)."""
    return _HASHER.hash(pin)


def fault(text: str) -> str | None:
    """What is wrong with a hash, in words that do not repeat it; None when it can be compared with."""
    if found := _SCRYPT.fullmatch(text):
        ln, r, p = (int(found[n]) for n in (1, 2, 3))
        if not (1 <= ln <= 20 and r and p) or (1 << ln) * r * 128 > _MOST_MEMORY * 1024 or p > _MOST_LANES:
            return "its scrypt hash costs too much, or nothing, to compare"
        return None if all(map(_decoded, (found[4], found[5]))) else "its scrypt hash is not base64"
    try:
        costs = argon2.extract_parameters(text)
    except InvalidHashError:
        return "its PIN is no Argon2 or scrypt hash"
    cheap = costs.memory_cost <= _MOST_MEMORY and costs.time_cost <= _MOST_PASSES
    return None if cheap and costs.parallelism <= _MOST_LANES else "its Argon2 hash costs too much to compare"


def matches(pin: str, text: str) -> bool:
    """Does this PIN have this hash? In constant time; takes some ten milliseconds, so ask in a thread."""
    if found := _SCRYPT.fullmatch(text):
        wanted = _decoded(found[5])
        ln, r, p = (int(found[n]) for n in (1, 2, 3))
        salt, most = _decoded(found[4]), 2 * _MOST_MEMORY * 1024
        got = hashlib.scrypt(pin.encode(), salt=salt, n=1 << ln, r=r, p=p, maxmem=most, dklen=len(wanted))
        return hmac.compare_digest(got, wanted)
    try:
        return _HASHER.verify(text, pin)
    except (VerificationError, InvalidHashError):
        return False


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return b""
