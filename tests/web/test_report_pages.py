"""Reports asked as programs ask them, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import test_utils as http
from aiohttp import web

from engine.web.reports import MOST_WAITING, report_routes


class Clerk:
    """Makes reports, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.answer: tuple[int, bytes, str] = (0, b'{"rows":[]}', "")
        self.may = asyncio.Event()
        self.may.set()
        self.at_once = self.most_at_once = 0

    async def make(self, words: Sequence[str]) -> tuple[int, bytes, str]:
        self.asked.append(list(words))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.may.wait()
        self.at_once -= 1
        return self.answer


@asynccontextmanager
async def office() -> AsyncIterator[tuple[Clerk, http.TestClient[web.Request, web.Application]]]:
    app, clerk = web.Application(), Clerk()
    app.add_routes(report_routes(clerk.make))
    async with http.TestClient(http.TestServer(app)) as client:
        yield clerk, client


def test_a_report_is_asked_with_the_options_of_the_command() -> None:
    async def scenario() -> None:
        async with office() as (clerk, client):
            query = "since=today&interval=15m&queue=sales&queue=a_b&flow-outs=yes&short=--json"
            answer = await client.get(f"/reports/queues.json?{query}")
            assert (answer.status, answer.content_type) == (200, "application/json")
            assert await answer.json() == {"rows": []}
            csv = await client.get("/reports/agents.csv")
            assert csv.content_type == "text/csv"
            assert clerk.asked == [
                [
                    "queues",
                    "--json",
                    "--since=today",
                    "--interval=15m",
                    "--queue=sales",
                    "--queue=a_b",
                    "--flow-outs",
                    "--short=--json",
                ],
                ["agents", "--csv"],
            ]

    asyncio.run(scenario())


def test_estimates_are_asked_like_the_others_and_come_as_one_object() -> None:
    async def scenario() -> None:
        async with office() as (clerk, client):
            clerk.answer = (0, b'{"queue":"sales"}\n{"queue":"support"}\n', "")
            answer = await client.get("/reports/estimates.json?since=7d&queue=sales&queue=support")
            assert await answer.json() == {"rows": [{"queue": "sales"}, {"queue": "support"}]}
            assert clerk.asked == [["estimates", "--json", "--since=7d", "--queue=sales", "--queue=support"]]
            clerk.answer = (0, b"", "")
            assert await (await client.get("/reports/estimates.json")).json() == {"rows": []}
            nothing = await client.get("/reports/estimates.csv")
            assert (nothing.status, await nothing.text()) == (200, "")
            clerk.answer = (1, b"", "quietline: nothing was estimated in queue 'x' since then\n")
            refused = await client.get("/reports/estimates.json?queue=x")
            assert refused.status == 400 and "nothing was estimated in queue 'x'" in await refused.text()
            odd = await client.get("/reports/estimates.json?interval=15m")
            assert odd.status == 400 and "it takes since, queue" in await odd.text()
            assert len(clerk.asked) == 4

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("state=/etc", "a report is not asked 'state'"),
        ("queue=" + "a" * 101, "longer than anything"),
        ("queue=%1b%5b2J", "no plain text"),
        ("flow-outs=perhaps", "yes or no"),
        ("&".join("queue=a" for _ in range(51)), "more than 50 things"),
    ],
)
def test_what_no_report_is_asked_is_refused_with_a_sentence_and_nothing_is_made(
    query: str, sentence: str
) -> None:
    async def scenario() -> None:
        async with office() as (clerk, client):
            answer = await client.get(f"/reports/queues.json?{query}")
            assert answer.status == 400
            assert sentence in (await answer.json())["error"]
            assert not clerk.asked

    asyncio.run(scenario())


def test_the_commands_own_sentence_reaches_who_asks() -> None:
    async def scenario() -> None:
        async with office() as (clerk, client):
            clerk.answer = (1, b"", "quietline: there is no queue 'x': sales\n")
            answer = await client.get("/reports/queues.json?queue=x")
            assert (answer.status, await answer.json()) == (400, {"error": "there is no queue 'x': sales"})
            assert (await client.get("/reports/weather.json")).status == 404

    asyncio.run(scenario())


def test_books_that_do_not_balance_are_told_all_the_same() -> None:
    async def scenario() -> None:
        async with office() as (clerk, client):
            clerk.answer = (1, b'{"conservation_error":1}', "")
            assert (await client.get("/reports/queues.json")).status == 200

    asyncio.run(scenario())


def test_reports_are_made_one_at_a_time_and_not_more_than_a_few_wait() -> None:
    async def scenario() -> None:
        async with office() as (clerk, client):
            clerk.may.clear()
            asked = [
                asyncio.ensure_future(client.get("/reports/calls.json")) for _ in range(MOST_WAITING + 2)
            ]
            done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            while len(done) < 2:
                done, _ = await asyncio.wait(asked, timeout=0.05)
            clerk.may.set()
            statuses = sorted([(await one).status for one in asked])
            assert statuses == [200] * MOST_WAITING + [429] * 2
            assert clerk.most_at_once == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_no_page_of_another_address_has_a_report_made(headers: dict[str, str]) -> None:
    async def scenario() -> None:
        async with office() as (clerk, client):
            assert (await client.get("/reports/queues.json", headers=headers)).status == 403
            assert not clerk.asked

    asyncio.run(scenario())
