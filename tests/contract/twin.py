"""A real Asterisk for the contract tests, and the people of a scenario as SIPp processes calling it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from phone_ports import phone_ports
from provider import Provider, running_provider
from told import Told

from engine.ari.client import AriClient
from engine.ari.pool import WebsocketTransport
from engine.call.line import MADE, PLAYBACKS
from engine.core.site import AgentRule, Settings
from engine.load.sipp import SippResult, SippRun, SippSpec
from engine.pbx.ports import free_ports
from engine.pbx.process import start_asterisk, stop
from engine.pbx.render import APP, REPOSITORY, Layout, render
from engine.pbx.root import ensure_root
from engine.pbx.secrets import load_secrets
from engine.sim.scenario import Scenario
from engine.sim.sipp import SippFile, compile_scenario, register_xml

MEDIA = REPOSITORY / "tests" / "load" / "media"


def at_free_ports(settings: Settings) -> Settings:
    """The settings with every phone at a port of its own."""
    ports = phone_ports(len(settings.agents) + len(settings.phones))
    moved: dict[str, AgentRule] = {
        name: agent if agent.contact is None else replace(agent, contact=f"sip:{name}@127.0.0.1:{port}")
        for (name, agent), port in zip(settings.agents.items(), ports, strict=False)
    }
    desks = {
        name: replace(phone, contact=f"sip:{name}@127.0.0.1:{port}")
        for (name, phone), port in zip(settings.phones.items(), ports[len(moved) :], strict=True)
    }
    return replace(settings, agents=moved, phones=desks)


@dataclass(frozen=True)
class RealAsterisk:
    """A running Asterisk rendered from `settings`."""

    layout: Layout
    settings: Settings
    provider: Provider

    def cli(self, order: str) -> str:
        """What Asterisk's own command line says to an order."""
        configuration = str(self.layout.asterisk / "etc" / "asterisk.conf")
        command = self.layout.root.command("asterisk", "-C", configuration, "-rx", order)
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout

    def transport(self) -> WebsocketTransport:
        """A way to its ARI."""
        secrets = load_secrets(self.layout.state)
        url = f"http://127.0.0.1:{self.layout.ports.ari}/ari"
        return WebsocketTransport(url, APP, secrets.ari_user, secrets.ari_password)

    async def play(self, scenario: Scenario, folder: Path) -> None:
        """Let the scenario's people act, and wait for the last caller. AssertionError when SIPp saw something unexpected."""
        files = compile_scenario(scenario, MEDIA)
        phones = [
            self._phone(one.agent, one.file(folder), folder, await self._registered(one, folder))
            for one in files
            if one.agent
        ]
        await asyncio.gather(*(phone.start() for phone in phones))
        try:
            results = await asyncio.gather(
                *(
                    self._call(one.file(folder), one.number, one.from_number, one.at, folder)
                    for one in files
                    if not one.agent
                )
            )
        finally:
            await asyncio.gather(*(phone.stop() for phone in phones))
        unexpected = [
            f"{one.scenario}: {line}" for one in results if not one.ok for line in one.errors or ("failed",)
        ]
        assert not unexpected, unexpected

    async def _registered(self, phone: SippFile, folder: Path) -> int | None:
        """The port from which a phone has registered; None for one that stands at an address."""
        if not phone.password or phone.agent is None:
            return None
        (port,) = phone_ports(1)
        path = folder / f"{phone.name}-registers.xml"
        path.write_text(register_xml(phone.agent), encoding="utf-8")
        said = ("-p", str(port), "-au", phone.agent, "-ap", phone.password)
        target = f"127.0.0.1:{self.layout.ports.sip}"
        run = SippRun(
            self.layout.root, SippSpec(path, folder, target, phone.agent, [phone.agent], extra=said)
        )
        await run.start()
        assert (await run.wait()).ok, f"{phone.agent} cannot register"
        return port

    def _phone(self, agent: str, path: Path, folder: Path, registered: int | None) -> SippRun:
        number, _, trunk = agent.partition("@")
        if registered is not None:
            port = registered
        elif trunk:
            (port,) = phone_ports(1)
            self.provider.phones[number] = port
        else:
            one = self.settings.agents.get(agent) or self.settings.phones[agent]
            port = int((one.contact or "").rpartition(":")[2])
        return SippRun(self.layout.root, SippSpec(path, folder, port=port))

    async def _call(self, path: Path, number: str, from_number: str, at: float, folder: Path) -> SippResult:
        await asyncio.sleep(at)
        target = f"127.0.0.1:{self.layout.ports.sip}"
        run = SippRun(
            self.layout.root,
            SippSpec(
                path,
                folder,
                target,
                number,
                [from_number],
                rate=100,
                deadline=180,
                extra=("-deadcall_wait", "0"),
            ),
        )
        await run.start()
        return await run.wait()


async def leftovers(client: AriClient, told: Told) -> list[str]:
    """Everything Asterisk still holds although nobody is in a call: channels, bridges, playbacks, recordings."""
    left = [f"channel {one['id']}" for one in await client.channels()]
    left += [f"bridge {one['id']}" for one in await client.bridges()]
    left += [f"stored recording {one['name']}" for one in await client.stored_recordings()]
    left += [
        f"playback {number} of {record['id']}"
        for record in told.records.values()
        for number in range(PLAYBACKS)
        if await client.playback(f"{record['id']}{MADE}p{number}") is not None
    ]
    for event in chain.from_iterable(told.events.values()):
        if event.kind == "recording" and await client.live_recording(event.data["recording"]) is not None:
            left.append(f"live recording {event.data['recording']}")
    return left


@contextmanager
def running_asterisk(
    state: Path, settings: Settings, prompts: Path, bind: str = "127.0.0.1"
) -> Iterator[RealAsterisk]:
    """A private Asterisk, stopped at the end; its trunk `provider`, if it has one, leads to phones outside."""
    with running_provider() as provider:
        trunks = {
            name: replace(trunk, host=provider.host) if name == "provider" else trunk
            for name, trunk in settings.trunks.items()
        }
        moved = replace(at_free_ports(settings), trunks=trunks)
        # Phones come and go with their scenarios: one that was asked before it was there would not be rung for seconds.
        layout = Layout(state, ensure_root(print), free_ports(), prompts, bind, qualify=0)
        render(moved, layout)
        start_asterisk(layout)
        try:
            yield RealAsterisk(layout, moved, provider)
        finally:
            stop("asterisk", state)


def sound_folders(prompts: Path, asterisk_sounds: Path | None = None) -> Mapping[str, Path]:
    """Where the sounds lie that are played, for `engine.sim.media.wav_lengths`."""
    folders = {"quietline/": prompts}
    if asterisk_sounds is not None:
        folders[""] = asterisk_sounds
    return folders
