"""Calls that met no engine become contacts: the recording is copied, the contact committed, then the entry forgotten.

A crash anywhere in between loses nothing and doubles nothing: the contact's id is the entry's own, and one that is known already is only
forgotten in the spool.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from engine.agi.spool import SpooledCall, done, pending
from engine.call.house import House
from engine.call.orders import phone
from engine.call.stored import write_whole
from engine.call.voicemail import SHORTEST, spoken_seconds
from engine.core.event import Event
from engine.core.request import opened
from engine.errors import StoreError
from engine.store.archive import Archive

log = structlog.get_logger()

#: Where such messages go; and how often, in seconds, the spool is looked at.
MAILBOX = "fallback"
EVERY = 5.0


async def import_spool(house: House, archive: Archive, spool: Path) -> None:
    """Take in what is there now and whatever comes later, until cancelled; what the disk refuses is tried again."""
    while True:
        try:
            await _take_all(house, archive, spool)
        except (OSError, StoreError) as error:
            log.error(
                "calls that met no engine cannot be taken in; trying again", error=str(error), in_s=EVERY
            )
        await asyncio.sleep(EVERY)


async def _take_all(house: House, archive: Archive, spool: Path) -> None:
    loop = asyncio.get_running_loop()
    for call in await loop.run_in_executor(None, pending, spool, house.now()):
        if not await archive.known(call.contact):
            await _take(house, call)
        await loop.run_in_executor(None, done, call)


async def _take(house: House, call: SpooledCall) -> None:
    language = house.site.settings.languages[0]
    arrived = {
        "from_number": call.from_number,
        "to_number": call.to_number,
        "channel": call.channel,
        "flow": "",
        "flow_hash": "",
        "language": language,
        "via": "fallback",
        "release": None,
    }
    events = [
        Event("arrived", call.started_at, call.contact, data=arrived),
        Event("answered", call.started_at, call.contact),
    ]
    message = await asyncio.get_running_loop().run_in_executor(None, _keep, house.recordings, call)
    if message is not None:
        events.append(Event("message", call.ended_at, call.contact, data={"mailbox": MAILBOX, **message}))
        asked = opened(None, house.ledger.next_request(), {"kind": "action", "by": phone(call.from_number)})
        events.append(Event("request", call.ended_at, call.contact, data=asked))
    cause = "caller" if call.ended_by == "hangup" else "flow"
    events.append(Event("ended", call.ended_at, call.contact, data={"cause": cause}))
    await house.ledger.append(*events)
    log.info("a call that met no engine is recorded", contact=call.contact, message=message is not None)


def _keep(recordings: Path, call: SpooledCall) -> dict[str, str | float] | None:
    if call.recording is None:
        return None
    audio = call.recording.read_bytes()
    seconds = spoken_seconds(audio)
    if seconds < SHORTEST:
        return None
    file = recordings / f"{call.contact}.wav"
    write_whole(file, audio)
    return {"file": file.name, "seconds": seconds}
