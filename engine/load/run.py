"""One load run: agents' phones, callers, and the comparison of both with the contact records.

Callers of the same run come from numbers nobody else uses: 7, six digits of the time, five digits of the call.
Each scenario of a mix is one SIPp process with its share of calls and of the rate. After the last call the records are asked for
until each call's has ended, SETTLE seconds at most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from engine.errors import SetupError, SiteError
from engine.load.compare import Batch, Record, by_number, differences
from engine.load.figures import Spread, spread
from engine.load.scenario import (
    Mix,
    Scenario,
    apportion,
    find,
    phones_script,
    read_caller,
    read_mix,
    read_scenario,
    sounds,
)
from engine.load.sipp import (
    AgentPhones,
    Programs,
    Progress,
    SippResult,
    SippRun,
    SippSpec,
    phone_port,
    port_free,
)
from engine.pbx.process import raise_open_files

SETTLE = 15.0
#: Above this share of a core SIPp itself is the bottleneck, and its times say nothing about the site.
SIPP_TOO_BUSY = 0.8
MOST_CALLS = 100_000
#: Calls a second: slower, and a run takes days; faster than any SIPp.
SLOWEST, FASTEST = 0.001, 10_000.0


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """What to run: a scenario or a mix by `name`, a `mix` by its file, or both (a scenario the mix leaves out joins it).

    `agents` phones are started, those of the first agents at fixed contacts; None: every one whose port is free. `rate` is calls a
    second over all scenarios; `patience` how many seconds beyond the last call's start a call may take.
    """

    folder: Path
    name: str | None = None
    mix: Path | None = None
    rate: float = 1.0
    calls: int = 10
    agents: int | None = None
    patience: float = 300.0


class RunningSite(Protocol):
    """A site that takes calls."""

    @property
    def sip(self) -> str:
        """Where calls go: host:port."""
        ...

    @property
    def phones(self) -> Mapping[str, str]:
        """Agents who stand at fixed contacts: name -> sip:… address."""
        ...

    async def ready(self, agents: Iterable[str]) -> None:
        """Make agents ready, whatever an earlier run has left them in."""
        ...

    async def contacts(self, since: float) -> Sequence[Record]:
        """The records (as `quietline contacts --json` prints them) of calls that arrived since then, seconds since the epoch."""
        ...

    async def key_to_prompt(self, contacts: Sequence[str]) -> Sequence[float]:
        """Seconds from each key of these contacts to the start of the prompt it led to, from their events (`key_gaps`)."""
        ...


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What came of a run. `answer` and `key` are milliseconds, `wait` seconds."""

    calls: int
    seconds: float
    outcomes: Mapping[str, Mapping[str, int]]
    answer: Spread
    key: Spread
    wait: Spread
    differences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """SIPp and the records tell the same story, and it is the scripted one."""
        return not self.differences


Report = Callable[[Progress, int], None]


async def run_load(
    spec: LoadSpec, site: RunningSite, root: Programs, state: Path, progress: Report
) -> LoadReport:
    """Run the calls and compare. `state` takes SIPp's files; `progress` is told once a second how far all of them are.

    Raises SiteError for a scenario or mix that cannot be used, SetupError for a port or program that cannot.
    """
    check(spec)
    mix = mix_of(spec)
    check_media(mix, script(mix, spec))
    raise_open_files()
    contacts = chosen(site.phones, spec.agents)
    patience = spec.calls / spec.rate + spec.patience + SETTLE + 60
    phones = AgentPhones(root, script(mix, spec), contacts, state / "phones", patience)
    began = time.time()
    async with phones:
        await site.ready(contacts)
        batches = await call(spec, mix, site, root, state, progress)
        records = await settled(site, batches, began)
        answered = await phones.stop()
    report = await judge(site, batches, records, answered, time.time() - began)
    return replace(report, warnings=(*report.warnings, *standing(site.phones, contacts, spec)))


def mix_of(spec: LoadSpec) -> Mix:
    """The scenarios of a run and their weights."""
    if spec.mix is None:
        if spec.name is None:
            raise SetupError("no scenario given: name one, or a file of several with --mix")
        return named(spec.name, spec.folder)
    mix = read_mix(find(str(spec.mix), spec.folder), spec.folder)
    known = {scenario.name for scenario, _ in mix.shares}
    extra = named(spec.name, spec.folder).shares if spec.name else ()
    return replace(mix, shares=(*mix.shares, *(one for one in extra if one[0].name not in known)))


def named(name: str, folder: Path) -> Mix:
    """A mix by its name, or a scenario by its own as a mix of one."""
    path = find(name, folder)
    return read_mix(path, folder) if path.suffix == ".yaml" else Mix(((read_caller(name, folder), 1.0),))


def script(mix: Mix, spec: LoadSpec) -> Path:
    """The agents' scenario of a run, checked."""
    name = phones_script(mix)
    if not any(path.is_file() for path in (Path(name), spec.folder / name, spec.folder / f"{name}.xml")):
        raise SiteError(
            f"{spec.folder} holds no {name}, which the agents' phones play: put it beside the scenarios; tests/load has one"
        )
    return read_scenario(find(name, spec.folder)).path


def check_media(mix: Mix, phones: Path) -> None:
    """Raise SiteError for a sound that a scenario plays and that does not lie where SIPp looks for it: beside the scenario."""
    for path in (*(scenario.path for scenario, _ in mix.shares), phones):
        for sound in sounds(path):
            if not (path.parent / sound).is_file():
                raise SiteError(
                    f"{path}: plays {sound}, and there is no {path.parent / sound}: "
                    "put the folder media beside the scenarios, as a copy of or a link to tests/load/media"
                )


def check_numbers(mix: Mix, numbers: frozenset[str]) -> None:
    """Raise SetupError for a number that a scenario dials and at which nobody answers on this site."""
    for scenario, _ in mix.shares:
        if scenario.number not in numbers:
            known = ", ".join(sorted(numbers))
            raise SetupError(
                f"{scenario.name} calls {scenario.number}, at which nobody answers here: this site has {known}"
            )


def check(spec: LoadSpec) -> None:
    """Raise SetupError for figures no run can have."""
    if not SLOWEST <= spec.rate <= FASTEST:  # neither is nan
        raise SetupError(
            f"--rate {spec.rate:g} cannot be run: give calls a second, between {SLOWEST:g} and {FASTEST:g}"
        )
    if not 0 < spec.calls <= MOST_CALLS:
        raise SetupError(f"--calls {spec.calls} cannot be run: give a number between 1 and {MOST_CALLS}")
    if spec.agents is not None and spec.agents < 0:
        raise SetupError(f"--agents {spec.agents} cannot be run: give how many phones to play, 0 for none")


def chosen(phones: Mapping[str, str], wanted: int | None) -> Mapping[str, str]:
    """The first `wanted` agents with a fixed contact, or those whose port is free. Raises SetupError when the site has fewer."""
    if wanted is None:
        return {name: uri for name, uri in phones.items() if port_free(*phone_port(uri))}
    if wanted > len(phones):
        raise SetupError(
            f"--agents {wanted}: this site has {len(phones)} agents at a fixed contact; give at most that many"
        )
    return dict(sorted(phones.items())[:wanted])


def standing(phones: Mapping[str, str], started: Mapping[str, str], spec: LoadSpec) -> Iterator[str]:
    """A warning when phones stood already: they play something of their own."""
    if spec.agents is None and (others := sorted(set(phones) - set(started))):
        yield f"the phones of {', '.join(others)} stood already and played what they always play, not this run's scenario"


def caller_numbers(total: int, began: float) -> list[str]:
    """Numbers no other run uses within eleven days."""
    return [f"7{int(began) % 1_000_000:06d}{index:05d}" for index in range(total)]


async def call(
    spec: LoadSpec, mix: Mix, site: RunningSite, root: Programs, state: Path, progress: Report
) -> list[Batch]:
    """Place all calls and wait for their ends."""
    planned = plan(spec, mix, site.sip, state)
    runs = [SippRun(root, planned_spec) for _, planned_spec in planned]
    try:
        await asyncio.gather(*(run.start() for run in runs))
        shown = asyncio.create_task(watch(runs, spec.calls, progress))
        try:
            results = await asyncio.gather(*(run.wait() for run in runs))
        finally:
            shown.cancel()
    finally:
        await asyncio.gather(*(run.stop() for run in runs))
    progress(total(runs), spec.calls)
    return [
        Batch(scenario, sipp.numbers, result)
        for (scenario, sipp), result in zip(planned, results, strict=True)
    ]


def plan(spec: LoadSpec, mix: Mix, target: str, state: Path) -> list[tuple[Scenario, SippSpec]]:
    """One SIPp process for each scenario that gets calls."""
    weights = [weight for _, weight in mix.shares]
    numbers = caller_numbers(spec.calls, time.time())
    deadline = spec.calls / spec.rate + spec.patience
    planned, first = [], 0
    for (scenario, _), calls in zip(mix.shares, apportion(spec.calls, weights), strict=True):
        own, first = numbers[first : first + calls], first + calls
        rate = spec.rate * calls / spec.calls
        if calls:
            sipp = SippSpec(
                scenario.path, state / "callers", target, scenario.number, own, rate, deadline=deadline
            )
            planned.append((scenario, sipp))
    return planned


async def watch(runs: Sequence[SippRun], calls: int, progress: Report) -> None:
    """Tell once a second how far all runs together are."""
    while True:
        progress(total(runs), calls)
        await asyncio.sleep(1)


def total(runs: Sequence[SippRun]) -> Progress:
    """All runs' progress added up."""
    each = [run.progress() for run in runs]
    return Progress(
        sum(one.created for one in each),
        sum(one.open for one in each),
        sum(one.successful for one in each),
        sum(one.failed for one in each),
    )


async def settled(site: RunningSite, batches: Sequence[Batch], began: float) -> list[Record]:
    """The records of the run's callers, asked for until each call's has ended or SETTLE seconds have passed."""
    wanted = {number for batch in batches for number in batch.numbers}
    placed = sum(batch.result.created for batch in batches)
    deadline = time.monotonic() + SETTLE
    while True:
        records = [record for record in await site.contacts(began - 1) if record.get("from_number") in wanted]
        ended = {record["from_number"] for record in records if record.get("ended_at") is not None}
        if len(ended) >= placed or time.monotonic() > deadline:
            return records
        await asyncio.sleep(0.25)


async def judge(
    site: RunningSite,
    batches: Sequence[Batch],
    records: Sequence[Record],
    phones: Mapping[str, SippResult],
    seconds: float,
) -> LoadReport:
    """The report of a run that is over."""
    keys = await site.key_to_prompt([str(record["id"]) for record in records])
    return LoadReport(
        sum(batch.result.created for batch in batches),
        seconds,
        {batch.scenario.name: outcomes(batch, by_number(records)) for batch in batches},
        spread(ms for batch in batches for ms in batch.result.answer_ms),
        spread(gap * 1000 for gap in keys),
        spread(float(record["wait_s"]) for record in records if record.get("wait_s") is not None),
        tuple(differences(batches, records, phones)),
        tuple(busy(batches, phones)),
    )


def outcomes(batch: Batch, found: Mapping[str, Sequence[Record]]) -> dict[str, int]:
    """How many of a scenario's calls ended with each outcome."""
    counted: dict[str, int] = {}
    for number in batch.numbers:
        for record in found.get(number, []):
            outcome = str(record.get("outcome") or "not ended")
            counted[outcome] = counted.get(outcome, 0) + 1
    return counted


def busy(batches: Sequence[Batch], phones: Mapping[str, SippResult]) -> list[str]:
    """A warning for each SIPp that was too busy for its times to mean anything."""
    results = {batch.scenario.name: batch.result for batch in batches} | {
        f"phone {n}": r for n, r in phones.items()
    }
    return [
        f"SIPp took {result.peak_cpu:.0%} of a core for {name}: its times say little; lower the rate"
        for name, result in results.items()
        if result.peak_cpu > SIPP_TOO_BUSY
    ]
