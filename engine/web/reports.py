"""Reports on the pages' port: GET /reports/{queues,agents,sites,calls,estimates}.json and .csv, with the options of `quietline report`.

A report is made by a process of its own, at the lowest priority and one at a time: calls do not feel it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web

from engine.web.answers import wrong
from engine.web.forms import foreign
from engine.web.html import HEADERS

#: What a report may be asked, as the command is.
QUERY = ("since", "until", "interval", "queue", "agent", "site", "within", "short", "flow-outs", "timezone")
#: The report of estimates is asked less; its command prints a line for each queue, and nothing where nothing was estimated.
ESTIMATES, ESTIMATES_QUERY = "estimates", ("since", "queue")
FLAGS = frozenset({"flow-outs"})
MOST_VALUES, LONGEST = 50, 100
#: Seconds a report may take, and how many may be asked for at once.
PATIENCE, MOST_WAITING = 120.0, 4
TYPES = {"json": "application/json", "csv": "text/csv"}

#: Makes a report of these words: exit status, output, error.
Make = Callable[[Sequence[str]], Awaitable[tuple[int, bytes, str]]]


def maker(state: Path) -> Make:
    """`quietline report` of a state, as a process."""

    async def make(words: Sequence[str]) -> tuple[int, bytes, str]:
        command = (sys.executable, "-m", "engine.cli", "report", *words, f"--state={state}")
        process = await asyncio.create_subprocess_exec(
            *("nice", "-n", "19", *command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        try:
            async with asyncio.timeout(PATIENCE):
                out, error = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode or 0, out, error.decode(errors="replace")

    return make


class Reports:
    """The routes; one report at a time."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._turn = asyncio.Lock()
        self._asked = 0

    async def get(self, request: web.Request) -> web.Response:
        """One report, or one sentence."""
        if foreign(request):
            return wrong("a page of another address asks for this: open the report itself", 403)
        form, about = request.match_info["form"], request.match_info["about"]
        words = [about, f"--{form}"]
        try:
            words += words_of(request)
        except ValueError as odd:
            return wrong(str(odd))
        if self._asked >= MOST_WAITING:
            return wrong(f"{MOST_WAITING} reports are being made: ask again in a moment", 429)
        self._asked += 1
        try:
            async with self._turn:
                status, out, error = await self._make(words)
        except TimeoutError:
            return wrong(f"this report takes longer than {PATIENCE:g} s: ask for a shorter time", 503)
        finally:
            self._asked -= 1
        if about == ESTIMATES and not status:
            out = one_object(out) if form == "json" else out
        elif not out:
            return wrong(error.strip().removeprefix("quietline: ") or f"no report was made ({status})")
        return web.Response(body=out, content_type=TYPES[form], charset="utf-8", headers=HEADERS)


def one_object(lines: bytes) -> bytes:
    """A line for each row as one object, which is what a program that asks over HTTP can read at once."""
    return b'{"rows":[' + b",".join(lines.splitlines()) + b"]}"


def words_of(request: web.Request) -> list[str]:
    """The query as words of the command. Raises ValueError, one sentence."""
    words = []
    known = ESTIMATES_QUERY if request.match_info["about"] == ESTIMATES else QUERY
    for name, value in request.query.items():
        if name not in known:
            raise ValueError(f"a report is not asked {name[:40]!r}: it takes {', '.join(known)}")
        if len(value) > LONGEST or not value.isprintable():
            raise ValueError(f"{name} is longer than anything it can mean, or no plain text")
        if name in FLAGS:
            if value not in ("yes", "no"):
                raise ValueError(f"{name} is yes or no")
            words += [f"--{name}"] if value == "yes" else []
        else:
            words.append(f"--{name}={value}")
    if len(words) > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES} things are asked at once")
    return words


def report_routes(make: Make) -> list[web.RouteDef]:
    """The routes of reports."""
    reports = Reports(make)
    return [web.get("/reports/{about:queues|agents|sites|calls|estimates}.{form:json|csv}", reports.get)]
