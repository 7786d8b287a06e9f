"""The page of the opening hours: what it shows, what it takes, and what it refuses."""

from __future__ import annotations

import asyncio
import re
import string
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from page_kit import NOON, PIN, Browser, House, browsing, read
from structlog.testing import capture_logs

from engine.core.hours import Door
from engine.web.wording import LANGUAGES, wording

CLOSE = {"schedule": "office", "set": "closed", "until": "18:00", "why": "a burst pipe"}


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    async with browsing(house.hours()) as browser:
        yield browser


def door(house: House, name: str = "office") -> Door:
    return house.doors.state(name, house.now).state


# --- what it shows --------------------------------------------------------------------------------


async def test_every_schedule_and_site_is_told_with_why_and_until_on_its_own_clocks(browser: Browser) -> None:
    _, text = read(await browser.look())
    assert "No emergency" in text and "No override is in force." in text
    assert "schedule: sofia, dubai · Europe/Sofia , now 12:00" in text
    assert "Open · sofia has its opening hours · until 18:00" in text
    assert "Closed for a holiday · dubai has Flag Day · until Tue 2026-06-02 08:00" in text
    assert "Closed by override · site.yaml says so · until site.yaml says otherwise" in text
    assert "Asia/Dubai , now 13:00" in text


async def test_json_tells_the_same(browser: Browser, house: House) -> None:
    await browser.send(CLOSE)
    told = await (await browser.client.get("/hours.json")).json()
    office, stock = told["schedules"]
    assert (office["state"], office["open"], office["why"]) == ("override", False, "person")
    assert office["override"]["until"] == NOON + 6 * 3600
    assert office["until"] == NOON + 19 * 3600  # when Dubai opens: at 18:00 Sofia would close anyway
    assert (stock["why"], stock["until"]) == ("file", None)
    assert {site["name"]: site["why"] for site in told["sites"]} == {"sofia": "week", "dubai": "holiday"}
    assert [one["by"] for one in told["overrides"]] == ["page Anna"]
    assert told["can_override"] is True and PIN not in str(told)


async def test_a_day_with_hours_of_its_own_is_told_as_such(browser: Browser, house: House) -> None:
    sites = dict(house.doors.settings.sites)
    day = next(iter(sites["dubai"].holidays))
    sites["sofia"] = replace(sites["sofia"], exceptions={day: ()})
    house.doors.settings = replace(house.doors.settings, sites=sites)
    told = await (await browser.client.get("/hours.json")).json()
    assert told["sites"][0]["why"] == "exception"
    assert "today has hours of its own" in read(await browser.look())[1]


# --- what it takes --------------------------------------------------------------------------------


async def test_an_override_said_on_the_page_counts_and_ends_by_itself(browser: Browser, house: House) -> None:
    answer = await browser.send(CLOSE, "?lang=bg")
    assert (answer.status, answer.headers["Location"]) == (303, "/hours?lang=bg&said=office#at-office")
    (event,) = house.written
    assert event.kind == "override" and event.data == {
        "schedule": "office", "set": "closed", "until": NOON + 6 * 3600, "by": "page Anna", "why": "a burst pipe",
    }  # fmt: skip
    _, text = read(await browser.look("?said=office"))
    assert "Done. office : Closed by override ." in text
    assert "page Anna said so of office : a burst pipe · until" in text
    house.now += 6 * 3600 - 1
    assert door(house) is Door.OVERRIDE
    house.now = NOON + 86_400 + 1  # the next noon: the calendar's word again
    assert door(house) is Door.OPEN
    assert "No override is in force." in read(await browser.look())[1]


async def test_everything_can_be_in_an_emergency_and_back(browser: Browser, house: House) -> None:
    await browser.send({"schedule": "everything", "set": "emergency"})
    assert (door(house), door(house, "dubai")) == (Door.EMERGENCY, Door.EMERGENCY)
    assert (
        "Emergency · page Anna said so of everything · until it is taken back"
        in read(await browser.look())[1]
    )
    await browser.send({"schedule": "everything", "set": "none"})
    assert door(house) is Door.OPEN


async def test_persian_digits_and_letters_are_as_good_as_any(browser: Browser, house: House) -> None:
    pin = PIN.translate(str.maketrans(string.digits, "۰۱۲۳۴۵۶۷۸۹"))
    answer = await browser.send({**CLOSE, "until": "۱۸:۰۰", "why": "آب‌گرفتگی", "name": "مریم", "pin": pin})
    assert answer.status == 303
    assert house.written[0].data["why"] == "آب‌گرفتگی" and house.written[0].data["until"] == NOON + 6 * 3600


async def test_what_a_slow_disk_has_not_taken_yet_counts_and_is_told_as_such(house: House) -> None:
    disk: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    hours = house.hours()
    slow = replace(hours, override=lambda asked: (hours.override(asked)[0], disk), patience=0.01)
    async with browsing(slow) as browser:
        assert (await browser.send(CLOSE)).status == 303
        assert door(house) is Door.OVERRIDE
        assert "the disk has not taken it yet" in await browser.look()
        disk.set_result(None)
        await asyncio.sleep(0)
        assert "the disk has not taken it yet" not in await browser.look()


# --- what it refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ({"pin": "000000"}, 403, "This PIN is wrong, so nothing was changed."),
        ({"pin": ""}, 400, "Enter the PIN: it is override_pin in site.yaml."),
        ({"name": " "}, 400, "Write your name, so that others know who said it."),
        ({"name": "x" * 200}, 400, "Write your name in one line of at most 190 letters."),
        ({"why": "two\nlines"}, 400, "Write why in one line of at most 200 letters."),
        ({"why": "turned \u202eround"}, 400, "Write why in one line of at most 200 letters."),
        ({"until": "tomorrow"}, 400, "tomorrow is no moment to come: write it like 18:00 , 2h or 2026-12-24 18:00 ."),
        ({"until": "2026-05-31 18:00"}, 400, "2026-05-31 18:00 is no moment to come"),
        ({"set": ""}, 400, "Choose what it shall be."),
        ({"schedule": "gone"}, 400, "There is no schedule or site gone any more"),
        ({"schedule": "everything"}, 400, "Everything can only be in an emergency"),
        ({"token": ""}, 403, "This page was opened too long ago, or without cookies"),
        ({"token": "0" * 64}, 403, "This page was opened too long ago, or without cookies"),
        ({"token": "é"}, 403, "This page was opened too long ago, or without cookies"),
        ({"why": "x" * 20_000}, 413, "That is too long for a form"),
        ({f"f{n}": "" for n in range(30)}, 400, "What was sent cannot be read"),
    ],
)  # fmt: skip
async def test_what_cannot_be_followed_is_one_sentence_and_keeps_what_was_typed(
    browser: Browser, house: House, typed: dict[str, str], status: int, sentence: str
) -> None:
    answer = await browser.send({**CLOSE, **typed})
    page = await answer.text()
    tags, text = read(page)
    assert (answer.status, house.written) == (status, [])
    assert sentence in text
    assert sum(attrs.get("role") == "alert" for _, attrs in tags) == 1
    assert (PIN in page, "000000" in page) == (False, False)
    kept = [attrs["value"] for tag, attrs in tags if tag == "input" and attrs.get("name") == "until"]
    read_at_all = status not in (413,) and "f0" not in typed and typed.get("schedule") != "gone"
    assert (({**CLOSE, **typed}["until"]) in kept) is read_at_all


async def test_five_wrong_pins_in_ten_minutes_and_none_is_looked_at(browser: Browser, house: House) -> None:
    with capture_logs() as logs:
        for n in range(5):
            assert (await browser.send({**CLOSE, "pin": f"00000{n}"})).status == 403
        held = await browser.send(CLOSE)
        assert (held.status, held.headers["Retry-After"]) == (429, "660")
        assert "none is looked at for another" in await held.text()
    assert house.written == [] and house.paused == [0.5] * 5
    assert [entry["log_level"] for entry in logs] == ["warning"] * 6
    assert PIN not in str(logs) and "00000" not in str(logs)
    house.now += 599.0
    assert (await browser.send(CLOSE)).status == 429
    house.now += 1.0
    assert (await browser.send(CLOSE)).status == 303


async def test_guesses_sent_at_once_are_counted_before_any_is_answered(house: House) -> None:
    gate = asyncio.Event()

    async def pause(_: float) -> None:
        await gate.wait()

    async with browsing(replace(house.hours(), pause=pause)) as browser:
        tried = [asyncio.create_task(browser.send({**CLOSE, "pin": f"{n:06}"})) for n in range(30)]
        done: set[asyncio.Task[object]] = set()
        while len(done) < 25:
            done, _ = await asyncio.wait(tried, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0.01)
        gate.set()
        assert sorted([(await one).status for one in tried]) == [403] * 5 + [429] * 25


async def test_without_a_pin_in_the_site_the_page_only_shows_and_says_why(
    browser: Browser, house: House
) -> None:
    house.doors.settings = replace(house.doors.settings, override_pin=None)
    tags, text = read(await browser.look())
    assert "This page only shows: site.yaml has no override_pin" in text
    assert not [tag for tag, _ in tags if tag in ("form", "input", "button")]
    told = await (await browser.client.get("/hours.json")).json()
    assert told["can_override"] is False


async def test_a_form_sent_where_the_pin_has_been_taken_out_is_refused(
    browser: Browser, house: House
) -> None:
    page = await browser.look()
    token = re.findall(r'name="token" value="(\w+)"', page)[0]
    house.doors.settings = replace(house.doors.settings, override_pin=None)
    for pin in (PIN, "", "None"):
        answer = await browser.send({**CLOSE, "token": token, "pin": pin})
        assert (answer.status, house.written) == (403, [])
        assert "Nothing can be changed here" in await answer.text()


async def test_a_pin_typed_where_all_would_read_it_is_refused_and_not_shown(
    browser: Browser, house: House
) -> None:
    for field in ("why", "name", "until", "schedule", "set"):
        answer = await browser.send({**CLOSE, field: f"it is {PIN}"})
        page = await answer.text()
        assert (answer.status, PIN in page, house.written) == (400, False, [])
        assert "The PIN stood in another field too" in page


FOREIGN = [
    "null", "", "file://", "http://evil.example", "https://evil.example", "http://127.0.0.1", "http://127.0.0.1:1",
    "http://localhost:{port}", "https://127.0.0.1.evil.example:{port}", "http://evil.example:{port}", "{origin}.evil.example",
    "{origin}/", "{origin}/hours", "{origin}@evil.example", "http://evil@127.0.0.1:{port}", "ftp://127.0.0.1:{port}",
    "127.0.0.1:{port}", "//127.0.0.1:{port}", "{origin} {origin}", "{origin}, http://evil.example", "chrome-extension://abcdef",
    "http://[::1]:{port}", "http://0.0.0.0:{port}", "{origin}0",
]  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_form_from_elsewhere_is_refused(browser: Browser, house: House, origin: str) -> None:
    said = origin.format(origin=browser.origin, port=browser.client.port)
    answer = await browser.send(CLOSE, headers={"Origin": said, "Sec-Fetch-Site": None})
    assert (answer.status, house.written) == (403, [])
    assert "This form did not come from this page" in await answer.text()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_a_form_whose_browser_does_not_vouch_for_it_is_refused(
    browser: Browser, house: House, headers: dict[str, str | None]
) -> None:
    assert ((await browser.send(CLOSE, headers=headers)).status, house.written) == (403, [])


async def test_a_proxy_that_speaks_tls_before_the_page_is_no_stranger(browser: Browser, house: House) -> None:
    headers: dict[str, str | None] = {"Origin": "https://pbx.example", "Host": "pbx.example"}
    assert (await browser.send(CLOSE, headers=headers)).status == 303


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x"]
)
async def test_what_is_no_form_is_refused(browser: Browser, house: House, content_type: str) -> None:
    headers: dict[str, str | None] = {"Content-Type": content_type}
    answer = await browser.send(CLOSE, headers=headers)
    assert (answer.status, house.written) == (415, [])


async def test_another_browsers_token_is_none(browser: Browser, house: House) -> None:
    token = re.findall(r'name="token" value="(\w+)"', await browser.look())[0]
    browser.client.session.cookie_jar.clear()
    assert ((await browser.send({**CLOSE, "token": token})).status, house.written) == (403, [])


# --- hostile texts --------------------------------------------------------------------------------

_HOSTILE = (Path(__file__).parent / "hostile.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("hostile", _HOSTILE)
async def test_what_people_write_stays_text(browser: Browser, house: House, hostile: str) -> None:
    plain, _ = read(await browser.look("?lang=fa"))
    refused, text = read(
        await (await browser.send({"schedule": "office", "set": "open", "until": hostile, "why": hostile, "name": hostile})).text()
    )  # fmt: skip
    assert house.written == [] and hostile in text
    assert [attrs["value"] for _, attrs in refused if attrs.get("name") == "why"].count(hostile) == 1
    await browser.send({"schedule": "office", "set": "closed", "why": hostile, "name": hostile})
    assert house.written[0].data["why"] == hostile
    tags, text = read(await browser.look())
    assert f"page {hostile}" in text and text.count(hostile) >= 4
    known = {(tag, *sorted(attrs)) for tag, attrs in plain} | {
        ("table",),
        ("thead",),
        ("tbody",),
        ("td",),
        ("tr",),
    }
    known |= {("th", "scope"), ("div", "class"), ("time", "datetime", "dir")}
    assert {(tag, *sorted(attrs)) for tag, attrs in tags} <= known


# --- languages, and browsers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "accepted", "language", "direction"),
    [
        ("", "", "en", "ltr"),
        ("?lang=fa", "bg", "fa", "rtl"),
        ("?lang=ar", "", "ar", "rtl"),
        ("?lang=../../etc", "bg-BG,bg;q=0.9,en;q=0.8", "bg", "ltr"),
        ("", "de, fa-IR;q=0.5, en;q=0.4", "fa", "rtl"),
        ("", "en;q=0, ar;q=0.1", "ar", "rtl"),
        ("", "fa;q=much, ;;;,=, bg;q=0.2", "bg", "ltr"),
        ("", "de", "en", "ltr"),
    ],
)
async def test_the_page_speaks_the_readers_language_in_its_direction(
    browser: Browser, query: str, accepted: str, language: str, direction: str
) -> None:
    tags, text = read(await browser.look(query, **{"Accept-Language": accepted}))
    html = dict(tags)["html"]
    assert (html["lang"], html["dir"]) == (language, direction)
    assert wording(language).words["title"] in text


async def test_a_refusal_is_told_in_the_readers_language(browser: Browser) -> None:
    text = await (await browser.send({**CLOSE, "pin": "000000"}, "?lang=fa")).text()
    assert wording("fa").words["error_pin"] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_with_the_same_values(language: str) -> None:
    def values(words: dict[str, str]) -> dict[str, set[str | None]]:
        return {
            name: {found[1] for found in string.Formatter().parse(text)} - {None}
            for name, text in words.items()
        }

    words, english = dict(wording(language).words), dict(wording("en").words)
    assert values(words) == values(english)
    assert len(words["weekdays"].split()) == 7
    same = {name for name in words if words[name] == english[name]}
    assert language == "en" or same <= {"why_text", "there_now"}


async def test_no_script_runs_nothing_is_loaded_and_nobody_frames_the_page(browser: Browser) -> None:
    for path in ("/hours", "/hours.json"):
        headers = (await browser.client.get(path)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("same-origin", "no-store")
    tags, _ = read(await browser.look())
    assert not [tag for tag, _ in tags if tag in ("script", "link", "img", "iframe")]
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on") or name == "style"]
    labelled = {attrs["for"] for tag, attrs in tags if tag == "label" and "for" in attrs}
    typed = {attrs["id"] for tag, attrs in tags if tag == "input" and "id" in attrs}
    assert typed and typed == labelled
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
