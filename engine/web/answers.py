"""What all routes have in common: JSON in, JSON out, and an answer within seconds although the disk takes longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import orjson
from aiohttp import web

T = TypeVar("T")

#: Seconds after which a question is answered although the disk has not.
WRITTEN_WITHIN = 3.0


def answer(value: object, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=orjson.dumps(value), content_type="application/json", status=status)


def wrong(sentence: str, status: int = 400) -> web.Response:
    """A refusal, and why."""
    return answer({"error": sentence}, status)


async def asked(request: web.Request) -> dict[str, Any] | None:
    """The object that was sent, JSON in UTF-8 whatever the head says; None where it is none, or longer than anything we take."""
    try:
        sent = orjson.loads(await request.read())
    except (ValueError, web.HTTPRequestEntityTooLarge):
        return None
    return sent if isinstance(sent, dict) else None


def swallowed(sent: Iterable[str], known: Sequence[str], what: str) -> str:
    """The sentence about a field that would be passed over, or mean something that it was not meant to; empty without one."""
    odd = next((name for name in sent if name not in known), None)
    return "" if odd is None else f"{what} is not asked {odd[:40]!r}: it takes {', '.join(known)}"


async def in_time(work: Awaitable[T]) -> asyncio.Future[T]:
    """Something that ends on the disk: done, or still under way after WRITTEN_WITHIN; then it goes on all the same."""
    done = asyncio.ensure_future(work)
    await asyncio.wait({done}, timeout=WRITTEN_WITHIN)
    return done


def taken(value: dict[str, Any], trouble: Callable[[], str]) -> web.Response:
    """What is taken and not on disk yet, and why not (`unwritten`)."""
    why = trouble() or f"the store has not answered for {WRITTEN_WITHIN:g} s"
    return answer({**value, "unwritten": why}, 202)
