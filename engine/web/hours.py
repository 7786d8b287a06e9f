"""The page of the opening hours: how every schedule and site stands, and a form by which people say otherwise.

GET  /hours        every schedule and site; whether it is open, why, until when; the overrides that count
GET  /hours.json   the same as JSON
POST /hours        a form: schedule, set, until, why, name, pin, token; then back to the page (303)

Nobody signs in here: who may say something is who knows `override_pin` of site.yaml. The PIN is compared and forgotten; it is no part of
an event, an address, a log or a page. Where site.yaml has none, the page only shows.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from jinja2 import Environment

from engine.core.overrides import EVERYTHING
from engine.entitle.gate import PAUSE, PinGate, Tried
from engine.errors import BadWord
from engine.web.answers import WRITTEN_WITHIN, answer
from engine.web.forms import COOKIE, BadForm, Tokens, read_form
from engine.web.html import HEADERS, html
from engine.web.wording import LANGUAGES, Wording, figures, language_of, wording

log = structlog.get_logger()

#: How moments are written.
EXAMPLES = {"clock": figures("18:00"), "length": figures("2h"), "date": figures("2026-12-24 18:00")}

Override = Callable[[dict[str, Any]], tuple[dict[str, Any], Awaitable[None]]]


@dataclass(frozen=True, slots=True)
class Hours:
    """What the page reaches: how the doors stand, how to say otherwise, the PIN for that (None: nobody may), and the time."""

    told: Callable[[], dict[str, Any]]
    override: Override
    pin: Callable[[], str | None]
    now: Callable[[], float]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    #: Seconds after which an answer goes out although the disk has not taken what was said.
    patience: float = WRITTEN_WITHIN


class Refused(Exception):
    """A form that is not followed; `why` names the sentence, `status` is HTTP's, `values` stand in the sentence."""

    def __init__(self, why: str, status: int, **values: object) -> None:
        super().__init__(why)
        self.why, self.status, self.values = why, status, values


class HoursPage:
    """Shows the page, and takes its forms."""

    def __init__(self, hours: Hours, templates: Environment) -> None:
        self._hours = hours
        self._template = templates.get_template("hours.html")
        self._tokens = Tokens()
        self._gate = PinGate(hours.now)
        #: What was said and is not on disk yet.
        self._unwritten: set[asyncio.Future[None]] = set()

    async def show(self, request: web.Request) -> web.Response:
        """The page."""
        return self._page(request)

    async def json(self, _: web.Request) -> web.Response:
        """The same for programs."""
        told = {**self._hours.told(), "can_override": self._hours.pin() is not None}
        told_so = answer(told)
        told_so.headers.update(HEADERS)
        return told_so

    async def said(self, request: web.Request) -> web.Response:
        """A form: followed, and back to the page; or the page again, with a sentence at that form."""
        typed: dict[str, str] = {}
        try:
            typed = await read_form(request)
            name = await self._follow(request, typed)
        except BadForm as error:
            return self._page(request, Refused(error.why, error.status), typed)
        except Refused as refused:
            kept = {"schedule": typed.get("schedule", "")} if refused.why == "pin_shown" else typed
            return self._page(request, refused, kept)
        query = urlencode({"lang": language_of(request), "said": name})
        return web.Response(status=303, headers={**HEADERS, "Location": f"/hours?{query}#at-{name}"})

    async def _follow(self, request: web.Request, typed: Mapping[str, str]) -> str:
        """Do what a form says; returns whose hours it is about. Raises Refused."""
        if not self._tokens.fits(request, typed.get("token", "")):
            raise Refused("token", 403)
        if not typed.get("name", "").strip():
            raise Refused("name", 400)
        pin = plain_digits(typed.get("pin", "")).strip()
        await self._prove(request, pin)
        asked = {name: typed.get(name, "") for name in ("schedule", "set", "why")}
        asked |= {"until": plain_digits(typed.get("until", "")), "by": f"page {typed['name'].strip()}"}
        if any(pin in plain_digits(text) for text in typed_beside(typed)):
            raise Refused("pin_shown", 400)
        try:
            told, written = self._hours.override(asked)
        except BadWord as error:
            raise Refused(error.about, 400, given=typed.get(error.about, "")[:60]) from None
        await self._on_disk(asyncio.ensure_future(written))
        return str(told["said"]["schedule"])

    async def _prove(self, request: web.Request, given: str) -> None:
        """Only who knows the PIN goes on. Raises Refused."""
        pin = self._hours.pin()
        if pin is None:
            raise Refused("no_pin", 403)
        if not given:
            raise Refused("pin_missing", 400)
        match self._gate.tried(given, pin):
            case Tried.LOCKED:
                log.warning("an override on the page was refused: too many wrong PINs", remote=request.remote)
                raise Refused("locked", 429, minutes=int(self._gate.held() // 60) + 1)
            case Tried.WRONG:
                log.warning("an override on the page was refused: a wrong PIN", remote=request.remote)
                await self._hours.pause(PAUSE)
                raise Refused("pin", 403)

    async def _on_disk(self, written: asyncio.Future[None]) -> None:
        """Wait for the disk, but not for ever: the page tells what it has not taken yet."""
        self._unwritten.add(written)
        written.add_done_callback(self._unwritten.discard)
        await asyncio.wait({written}, timeout=self._hours.patience)

    def _page(
        self, request: web.Request, refused: Refused | None = None, typed: Mapping[str, str] | None = None
    ) -> web.Response:
        words = wording(language_of(request))
        told = self._hours.told()
        cards = [told["everything"], *told["schedules"], *told["sites"]]
        cookie = request.cookies.get(COOKIE) or secrets.token_hex(16)
        typed, pin_known = typed or {}, self._hours.pin() is not None
        at = typed.get("schedule", "")
        text = self._template.render(
            w=words,
            languages={each: wording(each).words["language"] for each in LANGUAGES},
            told=told,
            cards=cards,
            everything=EVERYTHING,
            examples=EXAMPLES,
            can_override=pin_known,
            token=self._tokens.of(cookie),
            unwritten=bool(self._unwritten),
            said=next((card for card in cards if card["name"] == request.query.get("said")), None),
            error=sentence(words, refused),
            at=at if pin_known and any(card["name"] == at for card in cards) else None,
            typed=typed,
        )
        response = html(text, refused.status if refused else 200)
        response.headers["Vary"] = "Accept-Language, Cookie"
        if refused and refused.status == 429:
            response.headers["Retry-After"] = str(60 * int(str(refused.values["minutes"])))
        if not request.cookies.get(COOKIE):
            response.set_cookie(COOKIE, cookie, path="/hours", httponly=True, samesite="Strict")
        return response


def sentence(words: Wording, refused: Refused | None) -> str:
    """Why a form was not followed, in the page's words; empty where none was refused."""
    return words(f"error_{refused.why}", **EXAMPLES, **refused.values) if refused else ""


def typed_beside(typed: Mapping[str, str]) -> list[str]:
    """What would be kept of a form."""
    return [text for field, text in typed.items() if field not in ("pin", "token")]


def plain_digits(text: str) -> str:
    """Arabic and Persian digits as ASCII's, for keyboards that have no others."""
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in text)


def hours_routes(hours: Hours, templates: Environment) -> list[web.RouteDef]:
    """The routes of the page."""
    page = HoursPage(hours, templates)
    return [
        web.get("/hours", page.show),
        web.get("/hours.json", page.json),
        web.post("/hours", page.said),
    ]
