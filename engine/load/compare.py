"""Whether what SIPp did and what the contact records say are the same story.

Every call has a number of its own, so calls and records are matched one to one:

    SIPp made as many calls as it was told to, and none failed
    each call has exactly one record, it has ended, and its outcome is one the scenario allows
    a call SIPp got a 200 for was answered by the record's word too, and the other way round
    the record names a queue and an agent the scenario allows
    an agent spoke no more often by the records than their phone did
    no record bears a number of this run that nobody called from

Each deviation is one sentence that names the call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.load.scenario import Scenario
from engine.load.sipp import SippResult

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """The calls of one scenario: the numbers they were to come from, and what SIPp says of them."""

    scenario: Scenario
    numbers: Sequence[str]
    result: SippResult


def by_number(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Records by the number the call came from; callbacks are calls of ours."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.get("callback_of"):
            continue
        found[str(record.get("from_number"))].append(record)
    return dict(found)


def differences(
    batches: Sequence[Batch], records: Iterable[Record], phones: Mapping[str, SippResult]
) -> list[str]:
    """Every deviation, as one sentence each; empty when the two stories agree. `phones` are the agents' results by name."""
    found = by_number(records)
    return [
        *(line for batch in batches for line in of_batch(batch, found)),
        *strangers(batches, found),
        *of_phones(found, phones),
    ]


def of_batch(batch: Batch, found: Mapping[str, list[Record]]) -> Iterator[str]:
    """Deviations of one scenario's calls."""
    name, result = batch.scenario.name, batch.result
    if result.created != len(batch.numbers):
        yield f"{name}: SIPp made {result.created} of {len(batch.numbers)} calls{because(result)}"
    if result.failed:
        yield f"{name}: {result.failed} of {result.created} calls did not go as scripted{because(result)}"
    elif result.status:
        yield f"{name}: SIPp ended with status {result.status}{because(result)}"
    for number in batch.numbers[: result.created]:
        yield from of_call(batch, number, found.get(number, []))


def because(result: SippResult) -> str:
    """SIPp's first complaint, as the end of a sentence."""
    return f": {result.errors[0]}" if result.errors else ""


def of_call(batch: Batch, number: str, records: Sequence[Record]) -> Iterator[str]:
    """Deviations of one call."""
    call = f"{batch.scenario.name}, caller {number}"
    if len(records) != 1:
        ids = ", ".join(str(record.get("id")) for record in records)
        yield f"{call}: {len(records)} contact records{f' ({ids})' if ids else ''}, one is due"
        return
    record = records[0]
    call = f"{call}, contact {record.get('id')}"
    if record.get("ended_at") is None:
        yield f"{call}: the record has not ended"
        return
    yield from of_outcome(batch.scenario, call, record)
    heard = "answered" in batch.result.marks.get(number, {})
    if heard != (record.get("answered_at") is not None):
        seen = "was answered" if heard else "was never answered"
        yield f"{call}: SIPp's call {seen}, the record's answered_at is {record.get('answered_at')}"


def of_outcome(scenario: Scenario, call: str, record: Record) -> Iterator[str]:
    """Deviations of one record from what the scenario allows."""
    expected = {"outcome": scenario.outcome, "queue": scenario.queue, "agent": scenario.agent}
    for key, allowed in expected.items():
        if allowed and record.get(key) not in allowed:
            yield f"{call}: {key} is {record.get(key)}, scripted is {' or '.join(sorted(allowed))}"


def strangers(batches: Sequence[Batch], found: Mapping[str, list[Record]]) -> Iterator[str]:
    """Records of numbers that SIPp was to call from but did not."""
    for batch in batches:
        for number in batch.numbers[batch.result.created :]:
            for record in found.get(number, []):
                yield f"{batch.scenario.name}: contact {record.get('id')} came from {number}, which called nobody"


def of_phones(found: Mapping[str, list[Record]], phones: Mapping[str, SippResult]) -> Iterator[str]:
    """Agents who, by the records, spoke with more callers than their phone did."""
    spoken = Counter(
        str(record["agent"]) for records in found.values() for record in records if record.get("connected_at")
    )
    for agent, result in phones.items():
        answered = sum(mark.partition("#")[0] == "answered" for mark in result.marks.get("-", {}))
        if spoken[agent] > answered:
            yield f"agent {agent}: {spoken[agent]} records name them, their phone answered {answered} calls"
