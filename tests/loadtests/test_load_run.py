"""A load run against a real Asterisk: what SIPp did and what the dialplan noted down are compared call by call.

The site here is a dialplan that notes one line a call at its end, so that the tool is proven against something that is not the engine.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from phone_ports import phone_ports

from engine.errors import SetupError
from engine.load.run import LoadReport, LoadSpec, run_load
from engine.load.sipp import AgentPhones, SippRun, SippSpec
from engine.pbx.root import Root, ensure_root
from tests.bench.native import Native, NativeAsterisk

pytestmark = [pytest.mark.asterisk]
SCENARIOS = Path(__file__).parents[1] / "load"

#: 100: key 1 rings the agent, others are asked twice again; 101 beeps and ends. Each call leaves one line.
DIALPLAN = """
[in]
exten => 100,1,Answer()
 same => n,Set(OUT=ivr_hangup)
 same => n,Read(KEY,{sounds}/demo-congrats,1,,3,5)
 same => n,Verbose(1,KEY ${{CALLERID(num)}} ${{KEY}})
 same => n,GotoIf($["${{KEY}}" = "1"]?agent)
 same => n,Read(KEY,{sounds}/demo-congrats,1,,3,5)
 same => n,Verbose(1,KEY ${{CALLERID(num)}} ${{KEY}})
 same => n,GotoIf($["${{KEY}}" = "1"]?agent)
 same => n,Read(KEY,{sounds}/demo-congrats,1,,3,5)
 same => n,Verbose(1,KEY ${{CALLERID(num)}} ${{KEY}})
 same => n(agent),Set(OUT=abandoned)
 same => n,Dial(PJSIP/2001,30)
 same => n,Hangup()
exten => 101,1,Answer()
 same => n,Playback({sounds}/beep)
 same => n,Set(OUT=completed)
 same => n,Hangup()
exten => h,1,Set(OUT=${{IF($["${{DIALSTATUS}}" = "ANSWER"]?answered:${{OUT}})}})
 same => n,Verbose(1,RECORD ${{CALLERID(num)}} ${{OUT}} 2001)
[none]
"""


class DialplanSite:
    """The dialplan as a site: its log is its records."""

    def __init__(self, native: NativeAsterisk, contact: str) -> None:
        self.native, self.phones = native, {"2001": contact}
        self.sip = f"127.0.0.1:{native.spec.port}"
        self.keep = lambda record: True

    async def ready(self, agents: Iterable[str]) -> None:
        assert set(agents) <= set(self.phones)

    async def contacts(self, since: float) -> list[Mapping[str, Any]]:
        lines = (self.native.folder / "log/messages").read_text(errors="replace")
        found = re.findall(r"app_verbose.c: RECORD (\S+) (\S+) (\S+)", lines)
        return [record for number, out, agent in found if self.keep(record := as_record(number, out, agent))]

    async def key_to_prompt(self, contacts: Sequence[str]) -> list[float]:
        return []


def as_record(number: str, outcome: str, agent: str) -> dict[str, Any]:
    talked = outcome == "answered"
    times = {"answered_at": 1.0, "ended_at": 2.0, "connected_at": 1.5 if talked else None}
    who = {"agent": agent if talked else None, "queue": "support_sofia" if talked else None}
    return {"id": number, "from_number": number, "outcome": outcome, "wait_s": None, **times, **who}


@pytest.fixture(scope="module")
def root() -> Root:
    return ensure_root(print)


@pytest.fixture(scope="module")
def native(root: Root, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeAsterisk]:
    english = next(folder for folder in root.sounds.rglob("beep.wav")).parent
    asterisk, phone = phone_ports(2)
    contact = f"sip:2001@127.0.0.1:{phone}"
    spec = Native(asterisk, 21000, DIALPLAN.format(sounds=english), {"2001": contact}, log="verbose,error")
    with NativeAsterisk(root, tmp_path_factory.mktemp("native"), spec) as running:
        yield running


@pytest.fixture
async def site(native: NativeAsterisk) -> AsyncIterator[DialplanSite]:
    yield DialplanSite(native, native.spec.agents["2001"])


async def run(site: DialplanSite, folder: Path, **spec: Any) -> LoadReport:
    told: list[int] = []
    report = await run_load(
        LoadSpec(SCENARIOS, patience=40, **spec),
        site,
        site.native.root,
        folder,
        lambda at, _: told.append(at.created),
    )
    assert told[-1] == spec["calls"]
    return report


async def test_calls_answered_by_an_agent_agree_with_the_records(site: DialplanSite, tmp_path: Path) -> None:
    report = await run(site, tmp_path, name="uac-press-1-agent-answers", rate=2, calls=3, agents=1)
    assert report.differences == ()
    assert report.outcomes == {"uac-press-1-agent-answers": {"answered": 3}}
    assert report.answer.count == 3
    assert report.answer.p50 > 0


async def test_keys_arrive_as_pressed(site: DialplanSite, tmp_path: Path) -> None:
    report = await run(site, tmp_path, name="uac-wrong-keys", rate=2, calls=2, agents=1)
    assert report.ok
    log = (site.native.folder / "log/messages").read_text()
    keys = re.findall(r"app_verbose.c: KEY (\S+) (\S*)$", log, re.MULTILINE)
    numbers = sorted({number for number, key in keys if key == "9"})
    assert len(numbers) == 2
    assert [[key for number, key in keys if number == caller] for caller in numbers] == [["9", "8", "1"]] * 2


async def test_a_mix_is_split_and_every_part_compared(site: DialplanSite, tmp_path: Path) -> None:
    mix = tmp_path / "mix.yaml"
    mix.write_text("uac-out-of-hours: 2\nuac-hangs-up-greeting: 1")
    report = await run(site, tmp_path, mix=mix, rate=4, calls=6)
    assert report.differences == ()
    assert report.outcomes == {
        "uac-out-of-hours": {"completed": 4},
        "uac-hangs-up-greeting": {"ivr_hangup": 2},
    }


async def test_a_lost_record_and_a_wrong_outcome_are_found(
    site: DialplanSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.load.run.SETTLE", 0.5)
    site.keep = lambda record: not record["from_number"].endswith("1")
    mix = tmp_path / "mix.yaml"
    mix.write_text("uac-out-of-hours: {weight: 1, outcome: timed_out}")
    report = await run(site, tmp_path, mix=mix, rate=4, calls=2)
    assert not report.ok
    wrong, lost = report.differences
    assert wrong.endswith("outcome is completed, scripted is timed_out")
    assert lost.endswith("0 contact records, one is due")


async def test_a_caller_who_gives_up_stops_the_phone_that_rings(
    site: DialplanSite, tmp_path: Path, root: Root
) -> None:
    phones = AgentPhones(root, SCENARIOS / "uas-agent-no-answer.xml", site.phones, tmp_path)
    async with phones:
        scenario = SCENARIOS / "uac-hangs-up-waiting-short.xml"
        async with SippRun(
            root, SippSpec(scenario, tmp_path, site.sip, numbers=["6001"], deadline=30)
        ) as caller:
            assert (await caller.wait()).ok
        marks = (await phones.stop())["2001"].marks["-"]
    assert {"offered", "cancelled"} == set(marks)


async def test_a_phone_whose_port_is_taken_is_one_sentence(root: Root, tmp_path: Path) -> None:
    holder = asyncio.DatagramProtocol()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: holder, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    phones = AgentPhones(
        root, SCENARIOS / "uas-agent-busy.xml", {"2001": f"sip:2001@127.0.0.1:{port}"}, tmp_path
    )
    with pytest.raises(SetupError, match=f"UDP port {port} for uas-agent-busy is in use"):
        await phones.start()
    transport.close()
