"""How the values of site.yaml are written: hours, addresses, passwords, phones; and the options of every section.

Queues, groups, agents and trunks are the core's classes: a field of the class is an option of the file. Sites and schedules are written
differently from how they are kept (hours as text, holidays by country), so their options stand here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from engine.config.calendars import region
from engine.config.kinds import (
    ANYTHING,
    BAD,
    KINDS,
    LANGUAGE,
    LEVEL,
    LINE,
    YES_NO,
    Kind,
    Option,
    Reader,
    Wrong,
    choice,
    duration,
    list_of,
    map_of,
    named,
    number,
    options,
    scalar,
    short,
    with_levels,
    yes_no_or,
)
from engine.config.opening import BadHours, one_day, weekly
from engine.config.report import guess
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node, Scalar
from engine.core import site as s
from engine.core import skills
from engine.core.flow import Key
from engine.core.outbound import dialable, is_pattern
from engine.core.ranking import CHOOSERS
from engine.core.resolution import ASK
from engine.core.sources import source_of
from engine.core.strategies import STRATEGIES
from engine.core.tape import ON_DEMAND
from engine.entitle.phone import COUNTRIES
from engine.entitle.pins import fault
from engine.entitle.rows import COLUMNS as CUSTOMER

SHORTEST_PASSWORD = 8
_STRING = {"type": "string"}
#: What may be digits alone is a number to an editor; so is 007, and true is no text.
_TYPED = {"type": ["string", "number", "boolean"]}


def _password(text: str) -> str:
    if len(text) < SHORTEST_PASSWORD:
        hint = f"use at least {SHORTEST_PASSWORD}; better 20 that nobody can guess"
        raise Wrong(f"a password of {len(text)} characters is too short", hint, "short-password")
    if not re.fullmatch(r"[!-~]{8,128}", text) or set(text) & set(";\\\"'`"):
        raise Wrong(
            "this password holds a sign it may not hold",
            "letters, digits and signs but no spaces, quotes, ; \\",
        )
    return text


def _pin(text: str) -> str:
    if not re.fullmatch(r"[0-9]{6,12}", text):
        raise Wrong("this is no PIN for overrides", "6 to 12 digits that nobody can guess")
    return text


_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
_SIP = re.compile(rf"sip:[A-Za-z0-9_.+!~*-]{{1,64}}@{_HOST}(?::([0-9]{{1,5}}))?")


def _contact(text: str) -> str:
    found = _SIP.fullmatch(text)
    if not found or not 0 < int(found[1] or 5060) < 65_536:
        raise Wrong(f"{short(text)} is not the address of a phone", "write it like sip:2001@192.0.2.10:5060")
    return text


def _address(text: str) -> str:
    try:
        source = source_of(text)
    except ValueError:
        hint = "write 192.0.2.1, 192.0.2.1:5060 or a network such as 192.0.2.0/24; names are not looked up"
        raise Wrong(f"{short(text)} is not an IP address", hint, "bad-address") from None
    network = source.network
    if network.prefixlen == 0:
        raise Wrong(
            f"{short(text)} lets the whole world in", "name the addresses calls come from", "bad-address"
        )
    if source.port is None and ipaddress.ip_address(text.split("/")[0]) != network.network_address:
        raise Wrong(
            f"{short(text)} is one address inside a network", f"the network is {network}", "bad-address"
        )
    return text


def _url(text: str) -> str:
    if not re.fullmatch(rf"https?://{_HOST}(:[0-9]{{1,5}})?(/[A-Za-z0-9_./-]*)?", text):
        raise Wrong(f"{short(text)} is not an address of ARI", "write it like http://192.0.2.5:8088")
    return text


_AMI = re.compile(rf"{_HOST}:([0-9]{{1,5}})")


def _ami(text: str) -> str:
    found = _AMI.fullmatch(text)
    if not found or not 0 < int(found[1]) < 65_536:
        raise Wrong(f"{short(text)} is not an address of AMI", "write it like 192.0.2.5:5038")
    return text


_LOCAL = re.compile(r"127\.[0-9.]+|localhost|\[::1\]")


def _service(text: str) -> str:
    found = re.fullmatch(rf"(https?)://({_HOST})(:[0-9]{{1,5}})?(/[!-~]*)?", text)
    if not found:
        raise Wrong(
            f"{short(text)} is not an address of a service", "write it like https://parcels.example.com/track"
        )
    if found[1] == "http" and not _LOCAL.fullmatch(found[2]):
        raise Wrong(
            f"{short(text)} would send callers' data in the clear", "use https, or a service on this machine"
        )
    return text


def _header(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", text) or text.lower() in (
        "host",
        "content-length",
        "content-type",
    ):
        raise Wrong(f"{short(text)} is not a header that can be set", "like Authorization")
    return text


def _header_value(text: str) -> str:
    if not re.fullmatch(r"[ -~]{1,1000}", text):
        raise Wrong("a header's value is one line of plain letters, digits and signs", "")
    return text


_zones = cache(available_timezones)  # it looks through folders: 20 ms each time


def _timezone(text: str) -> str:
    zones = _zones()
    if text not in zones:
        city = min(
            (zone for zone in zones if zone.endswith("/" + text.title().replace(" ", "_"))), default=""
        )
        hint = f"did you mean '{city}'?" if city else guess(text, zones)
        raise Wrong(f"no time zone is called {short(text)}", hint or "like Europe/Sofia")
    return text


def _hours(text: str) -> tuple[s.Span, ...]:
    try:
        return weekly(text)
    except BadHours as wrong:
        raise Wrong(wrong.args[0], wrong.args[1], "bad-hours") from None


def _dialled(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9]{1,32}", text):
        bare = re.sub(r"[ ().\u00a0/-]", "", text)
        good = re.fullmatch(r"\+?[0-9]{1,32}", bare) and not re.search(r"[0-9]{3,}-[0-9]{3,}$", text)
        hint = f'write "{bare}"' if good else 'digits, with or without a "+" before them'
        raise Wrong(f"{short(text)} is not a number that can be dialled", hint)
    return text


def _allowed(text: str) -> str:
    if not is_pattern(text):
        hint = 'write a number such as "112", or its beginning and a * such as "+359*"'
        if not text.strip("+*"):
            hint = 'that would be the whole world; write how the numbers begin, such as "+359*"'
        raise Wrong(f"{short(text)} does not say what may be dialled out", hint, "outbound-number")
    return text


def _shown(text: str) -> str:
    number = dialable(text)
    if number is None:
        hint = "2 to 20 digits, with or without a + before them"
        raise Wrong(f"{short(text)} is not a number that can be shown", hint, "outbound-number")
    return number


def _date(text: str) -> date:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise Wrong(f"{short(text)} is not a date", "write it like 2026-12-24")


def _plain(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", text):
        raise Wrong(f"{short(text)} cannot be a name here", "use letters, digits, _ . and -, at most 32")
    return text


def _file(text: str) -> str:
    if not text.isprintable() or not 0 < len(text.encode(errors="replace")) <= 250:
        raise Wrong(f"{short(text)} is not the name of a file", "write it like customers.csv")
    return text


def _folder(text: str) -> str:
    if not text.isprintable() or not 0 < len(text.encode(errors="replace")) <= 250:
        raise Wrong(f"{short(text)} is not the name of a folder", "write it like ../models/en")
    return text


def _country(text: str) -> str:
    if text not in COUNTRIES:
        raise Wrong(f"no country is called {short(text)}", guess(text, COUNTRIES) or "two letters, like BG")
    return text


def _customers_at(text: str) -> str:
    if not text.startswith("postgresql:"):
        return _service(text)
    try:
        parts = urlsplit(text)
        good = parts.hostname and parts.port != 0 and re.fullmatch(r"[!-~]{1,500}", text)
    except ValueError:
        good = None
    if not good:
        hint = "write it like postgresql://user:password@127.0.0.1/customers"
        raise Wrong("this is not the address of a database", hint)
    return text


def _query(slot: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if not re.match(r"(?i)\s*(select|with)\b", text) or len(text) > 5000 or ";" in text:
            raise Wrong("one query that begins with SELECT is expected here", "without a ; at its end")
        if set(re.findall(r"(?<!:):([a-z]+)\b", text)) != {slot}:
            raise Wrong(
                f"the query must look for :{slot}, and for nothing else", f"like … WHERE {slot} = :{slot}"
            )
        return text

    return convert


def _hash(text: str) -> str:
    if fault(text) is not None:
        hint = "`quietline entitlement hash-pin` makes the hash of a PIN; put it in quotes"
        raise Wrong("this is no hash of a PIN that can be compared with", hint, "bad-pin-hash")
    return text


def _peer(text: str) -> str:
    found = re.fullmatch(rf"{_HOST}(?::([0-9]{{1,5}}))?", text)
    if not found or not 0 < int(found[1] or 5060) < 65_536:
        raise Wrong(
            f"{short(text)} is no address calls can go to", "write it like 192.0.2.5 or 192.0.2.5:5060"
        )
    return text


PIN = scalar("pin", "6 to 12 digits", _pin, {"type": ["string", "number"], "pattern": "^[0-9]{6,12}$"})
PASSWORD = scalar(
    "password",
    f"a password of at least {SHORTEST_PASSWORD} characters",
    _password,
    {**_TYPED, "minLength": SHORTEST_PASSWORD, "maxLength": 128},
)
DATE = scalar("date", "a date such as 2026-12-24", _date, _STRING)
DIALLED = scalar(
    "number",
    "a number that can be dialled",
    _dialled,
    {"type": ["string", "number"], "pattern": r"^\+?[0-9]{1,32}$"},
)
CALLED = scalar(
    "number",
    "a number that can be dialled, or a code such as *50",
    lambda text: text if re.fullmatch(r"\*[0-9]{2,31}", text) else _dialled(text),
    {"type": ["string", "number"], "pattern": r"^(\+?[0-9]{1,32}|\*[0-9]{2,31})$"},
)
PLAIN = scalar(
    "name",
    "a name of letters, digits, _ . and -",
    _plain,
    {**_TYPED, "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$"},
)
ADDRESS = scalar("address", "an IP address, also with a port, or a network", _address, _STRING)
HEADER = scalar(
    "header", "a header such as Authorization", _header, {"pattern": "^[A-Za-z][A-Za-z0-9-]{0,63}$"}
)
HEADER_VALUE = scalar("value", "its value", _header_value, _TYPED)
ALLOWED = scalar("number", 'a number such as "112", or a beginning such as "+359*"', _allowed, _TYPED)
SHOWN = scalar("number", "the number shown to whoever is rung", _shown, _TYPED)
TRUNK = scalar("trunk", "a trunk of this file", _plain, _TYPED, "trunk")
WRAP_UP_CODE = named("wrap-up-code", "a wrap-up code of this file")
PIN_HASH = scalar("hash", "the hash of a PIN, made by `quietline entitlement hash-pin`", _hash, _STRING)
QUEUE = named("queue", "a queue of this file")
SCHEDULE = named("schedule", "a schedule or a site of this file")
SITE = named("site", "a site of this file")
FLOW = named("flow", "a flow of this folder")
NAME = named("name", "a name")
KEY = KINDS[Key]
RECORD = yes_no_or(ON_DEMAND)
WHISPER = named("whisper", "queue, wait, language, or a prompt's id", r"[a-z][a-z0-9_]{0,63}")
TIMEZONE = scalar("time zone", "a time zone such as Europe/Sofia", _timezone, _STRING)
_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
TABLE = named("table", "a table such as customers or crm.customers", rf"{_IDENTIFIER}(\.{_IDENTIFIER})?")
CONTACT = scalar(
    "contact",
    "a phone's address such as sip:2001@192.0.2.10:5060",
    _contact,
    {**_STRING, "pattern": f"^{_SIP.pattern}$"},
)
COLUMNS = map_of(choice(*CUSTOMER), named("column", "a column of the table", _IDENTIFIER))
_DAY_HOURS = "closed, or hours such as 10:00-14:00"


def _read_exceptions(node: Node, reader: Reader) -> Any:
    if not isinstance(node, MappingNode) or not node.entries:
        return reader.bad(node, "dates and their hours are expected here", "like { 2026-12-24: closed }")
    kept: dict[date, tuple[s.Span, ...]] = {}
    for key, value in node.entries.values():
        day = DATE.read(key, reader)
        if day is BAD or not isinstance(value, Scalar):
            if day is not BAD:
                reader.bad(value, "one day's hours are expected here", f"write {_DAY_HOURS}", "bad-hours")
            continue
        try:
            kept[day] = one_day(value.text, day.weekday())
        except BadHours as wrong:
            reader.bad(value, wrong.args[0], wrong.args[1], "bad-hours")
    return kept if len(kept) == len(node.entries) else BAD


EXCEPTIONS = Kind(
    "dates",
    f"date → {_DAY_HOURS}",
    _read_exceptions,
    {
        "type": "object",
        "additionalProperties": _STRING,
        "propertyNames": {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    },
)

#: Fields of the core's classes that are written more narrowly than their Python type says.
NARROWER: dict[tuple[type, str], Kind] = {
    (s.QueueRule, "schedule"): SCHEDULE,
    (s.QueueRule, "site"): SITE,
    (s.QueueRule, "capacity"): number(0, 10_000),
    (s.QueueRule, "ring"): duration(5, 120),
    (s.QueueRule, "wrap_up"): duration(0, 3600),
    (s.QueueRule, "wrap_up_codes"): list_of(WRAP_UP_CODE),
    (s.WrapUpCode, "resolved"): yes_no_or(ASK),
    (s.QueueRule, "code_within"): duration(10, 3600),
    (s.QueueRule, "cool_down"): duration(0, 3600),
    (s.QueueRule, "rona"): choice("pause", "ready"),
    (s.QueueRule, "handle_time"): duration(1, 14_400),
    (s.QueueRule, "adjust"): duration(-3600, 3600, signed=True),
    (s.QueueRule, "drain"): duration(0, 86_400),
    (s.QueueRule, "music"): PLAIN,
    (s.QueueRule, "parked"): duration(5, 3600),
    (s.QueueRule, "announce_first"): duration(0, 600),
    (s.QueueRule, "announce_every"): duration(20, 3600),
    (s.QueueRule, "whisper"): list_of(WHISPER),
    (s.QueueRule, "announce_wait_agents"): number(0, 1000),
    (s.QueueRule, "comfort_every"): duration(30, 3600),
    (s.QueueRule, "keep_place"): duration(0, 3600),
    (s.QueueRule, "record"): RECORD,
    (s.QueueRule, "keep_recordings"): number(0, 3650),
    (s.QueueRule, "decline"): replace(KEY, schema={**KEY.schema, "type": ["string", "number"]}),
    (s.AgentRule, "record"): RECORD,
    (s.GroupRule, "queues"): list_of(QUEUE),
    (s.Service, "url"): scalar("url", "an address such as https://parcels.example.com/track", _service, _STRING),
    (s.Service, "deadline"): duration(1, 15),
    (s.Service, "retries"): number(0, 3),
    (s.Service, "headers"): map_of(HEADER, HEADER_VALUE),
    (s.QueueRule, "ageing"): duration(0, 86_400),
    (s.QueueRule, "strategy"): choice(*STRATEGIES),
    (s.QueueRule, "ring_all_max"): number(2, 100),
    (s.GroupRule, "choose"): choice(*CHOOSERS),
    (s.AgentRule, "queues"): list_of(QUEUE),
    (s.AgentRule, "skills"): with_levels(skills.held, "a skill, a list of them, or skill → the agent's level in it, from 1 to 9"),
    (s.AgentRule, "contact"): CONTACT,
    (s.AgentRule, "password"): PASSWORD,
    (s.AgentRule, "language"): LANGUAGE,
    (s.AgentRule, "trunk"): TRUNK,
    (s.AgentRule, "pin"): PIN_HASH,
    (s.Phone, "contact"): CONTACT,
    (s.Phone, "password"): PASSWORD,
    (s.AgentRule, "number"): DIALLED,
    (s.AgentRule, "weight"): number(1, 100),
    (s.Trunk, "addresses"): list_of(ADDRESS, empty=False),
    (s.Trunk, "username"): PLAIN,
    (s.Trunk, "password"): PASSWORD,
    (s.OutboundRule, "allow"): list_of(ALLOWED, empty=False),
    (s.OutboundRule, "caller"): SHOWN,
    (s.SourceRule, "kind"): choice("csv", "sql", "http"),
    (s.SourceRule, "on_failure"): choice("open", "closed"),
    (s.SourceRule, "levels"): list_of(LEVEL, empty=False),
    (s.SourceRule, "country"): scalar("country", "a country such as BG", _country, _STRING),
    (s.SourceRule, "timezone"): TIMEZONE,
    (s.SourceRule, "file"): scalar("file", "a CSV or SQLite file, seen from this one", _file, _TYPED),
    (s.SourceRule, "url"): scalar("url", "an address: https://… or postgresql://…", _customers_at, _STRING),
    (s.SourceRule, "headers"): map_of(HEADER, HEADER_VALUE),
    (s.SourceRule, "table"): TABLE,
    (s.SourceRule, "columns"): COLUMNS,
    (s.SourceRule, "by_phone"): scalar("query", "a query of SQL with :phone in it", _query("phone"), _STRING),
    (s.SourceRule, "by_number"): scalar("query", "a query of SQL with :number in it", _query("number"), _STRING),
    (s.SourceRule, "deadline"): duration(1, 10),
    (s.SourceRule, "failures"): number(1, 100),
    (s.SourceRule, "pause"): duration(1, 3600),
    (s.Trunk, "host"): scalar("host", "an address calls go to such as 192.0.2.5 or 192.0.2.5:5060", _peer, _TYPED),
}  # fmt: skip


@cache
def rule_options(cls: type) -> tuple[Option, ...]:
    """The options of a class that stands in site.yaml under its name: all its fields but the name."""
    return tuple(
        replace(o, kind=NARROWER.get((cls, o.name), o.kind)) for o in options(cls) if o.name != "name"
    )


SITE_OPTIONS = (
    Option("timezone", TIMEZONE, True),
    Option(
        "open",
        scalar(
            "hours",
            "hours such as Mon-Fri 08:00-18:00, Sat 22:00-02:00; or always; or never",
            _hours,
            _STRING,
        ),
        True,
    ),
    Option("holidays", scalar("region", "a country or region such as BG or GB-ENG", region, _STRING), False),
    Option("exceptions", EXCEPTIONS, False),
    Option("emergency", YES_NO, False, False),
)
SCHEDULE_OPTIONS = (
    Option("any_of", list_of(SITE, empty=False), True),
    Option("override", choice("open", "closed"), False),
)
EXTERNAL_OPTIONS = (
    Option("url", scalar("url", "the address of ARI such as http://192.0.2.5:8088", _url, _STRING), True),
    Option("username", PLAIN, True),
    Option("password", PASSWORD, True),
    Option("app", PLAIN, False),
    Option(
        "ami",
        scalar(
            "address",
            "the address of AMI such as 192.0.2.5:5038",
            _ami,
            {**_STRING, "pattern": f"^{_AMI.pattern}$"},
        ),
        False,
    ),
    Option("ami_username", PLAIN, False),
    Option("ami_password", PASSWORD, False),
)
MODEL = scalar(
    "model",
    "small for the one that is fetched; or a folder, seen from this file, such as ../models/en",
    _folder,
    _TYPED,
)
SPEECH_OPTIONS = (Option("models", map_of(LANGUAGE, MODEL), True),)
QUEUE_DEFAULTS = tuple(replace(o, required=False) for o in rule_options(s.QueueRule))

#: Section -> how its names are written, and the options under each name.
SECTIONS: dict[str, tuple[Kind, tuple[Option, ...]]] = {
    "sites": (NAME, SITE_OPTIONS),
    "schedules": (NAME, SCHEDULE_OPTIONS),
    "queues": (NAME, rule_options(s.QueueRule)),
    "groups": (NAME, rule_options(s.GroupRule)),
    "agents": (PLAIN, rule_options(s.AgentRule)),
    "phones": (PLAIN, rule_options(s.Phone)),
    "pause_reasons": (NAME, rule_options(s.PauseReason)),
    "wrap_up_codes": (NAME, rule_options(s.WrapUpCode)),
    "trunks": (PLAIN, rule_options(s.Trunk)),
    "outbound": (PLAIN, rule_options(s.OutboundRule)),
    "services": (NAME, rule_options(s.Service)),
    "entitlement": (NAME, rule_options(s.SourceRule)),
}

#: The file's own keys, in the order the docs show them; sections are read one by one.
TOP = (
    Option("languages", list_of(LANGUAGE, empty=False), True),
    Option(
        "prompts", replace(LINE, written="the folder of prompts, seen from this one"), False, "../prompts"
    ),
    Option("asterisk", choice("private", "external"), False, "private"),
    Option("external", replace(ANYTHING, written="options, see below"), False),
    Option("speech", replace(ANYTHING, written="options, see below"), False),
    Option("numbers", map_of(CALLED, FLOW), True),
    Option("parking", list_of(CALLED), False),
    Option("emergency", YES_NO, False, False),
    Option("override_pin", PIN, False),
    Option("queue_defaults", replace(ANYTHING, written="options, see below"), False),
    *(Option(name, replace(ANYTHING, written="names, each with its options"), False) for name in SECTIONS),
)
