"""What a waiting caller is told, and when.

**Place and wait.** The first announcement comes `announce_first` after entry, then one every `announce_every` (never within 20 s of
the last), and only if the place has improved or 90 s have passed. Minutes are spoken in buckets, rounded up. A later figure
never exceeds the last one less the time gone by; if the wait has grown by more than half of that, the caller first hears
that it takes longer than expected, and at the end what the flow offers instead (`if_longer`). No time is spoken where nobody is active,
where fewer than `announce_wait_agents` are, or where too many of the queue's promises were broken (`engine.core.estimates`).

**Comfort.** The prompts of `comfort`, one every `comfort_every`, going round.

**Bulletins** that begin while the caller waits and concern them, each once, before anything else.

One thing at a time: between the end of one kind and the beginning of another at least 20 s pass. Of several that are due the one goes
first that has been due longest. All that was told is an event; `Heard` is their fold, so a restart repeats nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.core.bulletins import Bulletin
from engine.core.event import Event
from engine.core.site import QueueRule
from engine.core.waiting import BUCKETS, Estimate, bucket

MINIMUM_GAP = 20.0
REPEAT_ANYWAY = 90.0
LOOK_AGAIN = 10.0  # how often to look whether the place has improved, once an announcement would be due
GROWN = 1.5


@dataclass(frozen=True, slots=True)
class Announcement:
    """What to say of place and wait. `position` None: not said. `minutes` None: no time, unless `more_than_an_hour`.

    `before` and `behind` are prompts of the site around it. With nothing to say at all it is an estimate that is kept to be scored.
    """

    position: int | None
    minutes: int | None = None
    more_than_an_hour: bool = False
    longer_than_expected: bool = False
    before: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()

    @property
    def tells_time(self) -> bool:
        """Is a time told?"""
        return self.minutes is not None or self.more_than_an_hour

    @property
    def prompts(self) -> tuple[str, ...]:
        """The prompts that speak it, in order."""
        said = [*self.before]
        if self.longer_than_expected:
            said.append("wait_longer_than_expected")
        if self.position is not None:
            said.append("you_are_next" if self.position == 1 else "you_are_number")
        if self.minutes is not None:
            said.append("wait_about")
        elif self.more_than_an_hour:
            said.append("wait_more_than_an_hour")
        return (*said, *self.behind)


@dataclass(frozen=True, slots=True)
class Comfort:
    """A prompt that tells the caller they are not forgotten."""

    prompt: str

    @property
    def prompts(self) -> tuple[str, ...]:
        """It alone."""
        return (self.prompt,)


@dataclass(frozen=True, slots=True)
class Notice:
    """A bulletin that has begun while the caller waits."""

    bulletin: Bulletin

    @property
    def prompts(self) -> tuple[str, ...]:
        """Its prompt."""
        return (self.bulletin.prompt,)


Say = Announcement | Comfort | Notice


@dataclass(frozen=True, slots=True)
class Said:
    """The last announcement: when it was made, the caller's place then, and until when the time lasts that was told last (None: none)."""

    at: float
    place: int
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a caller has heard while waiting, a fold over their events.

    `entered_at` is when they came to the queue, `kept` whether to a place that was kept for them. `spoken` is the kind of event that was
    told last, and `quiet_from` when it was over.
    `informed_at` is since when bulletins that begin are news to them, `bulletins` those they have heard since (name, begun).
    """

    informed_at: float = 0.0
    bulletins: frozenset[tuple[str, float]] = frozenset()
    queue: str | None = None
    entered_at: float = 0.0
    said: Said | None = None
    kept: bool = False
    comforts: int = 0
    comforted_at: float | None = None
    spoken: str = ""
    quiet_from: float = 0.0

    def after(self, event: Event) -> Heard:
        """After one more event of the caller's; other kinds change nothing."""
        data = event.data
        match event.kind:
            case "arrived":
                return replace(self, informed_at=event.at)
            case "step" if (data.get("do"), data.get("what")) == ("Look", "bulletins"):
                return replace(self, informed_at=event.at)
            case "queued" if data["queue"] != self.queue or data.get("moved_from"):
                kept = data.get("place_of") is not None
                return Heard(self.informed_at, self.bulletins, data["queue"], event.at, kept=kept)
            case "answered" if self.queue is not None:  # who is rung back is on the line from now on
                return replace(self, entered_at=event.at)
            case "left_queue":
                return Heard(self.informed_at, self.bulletins)
            case "announced":
                return replace(self._spoken(event), said=_said(self.said, event))
            case "comforted":
                return replace(self._spoken(event), comforts=self.comforts + 1, comforted_at=event.at)
            case "bulletin_told":
                heard = self.bulletins | {(data["name"], data["begun_at"])}
                return replace(self._spoken(event), bulletins=heard)
            case _:
                return self

    def _spoken(self, event: Event) -> Heard:
        if not event.data["prompts"]:
            return self
        return replace(self, spoken=event.kind, quiet_from=event.at + event.data.get("seconds", 0.0))

    def news(self, told: Sequence[Bulletin]) -> list[Bulletin]:
        """Those of the bulletins that began since and have not been heard, in their order."""
        return [
            b for b in told if b.begun_at > self.informed_at and (b.name, b.begun_at) not in self.bulletins
        ]


def _said(before: Said | None, event: Event) -> Said:
    data = event.data
    place = int(data.get("place") or data["position"] or 0)
    if data["minutes"] is not None:
        return Said(event.at, place, event.at + data["minutes"] * 60.0)
    over = "wait_more_than_an_hour" in data["prompts"]
    return Said(event.at, place, None if before is None or over else before.until)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands now: place from 1 (0: no longer waiting), estimate, and what may be told.

    `times`: does the queue keep its promises, so that times may be told? `news` are bulletins that concern them and were not heard;
    `if_longer` is what the flow offers instead.
    """

    position: int
    estimate: Estimate | None = None
    times: bool = True
    news: Sequence[Bulletin] = ()
    if_longer: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What to say now (None: nothing) and when to ask again at the latest (None: never, this queue tells nothing)."""

    say: Say | None
    ask_at: float | None


def next_word(rule: QueueRule, heard: Heard, standing: Standing, now: float) -> Due:
    """Decide what a waiting caller hears now; call it only while nothing plays and no offer to this caller is pending."""
    if standing.position < 1:
        return Due(None, None)
    wanted: list[tuple[float, str]] = []
    if standing.news:
        wanted.append((max(heard.entered_at, min(b.begun_at for b in standing.news)), "bulletin_told"))
    if (at := _announcement_at(rule, heard, standing)) is not None:
        wanted.append((at, "announced"))
    if rule.comfort:
        last = heard.entered_at if heard.comforted_at is None else heard.comforted_at
        wanted.append((last + rule.comfort_every, "comforted"))
    due = sorted(((at, kind) for at, kind in wanted if at <= now), key=_order)
    if due:
        at = _not_before(heard, now, due[0][1])
        return _told(rule, heard, standing, due[0][1], now) if at <= now else Due(None, at)
    looks = [_not_before(heard, at, kind) for at, kind in wanted]
    if (at := _improving_at(rule, heard)) is not None:
        looks.append(at if at > now else now + LOOK_AGAIN)
    return Due(None, min(looks, default=None))


def _order(due: tuple[float, str]) -> tuple[bool, float, str]:
    """Bulletins first, then what has been due longest."""
    at, kind = due
    return kind != "bulletin_told", at, kind


def _not_before(heard: Heard, at: float, kind: str) -> float:
    """When a thing that is due at a time may be told: not soon after one of another kind."""
    apart = heard.spoken and (kind != heard.spoken or kind == "bulletin_told")
    return max(at, heard.quiet_from + MINIMUM_GAP) if apart else at


def _announcement_at(rule: QueueRule, heard: Heard, standing: Standing) -> float | None:
    """When the next announcement is due, as the caller stands now."""
    if heard.said is None:
        speaks = rule.announce_position or rule.announce_wait or _welcome(rule, heard)
        return heard.entered_at + rule.announce_first if speaks else None
    due = _improving_at(rule, heard)
    improved = standing.position < heard.said.place
    return due if due is None or improved else max(due, heard.said.at + REPEAT_ANYWAY)


def _improving_at(rule: QueueRule, heard: Heard) -> float | None:
    """When an announcement is due if the place has improved since the last one."""
    if heard.said is None or not (rule.announce_position or rule.announce_wait):
        return None
    return heard.said.at + max(rule.announce_every, MINIMUM_GAP)


def _told(rule: QueueRule, heard: Heard, standing: Standing, kind: str, now: float) -> Due:
    match kind:
        case "bulletin_told":
            return Due(Notice(standing.news[0]), now + MINIMUM_GAP)
        case "comforted":
            return Due(Comfort(rule.comfort[heard.comforts % len(rule.comfort)]), now + MINIMUM_GAP)
        case _:
            say = _announcement(rule, heard, standing, now)
            empty = not say.prompts and standing.estimate is None
            return Due(None if empty else say, now + max(rule.announce_every, MINIMUM_GAP))


def _welcome(rule: QueueRule, heard: Heard) -> tuple[str, ...]:
    """What somebody hears first who has come back to a place that was kept."""
    return (rule.place_kept,) if heard.kept and heard.said is None and rule.place_kept else ()


def _announcement(rule: QueueRule, heard: Heard, standing: Standing, now: float) -> Announcement:
    place = standing.position if rule.announce_position else None
    before = _welcome(rule, heard)
    estimate = standing.estimate
    if estimate is None or not _may_tell(rule, estimate, standing.times):
        return Announcement(place, before=before)
    minutes, longer = _minutes(heard.said, estimate.seconds, now)
    behind = (standing.if_longer,) if longer and standing.if_longer else ()
    return Announcement(place, minutes, minutes is None, longer, before, behind)


def _may_tell(rule: QueueRule, estimate: Estimate, times: bool) -> bool:
    """May this estimate be told?"""
    return rule.announce_wait and times and estimate.active >= rule.announce_wait_agents


def _minutes(last: Said | None, seconds: float, now: float) -> tuple[int | None, bool]:
    """The bucket to speak and whether it is longer than was promised."""
    if last is None or last.until is None:
        return bucket(seconds), False
    left = last.until - now
    if seconds > GROWN * left:
        return bucket(seconds), True
    fresh = bucket(seconds)
    promised = _at_most(left)
    return (promised if fresh is None else min(fresh, promised)), False


def _at_most(seconds: float) -> int:
    """The largest bucket that does not exceed `seconds`; one minute is the least that can be said."""
    return max((minutes for minutes in BUCKETS if minutes * 60.0 <= seconds), default=BUCKETS[0])
