"""What an agent hears before the caller is there: whose call it is, in the agent's own language.

A queue's `whisper` is a list of prompts, among them three words:

    queue       prompt whisper_queue_NAME
    wait        prompt whisper_wait, which speaks the minutes the caller has waited in this call; left out below half a minute
    language    prompt whisper_language_CODE, the caller's

The caller's music goes on meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.call.house import House
from engine.call.sounds import Sounds
from engine.core.contact import Contact, waited
from engine.core.timers import LONGEST_WHISPER

#: Seconds of waiting below which nothing is said about it.
WORTH_TELLING = 30.0


@dataclass(frozen=True, slots=True)
class Whisper:
    """The prompts in order, what plays, and how many seconds it may take."""

    prompts: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    seconds: float = 0.0


def whisper_for(house: House, contact: Contact, agent: str, language: str, sounds: Sounds) -> Whisper:
    """What this agent hears of this caller, who speaks `language`."""
    settings = house.site.settings
    rule, known = settings.queues.get(contact.queue or ""), settings.agents.get(agent)
    if rule is None or contact.queued is None or not rule.whisper:
        return Whisper()
    seconds = waited(contact, house.now())
    words = {
        "queue": f"whisper_queue_{rule.name}",
        "language": f"whisper_language_{language}",
        "wait": "whisper_wait",
    }
    kept = [one for one in rule.whisper if one != "wait" or seconds >= WORTH_TELLING]
    prompts = tuple(words.get(one, one) for one in kept)
    spoken = known.language if known is not None and known.language else settings.languages[0]
    values = {"minutes": max(1, round(seconds / 60))}
    media = tuple(uri for prompt in prompts for uri in sounds.media(prompt, values, spoken))
    return Whisper(prompts, media, min(sounds.seconds(media), LONGEST_WHISPER)) if media else Whisper()
