"""A site as frozen data: what `ivr_flows/site.yaml` says, checked.

Durations are seconds; times of day and dates are local to the site's time zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from engine.core.catalog import Department, Problem
from engine.core.flow import Flow, Key, LanguageCode, PromptId, Seconds
from engine.core.knowledge import Article
from engine.core.resolution import ASK


@dataclass(frozen=True, slots=True)
class Span:
    """A weekly opening span. `weekday` 0 is Monday; minutes count from that day's midnight; `closes` may pass 1440 (overnight)."""

    weekday: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Site:
    """A place where agents work: its zone, its week, its days off."""

    name: str
    timezone: str
    hours: tuple[Span, ...]
    #: Public holidays (local dates -> name), resolved from country and region when the site is loaded.
    holidays: Mapping[date, str] = field(default_factory=dict)
    #: Dated exceptions replace that day's week: an empty tuple means closed all day.
    exceptions: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    #: Closed at once, whatever its calendar and its overrides say.
    emergency: bool = False


class Override(StrEnum):
    """A person's word over the calendar."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ScheduleRule:
    """A schedule is open when any of its sites is; an override wins over all of them."""

    name: str
    any_of: tuple[str, ...]
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class QueueRule:
    """One queue. Times are seconds; `adjust` is added to its estimated wait when queues are compared (home site first)."""

    name: str
    schedule: str | None = None  # a site or a schedule; None: always open
    site: str | None = (
        None  # whose figures it belongs to; None: the site that is its schedule, or the only one of it
    )
    capacity: int = 40  # callers waiting at most
    ring: float = 20.0  # how long an agent's phone rings
    wrap_up: float = 30.0
    wrap_up_codes: tuple[str, ...] = ()  # what a conversation can have been about, in the order of the keys
    wrap_up_required: bool = False  # nobody is ready again before they have given one,
    code_within: float = 120.0  # or has let this time pass after wrap-up
    cool_down: float = (
        30.0  # after a no-answer or rejection: how long before this agent is rung again by this contact
    )
    rona: str = "pause"  # what an unanswered offer does to the agent: pause | ready
    handle_time: float = 180.0  # the prior for mean handle time, which weighs as much as 5 contacts
    adjust: float = 0.0
    ageing: float = 0.0  # seconds of waiting that count as one more step of priority; 0: priority stays
    strategy: str = "longest_idle"  # which ready agent is rung: one of engine.core.strategies
    ring_all_max: int = 10  # how many phones ring for one caller at most, where strategy is ring_all
    drain: float = 900.0  # how long those who wait at closing time may stay while agents remain
    count_paused: bool = False  # does a queue whose agents are all paused still count as staffed?
    parked: float = 120.0  # how long a caller whom an agent has parked waits to be fetched
    music: str = "default"
    announce_position: bool = True
    announce_wait: bool = True
    announce_first: float = 5.0
    announce_every: float = 60.0
    whisper: tuple[str, ...] = ()  # what an agent hears before the caller: queue, wait, language, or prompts
    auto_answer: bool = False  # agents' phones answer by themselves
    announce_wait_agents: int = 0  # fewer active agents than these: no time is spoken
    comfort: tuple[PromptId, ...] = ()  # go round while callers wait,
    comfort_every: float = 90.0  # one in so many seconds
    keep_place: float = 0.0  # whoever hangs up and calls again within this time has their place back
    place_kept: PromptId | None = None  # what they hear then
    record: str = "no"  # are its conversations recorded: yes | no | on_demand
    consent: PromptId | None = (
        None  # what callers hear before they are recorded; without it they are not asked
    )
    decline: Key | None = None  # the key with which they say no to that
    keep_recordings: int = 90  # days; 0: for ever


@dataclass(frozen=True, slots=True)
class GroupRule:
    """Several queues to choose from when a caller arrives."""

    name: str
    queues: tuple[str, ...]
    choose: str = "least_busy"  # one of the rules of engine.core.ranking
    rebalance: bool = False  # may a caller who waits be taken to a queue that has become much quicker?


@dataclass(frozen=True, slots=True)
class AgentRule:
    """Who answers.

    Their own phone is `contact` (a fixed SIP URI), `password` (it registers as `name`), or `number` behind a `trunk`; without one they sign
    in at another phone, with `pin`.
    """

    name: str
    queues: tuple[str, ...]
    title: str = ""  # the name shown to people
    skills: frozenset[str] = frozenset()
    contact: str | None = None
    password: str | None = None
    trunk: str | None = None  # another site's PBX: calls go out through it,
    number: str | None = None  # to this number there
    weight: int = 1  # how often they are drawn where agents are chosen by lot
    ready: bool = False  # signed in and ready when the engine first starts
    pin: str | None = None  # the hash of what they sign in with over the phone
    language: LanguageCode | None = (
        None  # what they hear; None: what the flow speaks, or the first of the site
    )
    auto_answer: bool = False  # their phone answers by itself
    record: str | None = None  # are their conversations recorded; None: as the queue says

    @property
    def has_phone(self) -> bool:
        """Have they a phone of their own?"""
        return self.contact is not None or self.password is not None or self.trunk is not None


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone at a desk, for whoever signs in there: at a fixed SIP URI, or registering as `name` with a password."""

    name: str
    title: str = ""
    contact: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class PauseReason:
    """Why agents pause: what their phone says of it, and after how long a pause is shown as too long."""

    name: str
    title: str = ""
    prompt: PromptId | None = None
    limit: Seconds | None = None


@dataclass(frozen=True, slots=True)
class WrapUpCode:
    """What a conversation was about, what an agent's phone says of it, and whether the matter is resolved with it.

    `resolved` is yes or no; with ask the agent says which, or nothing; without it the code says nothing of that.
    """

    name: str
    title: str = ""
    prompt: PromptId | None = None
    resolved: str | None = None

    @property
    def choice(self) -> dict[str, str | bool | None]:
        """What an agent who chooses over the phone is told of it, and whether they are asked if the matter is resolved."""
        return {"name": self.name, "prompt": self.prompt, "ask": self.resolved == ASK}


@dataclass(frozen=True, slots=True)
class Trunk:
    """A way to another PBX.

    Calls that come in are known by address (IPs, also with a port, or networks) or by a user name and password. With `host` calls
    go out there too, and prove themselves by that name and password where there are any; `register` tells that PBX where we are.
    """

    name: str
    addresses: tuple[str, ...] = ()
    username: str | None = None
    password: str | None = None
    host: str | None = None  # address, or address:port
    register: bool = False


@dataclass(frozen=True, slots=True)
class OutboundRule:
    """What may be dialled out through the trunk of this name: numbers, or beginnings of numbers followed by `*`.

    `caller` is the number shown to whoever is rung; None: the number of the caller they are rung for.
    """

    name: str
    allow: tuple[str, ...]
    caller: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """Somebody outside whom flows may ask: only what stands here is ever reached.

    `deadline` seconds hold for all tries together; `retries` are further tries where nobody answered, or the server failed.
    """

    name: str
    url: str
    deadline: float = 3.0
    retries: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceRule:
    """Where customers and their contracts are looked up: a CSV file, a table of SQL, or an HTTP service. `file` is an absolute path."""

    name: str
    kind: str  # csv | sql | http
    on_failure: str  # open | closed: whether callers are let in while it does not answer
    levels: tuple[str, ...]
    #: Of numbers without a country; None: only numbers that begin with + are understood.
    country: str | None = None
    timezone: str = "UTC"  # in which a contract's days begin and end
    file: str | None = None
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # what we call it -> what the table does
    by_phone: str | None = None  # a query with :phone instead of a table
    by_number: str | None = None  # a query with :number
    deadline: float = 2.0
    failures: int = 3  # one after the other, after which it is left alone
    pause: float = 30.0  # for so long


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything of the site that is not a flow."""

    languages: tuple[str, ...]
    numbers: Mapping[str, str]  # dialled number -> flow
    sites: Mapping[str, Site]
    schedules: Mapping[str, ScheduleRule]
    queues: Mapping[str, QueueRule]
    groups: Mapping[str, GroupRule]
    agents: Mapping[str, AgentRule]
    trunks: Mapping[str, Trunk]
    asterisk: str = "private"  # private | external
    external: Mapping[str, str] = field(
        default_factory=dict
    )  # url, username, password, … of an external Asterisk
    services: Mapping[str, Service] = field(default_factory=dict)
    articles: Mapping[str, Article] = field(default_factory=dict)
    #: catalog.yaml: its departments, and every problem in it by its code.
    departments: Mapping[str, Department] = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)
    #: Numbers of the site at which callers are parked, each a place for one.
    parking: tuple[str, ...] = ()
    #: Everything is closed at once.
    emergency: bool = False
    #: The digits by which the `override` of a flow is allowed.
    override_pin: str | None = None
    prompts: str = "../prompts"  # folder of prompts, beside the site's folder
    #: Language -> the absolute path of a folder with a model for its speech; all others are languages of keys alone.
    models: Mapping[str, str] = field(default_factory=dict)
    entitlement: Mapping[str, SourceRule] = field(default_factory=dict)
    #: In the order of the keys by which a phone takes them; none: any words are a reason.
    pause_reasons: Mapping[str, PauseReason] = field(default_factory=dict)
    wrap_up_codes: Mapping[str, WrapUpCode] = field(default_factory=dict)
    phones: Mapping[str, Phone] = field(default_factory=dict)
    #: By trunk, in the order of the file; nobody outside is rung whom none of them allows.
    outbound: Mapping[str, OutboundRule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One checked version of a site: settings and flows by name."""

    settings: Settings
    flows: Mapping[str, Flow]
