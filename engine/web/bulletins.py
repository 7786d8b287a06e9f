"""Bulletins over the control socket.

GET    /bulletins         every bulletin, the newest first, and whether it is told now
POST   /bulletins         {name, prompt, from, until, scope, by}: begin one; `from` and `until` as people write moments, or empty
DELETE /bulletins/NAME    end one
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from aiohttp import web

from engine.core.bulletins import Bulletin
from engine.core.moment import BadMoment, until
from engine.web.answers import answer, asked, wrong

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Bulletins(Protocol):
    """Where bulletins are kept: by name, each change on disk when it is done."""

    known: dict[str, Bulletin]

    def begin(self, bulletin: Bulletin, at: float) -> Awaitable[None]:
        """Tell it."""
        ...

    def end(self, name: str, by: str, at: float) -> Awaitable[None]:
        """Tell it no longer."""
        ...


class WrongBulletin(ValueError):
    """What was asked makes no bulletin; the text is one sentence."""


class Board:
    """Begins, ends and lists bulletins. `known` are the ids of prompts that every language has; `zone` is where times of day are meant."""

    def __init__(
        self,
        bulletins: Bulletins,
        known: Callable[[], frozenset[str]],
        zone: Callable[[], str],
        now: Callable[[], float],
    ) -> None:
        self._bulletins, self._known, self._zone, self._now = bulletins, known, zone, now

    def listed(self) -> list[dict[str, Any]]:
        """All of them, the newest first."""
        now = self._now()
        return [{**asdict(one), "told": one.tells(now)} for one in reversed(self._bulletins.known.values())]

    async def begin(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Begin one. Raises WrongBulletin."""
        bulletin = self._read(asked)
        await self._bulletins.begin(bulletin, self._now())
        return {**asdict(bulletin), "told": bulletin.tells(self._now())}

    async def end(self, name: str, by: str) -> None:
        """End one. Raises WrongBulletin when there is none of this name."""
        if name not in self._bulletins.known:
            raise WrongBulletin(f"there is no bulletin {name!r}: `quietline bulletin list` shows them")
        await self._bulletins.end(name, by, self._now())

    def _read(self, asked: Mapping[str, Any]) -> Bulletin:
        name, prompt, scope = (
            str(asked.get("name", "")),
            str(asked.get("prompt", "")),
            asked.get("scope") or {},
        )
        if not NAME.fullmatch(name):
            raise WrongBulletin(f"{name!r} cannot name a bulletin: use letters, digits, _ and -, at most 40")
        if prompt not in self._known():
            raise WrongBulletin(
                f"there is no prompt {prompt!r} in every language of the site: write and render it first"
            )
        if not isinstance(scope, Mapping) or not all(isinstance(value, str) for value in scope.values()):
            raise WrongBulletin('a scope is variables and their values, like {"to_number": "100"}')
        now = self._now()
        begins = self._moment(asked, "from", now)
        ends = self._moment(asked, "until", now)
        if begins is not None and ends is not None and ends <= begins:
            raise WrongBulletin("this bulletin would end before it begins: correct from or until")
        return Bulletin(name, prompt, begins or now, ends, dict(scope), str(asked.get("by", "")))

    def _moment(self, asked: Mapping[str, Any], key: str, now: float) -> float | None:
        text = str(asked.get(key) or "")
        try:
            return until(text, self._zone(), now) if text else None
        except BadMoment as error:
            raise WrongBulletin(str(error)) from error


def bulletin_routes(board: Board) -> list[web.RouteDef]:
    """The routes of the control socket."""

    async def listed(_: web.Request) -> web.Response:
        return answer(board.listed())

    async def begin(request: web.Request) -> web.Response:
        wanted = await asked(request)
        if wanted is None:
            return wrong("an object is expected here, with name and prompt")
        try:
            return answer(await board.begin(wanted))
        except WrongBulletin as error:
            return wrong(str(error))

    async def end(request: web.Request) -> web.Response:
        try:
            await board.end(request.match_info["name"], request.query.get("by", ""))
        except WrongBulletin as error:
            return wrong(str(error), 404)
        return answer({"ended": request.match_info["name"]})

    return [
        web.get("/bulletins", listed),
        web.post("/bulletins", begin),
        web.delete("/bulletins/{name}", end),
    ]
