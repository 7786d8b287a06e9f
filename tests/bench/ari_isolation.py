"""How long do other contacts' commands take while one channel blocks its own for 5 seconds?

    python tests/bench/ari_isolation.py [ROUNDS]

On a real Asterisk of its own: 40 callers each set a variable every 100 ms. In every second stretch one more caller
hears a prompt of 5 seconds and is answered meanwhile, which waits for the prompt's end. Stretches with and without
the blocked one alternate, so that the machine's other work falls on both alike. The same is measured with a single
command socket, to show what is avoided.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "ari"))

from ari_asterisk import PASSWORD, USER, private_asterisk

from engine.ari.pool import WebsocketTransport
from engine.ari.transport import LinkUp

CALLERS, EVERY, STRETCH = 40, 0.1, 5.0
FRESH = count()


async def call(ari: WebsocketTransport, contact: str) -> None:
    """Bring one caller into the application and wait until it is there."""
    query = {"endpoint": "Local/echo@callers", "app": "bench", "channelId": contact}
    assert (await ari.request(contact, "POST", "channels", query)).status == 200
    while (await ari.request(contact, "POST", f"channels/{contact}/answer")).status != 204:  # noqa: ASYNC110 - Asterisk says no other way that the channel has come
        await asyncio.sleep(0.05)


async def command(ari: WebsocketTransport, contact: str, until: float, took: list[float]) -> None:
    """Set a variable now and then, and note how long each time took (s)."""
    await asyncio.sleep(random.uniform(0, EVERY))
    while time.perf_counter() < until:
        begun = time.perf_counter()
        query = {"variable": "STEP", "value": "1"}
        answer = await ari.request(contact, "POST", f"channels/{contact}/variable", query)
        took.append(time.perf_counter() - begun)
        assert answer.status == 204, answer
        await asyncio.sleep(random.uniform(0.5, 1.5) * EVERY)


async def block(ari: WebsocketTransport) -> float:
    """One caller's own command waits for a prompt's end; returns for how long (s)."""
    contact = f"blocked-{next(FRESH)}"
    await call(ari, contact)
    await ari.request(contact, "POST", f"channels/{contact}/play/{contact}", {"media": "sound:five"})
    begun = time.perf_counter()
    await ari.request(contact, "POST", f"channels/{contact}/answer")
    waited = time.perf_counter() - begun
    await ari.request(contact, "DELETE", f"channels/{contact}")
    return waited


async def stretch(ari: WebsocketTransport, blocked: bool) -> tuple[list[float], float]:
    """One stretch: the others' times, and how long the blocked one waited."""
    took: list[float] = []
    until = time.perf_counter() + STRETCH
    blocking = asyncio.create_task(block(ari)) if blocked else None
    await asyncio.gather(*(command(ari, f"caller-{n}", until, took) for n in range(CALLERS)))
    return took, await blocking if blocking else 0.0


def line(name: str, took: list[float]) -> str:
    cuts = statistics.quantiles(took, n=1000)
    p50, p99 = cuts[499] * 1000, cuts[989] * 1000
    return f"{name:<28}{len(took):>7}  p50 {p50:8.2f}  p99 {p99:9.2f}  max {max(took) * 1000:9.2f}  ms"


async def measure(url: str, rounds: int, **settings: int) -> None:
    async with WebsocketTransport(url, "bench", USER, PASSWORD, **settings) as ari:
        async for report in ari.reports():
            if isinstance(report, LinkUp):
                break
        await asyncio.gather(*(call(ari, f"caller-{n}") for n in range(CALLERS)))
        idle: list[float] = []
        beside: list[float] = []
        for done in range(rounds):
            print(f"round {done + 1} of {rounds}", file=sys.stderr)
            idle += (await stretch(ari, blocked=False))[0]
            took, waited = await stretch(ari, blocked=True)
            beside += took
        print(line("nobody blocks", idle))
        print(line(f"one blocks ({waited:.1f} s)", beside))
        ratio = statistics.quantiles(beside, n=1000)[989] / statistics.quantiles(idle, n=1000)[989]
        print(f"p99 beside a blocked channel / idle: {ratio:.2f}")
        for number in range(CALLERS):
            await ari.request("end", "DELETE", f"channels/caller-{number}")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder, private_asterisk(Path(folder)) as asterisk:
        print("pool of command sockets, one contact on a socket at a time:")
        asyncio.run(measure(asterisk.url, rounds))
        print("one command socket for all, for comparison:")
        asyncio.run(measure(asterisk.url, 1, sockets=1, most=1))


if __name__ == "__main__":
    main()
