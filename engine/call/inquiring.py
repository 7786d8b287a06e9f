"""What a call asks of others than its caller and its agents: how a schedule stands, what is known, what is open, services outside.

Hours, services and the numbers that may be rung follow the newest release, also in a call that began with an earlier one: doors close, and
addresses change, for everybody at once. Articles are told as they were when the call began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import structlog
from orjson import dumps

from engine.call.house import Edition, House
from engine.core import hours, moment
from engine.core.do import Look, Outcome, Post, Rule
from engine.core.event import Event
from engine.core.outbound import way_out
from engine.core.site import Service
from engine.entitle.gate import Tried
from engine.errors import StoreError

log = structlog.get_logger()

#: Seconds for which callers are told that their request is resolved.
TOLD_FOR = 7 * 86_400.0


class Inquiry:
    """The questions of one contact; `secrets` are the digits the call keeps to itself, by the name of their variable."""

    def __init__(self, house: House, contact: str, edition: Edition, secrets: Mapping[str, str]) -> None:
        self._house = house
        self._contact = contact
        self._edition = edition
        self._secrets = secrets

    async def look(self, do: Look) -> Outcome:
        """What is known of it."""
        match do.what:
            case "hours":
                return self._hours(do.name)
            case "outbound":
                out = way_out(self._house.site.settings.outbound, do.name)
                return None if out is None else out.number
            case "bulletins":
                told = self._house.bulletins.told(self._house.now())
                return dumps([{"name": b.name, "prompt": b.prompt, "scope": b.scope} for b in told]).decode()
            case "article":
                article = self._edition.site.settings.articles.get(do.name)
                return None if article is None else dumps(asdict(article)).decode()
            case "pause_reasons" | "wrap_up_codes":
                return dumps(self._house.agents.choices(do.name, do.what)).decode()
            case _:
                return await self._requests(do.name)

    async def post(self, do: Post, told: int) -> Outcome:
        """What a service answers; `told` is how many outcomes the flow had by then.

        Secret digits a killed engine forgot cannot be sent: then nobody is asked.
        """
        service = self._service(do.service)
        if service is None or not self._secrets.keys() >= set(do.secret.values()):
            return None
        data = {**do.data, **{name: self._secrets[held] for name, held in do.secret.items()}}
        # The same after a restart as before it, so that the service can tell a second try from a second wish.
        key = f"{self._contact}-{told}"
        answer = await self._house.services.ask(service, key, data, do.fields)
        return None if answer is None else dumps(answer).decode()

    def rule(self, do: Rule) -> Outcome:
        """Say it where the digits are right; it shares its commit with the step, so that a restart asks for neither again."""
        settings, now = self._house.site.settings, self._house.now()
        tried = self._house.override_gate.tried(self._secrets.get(do.secret, ""), settings.override_pin)
        if tried is not Tried.RIGHT:
            log.warning("an override over the phone is refused", contact=self._contact, pin=str(tried))
            return "refused"
        until = (
            None if do.until is None else moment.until(do.until, hours.zone_of(settings, do.schedule), now)
        )
        by = f"phone {self._house.ledger.contact(self._contact).from_number}".strip()
        said = {"schedule": do.schedule, "set": do.word, "until": until, "by": by, "why": do.why}
        self._house.distributor.override(Event("override", now, self._contact, data=said))
        return "set"

    async def _requests(self, customer: str) -> Outcome:
        caller = self._house.ledger.contact(self._contact).from_number
        try:
            since = self._house.now() - TOLD_FOR
            return dumps(await self._house.archive.told_requests(customer, caller, since)).decode()
        except StoreError as error:
            log.error(
                "requests cannot be looked up; the caller hears of none",
                contact=self._contact,
                error=str(error),
            )
            return None

    def _hours(self, name: str) -> str:
        """How a schedule stands by the newest release; by the call's own where that has it no more."""
        doors, now = self._house.distributor.doors, self._house.now()
        if name in doors.settings.schedules or name in doors.settings.sites:
            return str(doors.state(name, now).state)
        return str(hours.verdict(self._edition.site.settings, name, now, doors.rulings).state)

    def _service(self, name: str) -> Service | None:
        newest, own = self._house.site.settings.services, self._edition.site.settings.services
        return newest.get(name) or own.get(name)
